"""Text for other programs, on standard output, and text of others for people."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from exporter.errors import UsageError


def write_utf_8(text: str) -> None:
    """In UTF-8 whatever the locale is, as Prometheus, YAML and JSON have it."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode())
    sys.stdout.buffer.flush()


def printable(text: str) -> str:
    """Without what would steer the terminal."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def write_files(folder: Path, texts: Mapping[str, str]) -> None:
    """Writes texts by name and says where, a line each; raises ``UsageError``. What is there already is replaced."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
            sys.stdout.write(f"{folder / name}\n")
    except OSError as error:
        raise UsageError(f"--output-dir: cannot write to {folder}: {error.strerror}") from None
