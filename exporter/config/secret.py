"""A secret is configured by where it stands, never by what it is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

UNREADABLE = (OSError, KeyError, UnicodeError)
"""What reading a secret raises: it may be gone, or not be text. ``why_unreadable`` says it in words."""

_MARK = "\ufeff"
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret stands. It is read when needed, so a rotated file works without a restart, and never shown."""

    file: Path | None = None
    env: str | None = None

    def read(self) -> str:
        """The secret without byte order mark and surrounding white space; raises one of ``UNREADABLE``."""
        text = _decoded(self.file.read_bytes()) if self.file is not None else os.environ[self.env or ""]
        # Windows programs put the mark in front, and CRLF at the end.
        return text.removeprefix(_MARK).strip()


def _decoded(content: bytes) -> str:
    if content.startswith(_UTF_16_MARKS):
        raise UnicodeError("it is UTF-16")
    if b"\0" in content:
        raise UnicodeError("it has NUL bytes, as UTF-16 has")
    text = content.decode("utf-8", errors="replace")
    # The codec's own error would carry the secret.
    if text.encode() != content:
        raise UnicodeError("it is not UTF-8")
    return text


def why_unreadable(error: Exception) -> str:
    """One of ``UNREADABLE`` in words, without a word of the secret."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    if isinstance(error, KeyError):
        return "the environment variable is not set"
    return str(error)


def why_unsendable(token: str) -> str | None:
    """Why no ``Authorization`` header can carry this token; ``None`` if one can. The token is not in the answer."""
    if not token:
        return "is empty"
    if not token.isascii():
        return "holds a character that is not ASCII"
    if any(character.isspace() for character in token):
        return "has white space or a line break inside"
    return None if token.isprintable() else "holds a control character"
