"""``errors``: the single sync errors of an integration, for people and spreadsheets."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from exporter.catalog.catalog import CATALOG
from exporter.clients.connection import connect
from exporter.clients.http.client import ClientOpener
from exporter.clock import SystemClock
from exporter.commands.flags import add_config_file
from exporter.commands.names import integration_called
from exporter.commands.output import write_utf_8
from exporter.config.file import load_config
from exporter.config.settings import Config
from exporter.errors import UsageError
from exporter.exposition.error_list import as_csv, as_json
from exporter.logs import set_up_logging
from exporter.model import SyncError
from exporter.remediation.listing import listed

_FORMATS = ("table", "csv", "json")


def add_flags(parser: argparse.ArgumentParser) -> None:
    add_config_file(parser)
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--category", choices=CATALOG.category_names)
    parser.add_argument("--format", choices=_FORMATS, default="table", help="default: %(default)s")


def run(arguments: argparse.Namespace) -> int:
    set_up_logging("error", "logfmt")
    found = asyncio.run(_list_errors(load_config(arguments.config), arguments.name, arguments.category))
    if arguments.format == "table":
        print_table(found, Console())
    else:
        write_utf_8(as_csv(found) if arguments.format == "csv" else as_json(found))
    return 0


async def _list_errors(config: Config, name: str, category: str | None) -> tuple[SyncError, ...]:
    """The current errors of an integration, asked of its bridge; raises ``UpstreamError`` or ``UsageError``."""
    integration = integration_called(name, config)
    async with ClientOpener()(config.network) as http:
        lister = connect(integration, http, SystemClock(), lambda _name, _api: None).lister
        if lister is None:
            raise UsageError(f"{name}: sync_health.url is not configured, so there is no bridge to ask")
        return await listed(lister, CATALOG.select([category] if category else [], []))


def print_table(errors: Iterable[SyncError], console: Console) -> None:
    """What a person needs to act on: the error, the record, what resolves it."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("id", "category", "error type", "record", "records", "what resolves it"):
        table.add_column(column, overflow="fold", justify="right" if column == "records" else "left")
    for error in errors:
        pair = CATALOG.classify(error.category, error.error_type)
        known = CATALOG.error_types.get(pair[1], CATALOG.unknown)
        records = "" if error.affected_records is None else str(error.affected_records)
        table.add_row(_printable(error.id), pair[0], known.title, _printable(error.record), records, known.resolution)
    console.print(table if table.row_count else "no sync errors", markup=False)


def _printable(text: str) -> str:
    """Without what would steer the terminal."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
