"""``resync``: shows what would be resynced, asks, has it done, and tells what became of it."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from shlex import quote

from rich.console import Console

from exporter.catalog.catalog import CATALOG
from exporter.clients.http.client import ClientOpener
from exporter.clients.http.upstream import Upstream
from exporter.clock import SystemClock
from exporter.commands.destination import FLAGS, User, add_tls_flags, safe_url, tls_network
from exporter.commands.flags import add_config_file
from exporter.commands.names import integration_called
from exporter.commands.resync.alone import Alone
from exporter.commands.resync.course import Course
from exporter.commands.resync.desk import Desk
from exporter.commands.resync.remote import Remote
from exporter.commands.resync.wanted import Wanted
from exporter.config.file import load_config
from exporter.config.secret import Secret
from exporter.errors import UsageError
from exporter.logs import set_up_logging
from exporter.remediation.actions import ACTIONS, ClearSuspension
from exporter.service import open_service

VARIABLE = "HUBSPOT_SALESFORCE_API_TOKEN"
"""Where the token stands that no ``--token-file`` names."""

PATIENCE = 30.0
"""Seconds that an answer of the exporter may take: for a plan it lists the errors first."""

_AT_URL = ("token_file", "username", "password_file", *FLAGS)
"""Flags that say something of ``--url``."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def add_flags(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group(required=True)
    add_config_file(where, required=False)
    where.add_argument("--url", type=safe_url, help="of a running exporter, which then does the work")
    parser.add_argument("name", metavar="NAME", help="the integration")
    parser.add_argument(
        "--category",
        choices=CATALOG.selectable_categories,
        action="append",
        default=[],
        metavar="CATEGORY",
        help="its errors only; several times: of each of them; unsynced: records that no error tells of",
    )
    parser.add_argument(
        "--error-type",
        choices=CATALOG.selectable_types,
        action="append",
        default=[],
        metavar="TYPE",
        help="errors of this type, beside those of --category",
    )
    parser.add_argument(
        "--action",
        choices=[kind.name for kind in ACTIONS if kind.name != ClearSuspension.name],
        help="how; default: as the integration has it",
    )
    parser.add_argument("--dry-run", action="store_true", help="only show the plan")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    jobs = parser.add_mutually_exclusive_group()
    jobs.add_argument("--job", type=int, metavar="JOB", help="go on with this one")
    jobs.add_argument("--approve", type=int, metavar="JOB", help="let this one go on, which waits for approval")
    jobs.add_argument("--cancel", type=int, metavar="JOB", help="end this one: at once, or before its next batch")
    parser.add_argument("--wait-for-proof", action="store_true", help="end when it has been seen what was cured")
    parser.add_argument(
        "--token-file", type=Path, metavar="FILE", help=f"the exporter's API token; else the variable {VARIABLE}"
    )
    parser.add_argument("--username", metavar="NAME", help="of a user of the exporter; with --job, which only reads")
    parser.add_argument("--password-file", type=Path, metavar="FILE", help="the user's password")
    add_tls_flags(parser, "--url")
    # Whether the flags go together shows only when all of them are parsed.
    parser.set_defaults(wrong_usage=parser.error)


def run(arguments: argparse.Namespace) -> int:
    _refuse_wrong_usage(arguments)
    set_up_logging("error", "logfmt")
    return asyncio.run(_interruptible(arguments))


def _refuse_wrong_usage(arguments: argparse.Namespace) -> None:
    """Ends with 2 where a flag would have no effect."""
    of_a_job = next((flag for flag in ("job", "approve", "cancel") if getattr(arguments, flag) is not None), None)
    for flag in ("category", "error_type", "action", "dry_run") if of_a_job else ():
        if getattr(arguments, flag):
            arguments.wrong_usage(f"argument --{flag.replace('_', '-')}: not allowed with argument --{of_a_job}")
    for flag in _AT_URL if arguments.url is None else ():
        if getattr(arguments, flag) is not None:
            arguments.wrong_usage(f"argument --{flag.replace('_', '-')}: only with --url")
    if (arguments.username is None) != (arguments.password_file is None):
        arguments.wrong_usage("arguments --username and --password-file: one without the other is of no use")
    if arguments.username is not None and (arguments.job is None or arguments.token_file is not None):
        arguments.wrong_usage(
            "argument --username: only with --job and without --token-file: the token orders, and reads too"
        )


async def _interruptible(arguments: argparse.Namespace) -> int:
    """A signal ends it as early as its work allows, a second one at once; 128 and its number, as a shell has it."""
    task = asyncio.current_task()
    assert task is not None  # noqa: S101  a coroutine under asyncio.run has one
    received: list[int] = []

    def end(number: int) -> None:
        received.append(number)
        task.cancel()

    for number in _SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, end, number)
    try:
        async with _desk(arguments) as desk:
            return await _take(arguments, desk)
    except asyncio.CancelledError:
        if not received:
            raise
        return 128 + received[0]


async def _take(arguments: argparse.Namespace, desk: Desk) -> int:
    course = Course(desk, Console(), yes=arguments.yes, with_proof=arguments.wait_for_proof)
    if arguments.job is not None:
        return await course.go_on(arguments.job, arguments.name)
    if arguments.approve is not None:
        return await course.approve(arguments.approve, arguments.name)
    if arguments.cancel is not None:
        return await course.cancel(arguments.cancel, arguments.name)
    wanted = Wanted(arguments.name, tuple(arguments.category), tuple(arguments.error_type), arguments.action)
    return await course.order(wanted, dry_run=arguments.dry_run)


@contextlib.asynccontextmanager
async def _desk(arguments: argparse.Namespace) -> AsyncIterator[Desk]:
    clock = SystemClock()
    if arguments.url is not None:
        if arguments.job is None and arguments.token_file is None and VARIABLE not in os.environ:
            raise UsageError(f"--url needs the exporter's API token: --token-file=FILE, or the variable {VARIABLE}")
        async with ClientOpener()(tls_network(arguments)) as http:
            yield Remote(
                arguments.url,
                _flag(arguments),
                _token(arguments),
                Upstream(http, clock, lambda: None, timeout=PATIENCE),
                _user(arguments),
            )
        return
    config = load_config(arguments.config)
    config = replace(config, integrations=(integration_called(arguments.name, config),))
    async with open_service(config, clock, take_over=False) as service:
        yield Alone(service, _flag(arguments), clock)


def _flag(arguments: argparse.Namespace) -> str:
    """The desk, as on the command line."""
    if arguments.url is None:
        return f"--config.file={quote(str(arguments.config))}"
    named = ((name, getattr(arguments, name)) for name in ("url", *_AT_URL))
    return " ".join(f"--{name.replace('_', '-')}={quote(str(value))}" for name, value in named if value is not None)


def _user(arguments: argparse.Namespace) -> User | None:
    if arguments.username is None:
        return None
    return User(arguments.username, Secret(file=arguments.password_file))


def _token(arguments: argparse.Namespace) -> Secret:
    return Secret(file=arguments.token_file) if arguments.token_file else Secret(env=VARIABLE)
