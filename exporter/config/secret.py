"""A secret is configured by where it stands, never by what it is."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

UNREADABLE = (OSError, KeyError, UnicodeError)
"""What reading a secret raises: it may be gone, or not be text. ``why_unreadable`` says it in words."""

_AROUND = re.compile(r"^[\s\ufeff]+|[\s\ufeff]+$")
"""White space and byte order marks: Windows programs put the mark in front, one of them after another's, and CRLF at
the end."""
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret stands. It is read when needed, so a rotated file works without a restart, and never shown."""

    file: Path | None = None
    env: str | None = None

    def read(self) -> str:
        """The secret without byte order mark and surrounding white space; raises one of ``UNREADABLE``."""
        text = _decoded(content_of(self.file)) if self.file is not None else os.environ[self.env or ""]
        return _AROUND.sub("", text)

    @property
    def is_given(self) -> bool:
        """Whether one is meant: a file that is named is, a variable that is not set is not."""
        return self.file is not None or (self.env or "") in os.environ

    def __str__(self) -> str:
        return f'the file "{self.file}"' if self.file is not None else f"the environment variable {self.env}"


def secrets_of(entry: Mapping[str, Any], key: str, folder: Path) -> tuple[Secret, ...]:
    """What stands under ``KEY_file`` or ``KEY_env``: one, during a rotation two, or none."""
    if f"{key}_file" in entry:
        return tuple(Secret(file=folder / name) for name in _one_or_two(entry[f"{key}_file"]))
    return tuple(Secret(env=name) for name in _one_or_two(entry.get(f"{key}_env", [])))


def _one_or_two(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def content_of(file: Path) -> bytes:
    """All of a file that can be read again; raises ``OSError``."""
    mode = file.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        # Of a pipe, as a shell's <(…) is one, there is nothing left when it is read for the second time.
        raise OSError(errno.EINVAL, "Not a regular file")
    return file.read_bytes()


def _decoded(content: bytes) -> str:
    if content.startswith(_UTF_16_MARKS):
        raise UnicodeError("it is UTF-16")
    if b"\0" in content:
        raise UnicodeError("it has NUL bytes, as UTF-16 has, and a key store or a key in DER form")
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


def why_unusable(text: str) -> str | None:
    """Why nobody has such a password; ``None`` if somebody may. It is not in the answer."""
    return None if text.isprintable() else "holds a line break or an invisible character"


def why_unsendable(token: str) -> str | None:
    """Why no ``Authorization`` header can carry this token; ``None`` if one can. The token is not in the answer."""
    if not token:
        return "is empty"
    if not token.isascii():
        return "holds a character that is not ASCII"
    if token.split() != [token]:
        return "has white space or a line break inside"
    return None if token.isprintable() else "holds a control character"
