"""Notes of a good configuration, said by the commands that judge it."""

from __future__ import annotations

import sys

from exporter.config.settings import Config
from exporter.serving.settings import WebConfig


def say_notes(*configs: Config | WebConfig) -> None:
    """A line each on standard error."""
    for config in configs:
        for note in config.notes:
            sys.stderr.write(f"note: {note}\n")
