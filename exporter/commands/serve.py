"""``serve``: the exporter itself."""

from __future__ import annotations

import argparse
import asyncio

from exporter.commands.flags import add_config_file
from exporter.commands.notes import say_notes
from exporter.config.file import load_config
from exporter.logs import FORMATS, LEVELS, log_bugs, set_up_logging
from exporter.server import listen_on, making_what_stays, serve
from exporter.signals import end_at_once_when_told, end_on_time


def add_flags(parser: argparse.ArgumentParser) -> None:
    add_config_file(parser)
    parser.add_argument(
        "--web.listen-address",
        dest="listen",
        default="127.0.0.1:9951",
        metavar="HOST:PORT",
        help="where to serve (default: %(default)s)",
    )
    parser.add_argument("--log.level", dest="log_level", choices=LEVELS, default="info", help="default: %(default)s")
    parser.add_argument(
        "--log.format", dest="log_format", choices=FORMATS, default="logfmt", help="default: %(default)s"
    )
    parser.add_argument(
        "--web.enable-lifecycle",
        dest="lifecycle",
        action="store_true",
        help="allow POST /-/reload (SIGHUP always works)",
    )


def run(arguments: argparse.Namespace) -> int:
    end_at_once_when_told()
    set_up_logging(arguments.log_level, arguments.log_format)
    log_bugs()
    with making_what_stays():
        config = load_config(arguments.config)
    say_notes(config)
    with listen_on(arguments.listen) as listen:
        asyncio.run(serve(config, arguments.config, listen, lifecycle=arguments.lifecycle))
    end_on_time()
    return 0
