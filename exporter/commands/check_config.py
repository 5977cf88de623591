"""``check-config``: whether a configuration file is good."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from exporter.commands.flags import add_web_config_file
from exporter.commands.notes import say_notes
from exporter.config.file import load_config
from exporter.config.problem import ConfigError, Problem
from exporter.config.settings import Config
from exporter.serving.settings import WebConfig
from exporter.serving.web_config import load_web_config


def add_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path)
    add_web_config_file(parser)


def run(arguments: argparse.Namespace) -> int:
    config, web = _loaded(arguments)
    say_notes(config, *([web] if web else []))
    count = len(config.integrations)
    sys.stdout.write(f"{arguments.file}: good, {count} integration{'' if count == 1 else 's'}\n")
    if web is not None:
        sys.stdout.write(f"{arguments.web_config}: good, {_served(web)}\n")
    return 0


def _loaded(arguments: argparse.Namespace) -> tuple[Config, WebConfig | None]:
    """Of two bad files both are told of."""
    problems: list[Problem] = []
    config = web = None
    try:
        config = load_config(arguments.file)
    except ConfigError as error:
        problems += error.problems
    try:
        web = load_web_config(arguments.web_config) if arguments.web_config else None
    except ConfigError as error:
        problems += error.problems
    if config is None or problems:
        raise ConfigError(tuple(problems))
    return config, web


def _served(web: WebConfig) -> str:
    count = len(web.users)
    users = f"{count} user{'' if count == 1 else 's'}" if count else "no users"
    return f"{'TLS' if web.context else 'no TLS'}, {users}"
