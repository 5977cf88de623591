"""``errors``: the single sync errors of an integration, for people and spreadsheets."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.style import Style
from rich.table import Table
from rich.text import Text

from exporter.catalog.catalog import CATALOG
from exporter.clients.connection import Connection, connect
from exporter.clients.export_folder import Look
from exporter.clients.http.client import ClientOpener
from exporter.clock import SystemClock
from exporter.commands.flags import add_config_file
from exporter.commands.names import integration_called
from exporter.commands.output import printable, write_utf_8
from exporter.config.file import load_config
from exporter.config.settings import Config
from exporter.errors import UpstreamError, UsageError
from exporter.exposition.error_list import as_csv, as_json
from exporter.logs import set_up_logging
from exporter.model import HubSpotAccount, SyncError
from exporter.remediation.listing import listed
from exporter.sources.exported_health import troubles
from exporter.sources.hubspot_account import SOURCE as ACCOUNT
from exporter.state.links import Links, links_of
from exporter.store.database import open_database
from exporter.store.exports import ExportStore

_FORMATS = ("table", "csv", "json")
MOST_ROWS = 1_000
"""Of a table, which is laid out as a whole before its first line: 20,000 take half a minute."""


def add_flags(parser: argparse.ArgumentParser) -> None:
    add_config_file(parser)
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--category", choices=CATALOG.category_names)
    parser.add_argument("--format", choices=_FORMATS, default="table", help="default: %(default)s")


def run(arguments: argparse.Namespace) -> int:
    set_up_logging("error", "logfmt")
    found = asyncio.run(_list_errors(load_config(arguments.config), arguments.name, arguments.category))
    for doubt in found.doubts:
        sys.stderr.write(f"note: {printable(doubt)}\n")
    if arguments.format == "table":
        print_table(found.errors, Console(), found.links)
    else:
        write_utf_8((as_csv if arguments.format == "csv" else as_json)(found.errors, found.links))
    return 0


@dataclass(frozen=True, slots=True)
class _Found:
    """The current errors of an integration, where to open their records, and what may be missing among them."""

    errors: tuple[SyncError, ...]
    links: Links
    doubts: tuple[str, ...]


async def _list_errors(config: Config, name: str, category: str | None) -> _Found:
    """Asked of its bridge or as they were exported; raises ``UpstreamError``, ``StoreError`` or ``UsageError``, also
    where nothing is known of them."""
    integration = integration_called(name, config)
    if integration.sync_health is None:
        raise UsageError(f"{name}: sync_health is not configured, so there is no bridge to ask, and nothing exported")
    async with contextlib.AsyncExitStack() as stack:
        http = await stack.enter_async_context(ClientOpener()(config.network))
        shelf = None
        if integration.sync_health.url is None:
            database = await open_database(config.store, config.store_password)
            stack.push_async_callback(database.close)
            shelf = ExportStore(database)
        connection = connect(integration, http, SystemClock(), lambda _name, _api: None, shelf=shelf)
        if connection.lister is None:
            raise AssertionError("who has no bridge has exported errors, or none")
        doubts = await _doubts(connection, [category] if category else CATALOG.category_names)
        errors = await listed(connection.lister, CATALOG.select([category] if category else [], []))
        account = await _account(connection) if any(error.hubspot_id for error in errors) else None
        return _Found(errors, links_of(integration, account), doubts)


async def _doubts(connection: Connection, asked: Sequence[str]) -> tuple[str, ...]:
    """What nobody knows of the errors asked for, and why, once all is taken in that was dropped. A bridge knows all of
    them; raises ``UsageError`` where nothing is known."""
    if connection.exported is None:
        return ()
    look = await _look(connection)
    not_known = [category for category in await connection.exported.not_known() if category in asked]
    why = [why for _part, why in troubles(look, await connection.exported.held(), await connection.exported.good())]
    why += ["a file that was written to just now is not read yet: ask again in some seconds"] if look.unsettled else []
    if len(not_known) == len(asked):
        of_what = f"its errors in {asked[0]}" if len(asked) == 1 else "its sync errors"
        why = why or ["export them in HubSpot (Sync Health → Export errors), and upload the file or drop it there"]
        raise UsageError(
            f"{connection.settings.name}: nothing is known of {of_what}, no export holds: {'; '.join(why)}"
        )
    return (*why, *([f"nothing is known of {', '.join(not_known)}: no export of them holds"] if not_known else ()))


async def _look(connection: Connection) -> Look:
    """Takes in what was dropped and no exporter has read yet."""
    look = Look(unfinished=True)
    while connection.export_folder is not None and look.unfinished:
        look = await connection.export_folder.look(look.notes)
    return look


async def _account(connection: Connection) -> HubSpotAccount | None:
    """Which HubSpot account it is; ``None`` if it cannot be asked, or shall not: that costs the links alone."""
    settings = connection.settings
    if ACCOUNT.name not in settings.intervals or not ACCOUNT.applies(settings):
        return None
    try:
        told = await ACCOUNT.fetch(connection, None)
        part = ACCOUNT.parse(told.payload, connection.clock.time())
    except UpstreamError:
        return None
    return part if isinstance(part, HubSpotAccount) else None


def print_table(errors: Sequence[SyncError], console: Console, links: Links) -> None:
    """What a person needs to act on: the error, the record, what resolves it. Terminals that can open the record from
    its name."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("id", "category", "error type", "record", "records", "what resolves it"):
        table.add_column(column, overflow="fold", justify="right" if column == "records" else "left")
    for error in errors[:MOST_ROWS]:
        pair = CATALOG.classify(error.category, error.error_type)
        known = CATALOG.error_types.get(pair[1], CATALOG.unknown)
        records = "" if error.affected_records is None else str(error.affected_records)
        named = error.record if error.hubspot_id or error.salesforce_id else error.called
        record = Text(printable(named), Style(link=links.hubspot(error) or links.salesforce(error)))
        table.add_row(printable(error.id), pair[0], known.title, record, records, known.resolution)
    console.print(table if table.row_count else "no sync errors", markup=False)
    if len(errors) > MOST_ROWS:
        console.print(f"… and {len(errors) - MOST_ROWS:,} more: --format=csv has all of them", markup=False)
