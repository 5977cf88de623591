"""``check-config``: whether a configuration file is good."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from exporter.commands.flags import add_config_file, add_web_config_file
from exporter.commands.notes import say_notes
from exporter.config.file import load_config
from exporter.config.problem import ConfigError, Problem
from exporter.config.settings import Config
from exporter.serving.settings import WebConfig
from exporter.serving.web_config import load_web_config


def add_flags(parser: argparse.ArgumentParser) -> None:
    either = parser.add_mutually_exclusive_group(required=True)
    either.add_argument("file", type=Path, nargs="?", metavar="FILE", help="the configuration (YAML or JSON)")
    add_config_file(either, required=False)
    add_web_config_file(parser)


def run(arguments: argparse.Namespace) -> int:
    file = arguments.file or arguments.config
    config, web = _loaded(file, arguments.web_config)
    say_notes(config, *([web] if web else []))
    count = len(config.integrations)
    sys.stdout.write(f"{file}: good, {count} integration{'' if count == 1 else 's'}\n")
    if web is not None:
        sys.stdout.write(f"{arguments.web_config}: good, {_served(web)}\n")
    return 0


def _loaded(file: Path, web_file: Path | None) -> tuple[Config, WebConfig | None]:
    """Of two bad files both are told of."""
    problems: list[Problem] = []
    config = web = None
    try:
        config = load_config(file)
    except ConfigError as error:
        problems += error.problems
    try:
        web = load_web_config(web_file) if web_file else None
    except ConfigError as error:
        problems += error.problems
    if config is None or problems:
        raise ConfigError(tuple(problems))
    return config, web


def _served(web: WebConfig) -> str:
    count = len(web.users)
    users = f"{count} user{'' if count == 1 else 's'}" if count else "no users"
    return f"{'TLS' if web.context else 'no TLS'}, {users}"
