"""``poll``: every source once, as Prometheus would read it. It reads: the canary, which writes, is left out."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import replace

from exporter.clock import SystemClock
from exporter.commands.flags import add_config_file
from exporter.commands.names import integration_called
from exporter.commands.output import write_utf_8
from exporter.config.file import load_config
from exporter.config.settings import Config, Integration
from exporter.exposition.negotiation import PLAIN
from exporter.logs import set_up_logging
from exporter.polling.poller import POLL_DEADLINE
from exporter.service import open_service


def add_flags(parser: argparse.ArgumentParser) -> None:
    add_config_file(parser)
    parser.add_argument("names", nargs="*", metavar="NAME", help="integrations to read (default: all)")


def run(arguments: argparse.Namespace) -> int:
    set_up_logging("warn", "logfmt")
    page, worked = asyncio.run(_poll_once(load_config(arguments.config), arguments.names))
    write_utf_8(page)
    return 0 if worked else 1


async def _poll_once(config: Config, names: Sequence[str]) -> tuple[str, bool]:
    """Reads every source of these integrations (all, if none is named) once: the exposition, and whether all worked.

    It counts against the budget like any other poll, and a running exporter on the same store takes up what was read.
    What one has left there of the canary's rounds is shown.
    """
    chosen = tuple(integration_called(name, config) for name in names) or config.integrations
    chosen = tuple(map(_seen_whole, chosen))
    async with open_service(replace(config, integrations=chosen), SystemClock(), take_over=False) as service:
        polled = [target for target in service.poller.targets if not target.source.writes]
        await asyncio.gather(*(service.poller.poll(target) for target in polled))
        page, _ = service.exposition.page(PLAIN)
        readings = (service.snapshots[target.integration].reading(target.source.name) for target in polled)
        worked = all(reading is None or reading.up for reading in readings)
    return page.decode(), worked


def _seen_whole(entry: Integration) -> Integration:
    """What was read first is still shown when what takes longest has been read, however short its interval."""
    return replace(
        entry, intervals={source: max(seconds, POLL_DEADLINE) for source, seconds in entry.intervals.items()}
    )
