"""The command line: ``hubspot-salesforce-exporter`` and its commands."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from exporter import __version__
from exporter.commands import check_config, demo, errors, poll, rules, serve
from exporter.commands.command import Command
from exporter.config.problem import ConfigError
from exporter.errors import ExporterError

COMMANDS: tuple[Command, ...] = (
    serve.COMMAND,
    check_config.COMMAND,
    poll.COMMAND,
    errors.COMMAND,
    rules.COMMAND,
    demo.COMMAND,
)
"""In the order of the help."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit code: 0 for success, 1 for a failure that was said, 2 for wrong usage."""
    arguments = command_line().parse_args(argv)
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except ConfigError as error:
        _complain(str(error))
        return 1
    except ExporterError as error:
        _complain(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader has seen enough (``rules | head``). Nothing more may reach the pipe, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


def command_line() -> argparse.ArgumentParser:
    """Every command with its flags."""
    parser = argparse.ArgumentParser(
        prog="hubspot-salesforce-exporter",
        description="Prometheus exporter and automatic resync for the HubSpot–Salesforce integration.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    parser.set_defaults(run=lambda _arguments: _say_usage(parser))
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND")
    for command in COMMANDS:
        subparser = subparsers.add_parser(command.name, help=command.help)
        command.add_flags(subparser)
        subparser.set_defaults(run=command.run)
    return parser


def _say_usage(parser: argparse.ArgumentParser) -> int:
    """Without a command: which ones there are."""
    parser.print_help(sys.stderr)
    return 2


def _complain(text: str) -> None:
    sys.stderr.write(text + "\n")
