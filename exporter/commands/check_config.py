"""``check-config``: whether a configuration file is good."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from exporter.commands.notes import say_notes
from exporter.config.file import load_config
from exporter.config.settings import Integration
from exporter.errors import UsageError
from exporter.mail.patterns import load_patterns


def add_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path)


def run(arguments: argparse.Namespace) -> int:
    config = load_config(arguments.file)
    for integration in config.integrations:
        _check_patterns(integration)
    say_notes(config)
    count = len(config.integrations)
    sys.stdout.write(f"{arguments.file}: good, {count} integration{'' if count == 1 else 's'}\n")
    return 0


def _check_patterns(integration: Integration) -> None:
    """What a mailbox's e-mails are known by is no configuration of the exporter's, but as good as that."""
    if integration.mailbox is not None and integration.mailbox.patterns_file is not None:
        try:
            load_patterns(integration.mailbox.patterns_file)
        except ValueError as error:
            raise UsageError(f"{integration.name}: mailbox.patterns_file: {error}") from error
