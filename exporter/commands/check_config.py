"""``check-config``: whether a configuration file is good."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from exporter.commands.command import Command
from exporter.commands.notes import say_notes
from exporter.config.file import load_config


def _add_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path)


def _run(arguments: argparse.Namespace) -> int:
    config = load_config(arguments.file)
    say_notes(config)
    count = len(config.integrations)
    sys.stdout.write(f"{arguments.file}: good, {count} integration{'' if count == 1 else 's'}\n")
    return 0


COMMAND = Command("check-config", "say whether a configuration file is good, and if not, why", _add_flags, _run)
