"""The commands of ``hubspot-salesforce-exporter``."""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from exporter import __version__
from exporter.bundled.prometheus_rule import prometheus_rule
from exporter.bundled.rule_files import rules_text
from exporter.catalog.catalog import CATALOG
from exporter.commands.poll import list_errors, poll_once
from exporter.config.file import load_config
from exporter.config.problem import ConfigError
from exporter.config.settings import Config
from exporter.demo.play import play
from exporter.demo.scenarios import SCENARIOS
from exporter.errors import ExporterError
from exporter.exposition.error_list import FORMATS as ERROR_FORMATS
from exporter.exposition.error_list import as_csv, as_json, print_table
from exporter.logs import FORMATS, LEVELS, set_up_logging
from exporter.server import listen_on, serve

if TYPE_CHECKING:
    _Commands = argparse._SubParsersAction[argparse.ArgumentParser]

Command = Callable[[argparse.Namespace], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit code: 0 for success, 1 for a failure that was said, 2 for wrong usage."""
    arguments = command_line().parse_args(argv)
    command: Command = arguments.command
    try:
        code = command(arguments)
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
    parser.set_defaults(command=lambda _arguments: _say_usage(parser))
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_serve(commands)
    _add_check_config(commands)
    _add_poll(commands)
    _add_errors(commands)
    _add_rules(commands)
    _add_demo(commands)
    return parser


def _say_usage(parser: argparse.ArgumentParser) -> int:
    """Without a command: which ones there are."""
    parser.print_help(sys.stderr)
    return 2


def _add_serve(commands: _Commands) -> None:
    serving = commands.add_parser("serve", help="poll the integrations, serve /metrics, receive notifications")
    _add_config_file(serving)
    serving.add_argument(
        "--web.listen-address",
        dest="listen",
        default="127.0.0.1:9951",
        metavar="HOST:PORT",
        help="where to serve (default: %(default)s)",
    )
    serving.add_argument("--log.level", dest="log_level", choices=LEVELS, default="info", help="default: %(default)s")
    serving.add_argument(
        "--log.format", dest="log_format", choices=FORMATS, default="logfmt", help="default: %(default)s"
    )
    serving.add_argument(
        "--web.enable-lifecycle",
        dest="lifecycle",
        action="store_true",
        help="allow POST /-/reload (SIGHUP always works)",
    )
    serving.set_defaults(command=_serve)


def _add_config_file(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--config.file",
        dest="config",
        type=Path,
        required=True,
        metavar="FILE",
        help="the configuration (YAML or JSON)",
    )


def _serve(arguments: argparse.Namespace) -> int:
    set_up_logging(arguments.log_level, arguments.log_format)
    config = load_config(arguments.config)
    _say_notes(config)
    with listen_on(arguments.listen) as listen:
        asyncio.run(serve(config, arguments.config, listen, lifecycle=arguments.lifecycle))
    return 0


def _add_check_config(commands: _Commands) -> None:
    check = commands.add_parser("check-config", help="say whether a configuration file is good, and if not, why")
    check.add_argument("file", type=Path)
    check.set_defaults(command=_check_config)


def _check_config(arguments: argparse.Namespace) -> int:
    config = load_config(arguments.file)
    _say_notes(config)
    count = len(config.integrations)
    sys.stdout.write(f"{arguments.file}: good, {count} integration{'' if count == 1 else 's'}\n")
    return 0


def _add_poll(commands: _Commands) -> None:
    poll = commands.add_parser("poll", help="read every source once and print the metrics; exit 1 if a source failed")
    _add_config_file(poll)
    poll.add_argument("names", nargs="*", metavar="NAME", help="integrations to read (default: all)")
    poll.set_defaults(command=_poll)


def _poll(arguments: argparse.Namespace) -> int:
    set_up_logging("warn", "logfmt")
    page, worked = asyncio.run(poll_once(load_config(arguments.config), arguments.names))
    sys.stdout.write(page)
    return 0 if worked else 1


def _add_errors(commands: _Commands) -> None:
    errors = commands.add_parser("errors", help="list the current sync errors of an integration, asked of its bridge")
    _add_config_file(errors)
    errors.add_argument("name", metavar="NAME")
    errors.add_argument("--category", choices=CATALOG.category_names)
    errors.add_argument("--format", choices=ERROR_FORMATS, default="table", help="default: %(default)s")
    errors.set_defaults(command=_errors)


def _errors(arguments: argparse.Namespace) -> int:
    set_up_logging("error", "logfmt")
    found = asyncio.run(list_errors(load_config(arguments.config), arguments.name, arguments.category))
    if arguments.format == "table":
        print_table(found, Console())
    else:
        sys.stdout.write(as_csv(found) if arguments.format == "csv" else as_json(found))
    return 0


def _add_rules(commands: _Commands) -> None:
    rules = commands.add_parser("rules", help="print the alert and recording rules")
    rules.add_argument("--format", choices=["prometheus", "prometheus-operator"], default="prometheus")
    rules.add_argument(
        "--runbook-base-url", type=_base_url, metavar="URL", help="where your runbooks are: runbook_url points there"
    )
    rules.add_argument(
        "--dashboard-base-url", type=_base_url, metavar="URL", help="where your Grafana is: dashboard_url points there"
    )
    rules.add_argument("--namespace", type=_namespace, help="of the PrometheusRule (only with prometheus-operator)")
    rules.set_defaults(command=lambda arguments: _rules(arguments, rules))


def _base_url(text: str) -> str:
    """Only what may stand in a YAML file and in an annotation template as it is."""
    if not re.fullmatch(
        r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?([/?#][\w.~:/?#@!$&()*+,;=%-]*)?", text, re.A
    ):
        raise argparse.ArgumentTypeError(f"{text!r} is no http or https URL")
    return text


def _namespace(text: str) -> str:
    """What Kubernetes takes as a namespace's name."""
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no name of a Kubernetes namespace")
    return text


def _rules(arguments: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    rules = rules_text(arguments.runbook_base_url, arguments.dashboard_base_url)
    if arguments.format == "prometheus-operator":
        rules = prometheus_rule(rules, arguments.namespace)
    elif arguments.namespace:
        parser.error("argument --namespace: only with --format=prometheus-operator")
    sys.stdout.write(rules)
    return 0


def _add_demo(commands: _Commands) -> None:
    demo = commands.add_parser("demo", help="play an incident with simulated companies and real Prometheus components")
    demo.add_argument("--scenario", choices=sorted(SCENARIOS), default="permissions")
    demo.add_argument(
        "--exit-when-done", action="store_true", help="end with a summary; exit 0 only if every step worked"
    )
    demo.set_defaults(command=_demo)


def _demo(arguments: argparse.Namespace) -> int:
    return play(SCENARIOS[arguments.scenario], exit_when_done=arguments.exit_when_done)


def _say_notes(config: Config) -> None:
    for note in config.notes:
        _complain(f"note: {note}")


def _complain(text: str) -> None:
    sys.stderr.write(text + "\n")
