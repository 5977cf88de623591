"""``serve``: the exporter itself."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import socket
from collections.abc import Iterator

from exporter.commands.flags import ADDRESS, add_config_file, add_listen_address, add_web_config_file
from exporter.commands.notes import say_notes
from exporter.config.file import load_config
from exporter.lasting import making_what_stays
from exporter.logs import FORMATS, LEVELS, log_bugs, set_up_logging
from exporter.server import listen_on, serve
from exporter.serving.live import LiveWebConfig
from exporter.serving.systemd import passed_sockets
from exporter.signals import end_at_once_when_told, end_on_time


def add_flags(parser: argparse.ArgumentParser) -> None:
    add_config_file(parser)
    add_listen_address(parser)
    parser.add_argument(
        "--web.systemd-socket",
        dest="systemd",
        action="store_true",
        help="serve on the sockets that systemd passes on, in the place of addresses",
    )
    add_web_config_file(parser)
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
        web = LiveWebConfig(arguments.web_config)
    say_notes(config, web.current())
    with contextlib.ExitStack() as stack:
        listen = [stack.enter_context(one) for one in _sockets(arguments)]
        asyncio.run(serve(config, arguments.config, listen, web, lifecycle=arguments.lifecycle))
    end_on_time()
    return 0


def _sockets(arguments: argparse.Namespace) -> Iterator[socket.socket]:
    if arguments.systemd:
        yield from passed_sockets(os.environ, os.getpid())
    else:
        yield from map(listen_on, dict.fromkeys(arguments.listen or [ADDRESS]))
