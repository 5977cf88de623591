"""``doctor``: tries every configured access with real requests, and says what is missing and where to change it."""

from __future__ import annotations

import argparse
import asyncio
import re
from collections.abc import Sequence

from rich.console import Console

from exporter.clients.http.client import ClientOpener
from exporter.clock import SystemClock
from exporter.commands.doctor.report import as_json, is_good, print_sheets
from exporter.commands.flags import add_config_file
from exporter.commands.names import integration_called
from exporter.commands.output import write_utf_8
from exporter.config.file import load_config
from exporter.config.problem import ConfigError
from exporter.config.settings import Config, Integration
from exporter.doctor.linked_record import OBJECT_TYPES
from exporter.doctor.refused_file import sheet_of
from exporter.doctor.sheet import Sheet
from exporter.doctor.visit import Visit
from exporter.errors import UsageError
from exporter.logs import set_up_logging

_RECORD = re.compile(rf"(?:{'|'.join(OBJECT_TYPES)})/[0-9]{{1,20}}")


def add_flags(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(wrong_usage=parser.error)
    add_config_file(parser)
    parser.add_argument("names", nargs="*", metavar="NAME", help="integrations to look at (default: all)")
    parser.add_argument("--format", choices=("table", "json"), default="table", help="default: %(default)s")
    parser.add_argument(
        "--prove-touch",
        type=_record,
        metavar="RECORD",
        help="write the touch property of this HubSpot record, such as contacts/101, and wait until HubSpot has synced "
        "it: the only thing here that writes",
    )


def run(arguments: argparse.Namespace) -> int:
    set_up_logging("error", "logfmt")
    try:
        config = load_config(arguments.config)
    except ConfigError as error:
        return _show((sheet_of(error),), arguments.format)
    try:
        chosen = _chosen(config, arguments.names, arguments.prove_touch)
    except UsageError as error:
        # Its exit code is that of wrong usage: 1 is for what is missing.
        arguments.wrong_usage(str(error))
        raise
    visit = Visit(config, chosen, ClientOpener(), SystemClock(), arguments.prove_touch)
    return _show(asyncio.run(_look(visit)), arguments.format)


async def _look(visit: Visit) -> Sequence[Sheet]:
    """With the name of what is being tried on standard error, on a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        return await visit.sheets(lambda _integration, _check: None)
    with console.status("looking") as status:
        return await visit.sheets(lambda integration, check: status.update(f"{integration} {check}".strip()))


def _chosen(config: Config, names: Sequence[str], prove: str | None) -> Sequence[Integration]:
    """Those that are named, else all; raises ``UsageError``. A record is one integration's."""
    chosen = tuple(integration_called(name, config) for name in names) or config.integrations
    if prove is not None and len(chosen) > 1:
        raise UsageError(f"--prove-touch: of which integration {prove} is has to be said: name one")
    if prove is not None and chosen[0].remediation.touch_property is None:
        raise UsageError(f"--prove-touch: {chosen[0].name} has no remediation.touch.property to write")
    return chosen


def _record(text: str) -> str:
    if not _RECORD.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no record such as contacts/101 ({', '.join(OBJECT_TYPES)})")
    return text


def _show(sheets: Sequence[Sheet], form: str) -> int:
    if form == "json":
        write_utf_8(as_json(sheets))
    else:
        print_sheets(sheets, Console())
    return 0 if is_good(sheets) else 1
