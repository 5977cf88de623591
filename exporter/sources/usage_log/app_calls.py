"""Calls that rows of the event log tell of, by what they say of their app; bounded whatever they say. Pure.

An app is named by ``CONNECTED_APP_NAME``, ``CONNECTED_APP_ID`` and, where both are empty, by its user alone. Users are
many, so of a row's user only this is kept: whether it is the integration's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

MINE, THEIRS, UNKNOWN = "mine", "theirs", "unknown"
"""The user of a row: the integration user, somebody else, or not known: the row names none, or none is configured."""

OTHER, UNNAMED = "other", "unnamed"
"""What ``org_api_calls_by_app`` calls the apps that are too many to name, and calls that name no app."""

MOST_HELD = 4_096
"""Apps told apart while a file is read; real orgs have some dozens."""

MOST_KEPT = 100
"""Apps of a file that are kept by name, the largest."""

LONGEST_NAME = 80
_ID_LENGTHS = frozenset({15, 18})

Key = tuple[str, str, str]
"""Name, id and user, in their normal form."""


@dataclass(frozen=True, slots=True)
class AppCalls:
    """Calls by the start of their hour, of the rows with this name, id (15 characters, or empty) and user."""

    name: str
    id: str
    user: str
    hours: Mapping[int, int]

    @property
    def total(self) -> int:
        return sum(self.hours.values())


def app_name(text: str) -> str:
    """As it may be shown: on one line, of printable characters, not too long."""
    words = "".join(char if char.isprintable() else " " for char in text[: 4 * LONGEST_NAME]).split()
    return " ".join(words)[:LONGEST_NAME].strip()


def app_id(text: str) -> str:
    """The 15 characters that the longer form of an id begins with; empty for what is no id, zeros alone included."""
    text = text.strip()
    if len(text) not in _ID_LENGTHS or not (text.isascii() and text.isalnum()) or not text[3:15].strip("0"):
        return ""
    return text[:15]


class Tally:
    """Counts a file's calls. Beyond ``MOST_HELD`` apps the smaller half is folded together: what names no app stays
    apart from what does, and what ``merged`` keeps is never lost among the rest."""

    def __init__(self, merged: Callable[[Key], Key]) -> None:
        self._merged = merged
        self._apps: dict[Key, Counter[int]] = {}

    def add(self, hour: int, name: str, app: str, user: str, calls: int) -> None:
        """Of an app, its name and id as a row writes them."""
        self._add((app_name(name), app_id(app), user), {hour: calls})
        if len(self._apps) > MOST_HELD:
            self._fold(MOST_HELD // 2)

    def apps(self) -> tuple[AppCalls, ...]:
        """What was counted, the largest first."""
        self._fold(MOST_KEPT)
        found = [AppCalls(*key, dict(sorted(hours.items()))) for key, hours in self._apps.items()]
        return tuple(sorted(found, key=lambda app: (-app.total, app.name, app.id, app.user)))

    def _add(self, key: Key, hours: Mapping[int, int]) -> None:
        self._apps.setdefault(key, Counter()).update(hours)

    def _fold(self, most: int) -> None:
        by_size = sorted(self._apps, key=lambda key: (-self._apps[key].total(), key))
        for key in by_size[most:]:
            self._add(self._merged(key), self._apps.pop(key))
