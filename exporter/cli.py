"""The command line: ``hubspot-salesforce-exporter`` and its commands."""

from __future__ import annotations

import argparse
import errno
import io
import os
import sys
from collections.abc import Sequence
from typing import Any

from exporter import __version__
from exporter.commands.command import Command
from exporter.config.problem import ConfigError
from exporter.errors import ExporterError
from exporter.signals import end_when_told

COMMANDS = (
    Command("init", "write a commented configuration for one integration", "init", draws=True),
    Command("serve", "poll the integrations, serve /metrics, receive notifications", "serve"),
    Command("check-config", "say whether a configuration file is good, and if not, why", "check_config"),
    Command(
        "doctor",
        "try every configured access for real; name the missing permission, scope or setting",
        "doctor",
        draws=True,
    ),
    Command("poll", "read every source but the canary once, print the metrics; exit 1 if a source failed", "poll"),
    Command(
        "errors",
        "list the current sync errors of an integration, of its bridge or as they were exported",
        "errors",
        draws=True,
    ),
    Command(
        "resync",
        "resync records, at a running exporter or alone: plan, question, progress, outcomes",
        "resync",
        draws=True,
    ),
    Command(
        "mail-test", "say what notification e-mails would be read as, and why; exit 1 if one cannot be", "mail_test"
    ),
    Command("rules", "print the alert and recording rules", "rules"),
    Command("dashboards", "print the dashboards, or put them into a running Grafana", "dashboards"),
    Command("manifests", "print the Kubernetes objects: exporter, scrape, rules, webhook, dashboards", "manifests"),
    Command("healthcheck", "say whether the exporter of this machine answers, or is ready; for probes", "healthcheck"),
    Command("systemd-unit", "print a hardened unit for systemd", "systemd_unit"),
    Command("demo", "play an incident with simulated companies and real Prometheus components", "demo", draws=True),
)
"""In the order of the help."""

_UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
"""What writing to a full disk meets, to one that fails, or to a terminal that is gone."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit code: 0 for success, 1 for a failure that was said, 2 for wrong usage."""
    end_when_told()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A name that the terminal's encoding does not have, or a file's that has none, is no reason to end.
        sys.stdout.reconfigure(errors="backslashreplace")
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
        # The reader has seen enough (``rules | head``).
        _write_no_more()
        return 1
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        _write_no_more()
        _complain(f"error: the output cannot be written: {error.strerror}")
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
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=_CommandParser)
    for command in COMMANDS:
        subparsers.add_parser(command.name, help=command.help, command=command)
    return parser


class _CommandParser(argparse.ArgumentParser):
    """Gets its flags when it is asked to parse: of all commands but one nothing is imported."""

    def __init__(self, *, command: Command, **options: Any) -> None:
        super().__init__(**options)
        self._command: Command | None = command

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        if self._command is not None:
            module, self._command = self._command.load(), None
            module.add_flags(self)
            self.set_defaults(run=module.run)
        return super().parse_known_args(args, namespace)


def _say_usage(parser: argparse.ArgumentParser) -> int:
    """Without a command: which ones there are."""
    parser.print_help(sys.stderr)
    return 2


def _write_no_more() -> None:
    """Nothing more may reach standard output, not even what is left of it at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complain(text: str) -> None:
    sys.stderr.write(text + "\n")
