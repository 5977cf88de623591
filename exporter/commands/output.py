"""Text for other programs, on standard output, and text of others for people."""

from __future__ import annotations

import sys


def write_utf_8(text: str) -> None:
    """In UTF-8 whatever the locale is, as Prometheus, YAML and JSON have it."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode())
    sys.stdout.buffer.flush()


def printable(text: str) -> str:
    """Without what would steer the terminal."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
