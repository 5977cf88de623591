"""Notes of a good configuration, said by the commands that judge it."""

from __future__ import annotations

import sys

from exporter.config.settings import Config


def say_notes(config: Config) -> None:
    """A line each on standard error."""
    for note in config.notes:
        sys.stderr.write(f"note: {note}\n")
