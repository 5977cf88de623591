"""``check-config``: whether a configuration file is good."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from exporter.commands.notes import say_notes
from exporter.config.file import load_config


def add_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path)


def run(arguments: argparse.Namespace) -> int:
    config = load_config(arguments.file)
    say_notes(config)
    count = len(config.integrations)
    sys.stdout.write(f"{arguments.file}: good, {count} integration{'' if count == 1 else 's'}\n")
    return 0
