"""What is read of a folder, and in which portions. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from exporter.mail.message import LONGEST_MESSAGE

LARGEST = LONGEST_MESSAGE
"""Bytes of a message that are fetched: all that is read of one."""

MOST_AT_ONCE = 500
"""Messages that are asked with one command who wrote them."""

MOST_TOGETHER = 50
"""Messages fetched with one command: each is read before the next portion is begun, which takes its time as well."""

FIRST_PORTION, LARGEST_PORTION = 256 * 1024, 4 * 1024 * 1024
"""Bytes fetched with one command: little at first, so that a slow line gets somewhere as well."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder as it was opened. UIDs mean the same as before as long as ``validity`` is the same; the next message
    gets ``next_uid``, ``None`` where the server does not say."""

    validity: int
    next_uid: int | None
    messages: int


@dataclass(frozen=True, slots=True)
class Letter:
    """A message, or the beginning of a large one: ``raw`` is ``None`` where the server does not hand it out.
    ``received_at``: when the server received it (INTERNALDATE), ``None`` where it does not say."""

    uid: int
    received_at: float | None
    raw: bytes | None


@dataclass(frozen=True, slots=True)
class Head:
    """Of a message who wrote it (``letter`` has the header ``From`` and nothing else), and its bytes as a whole."""

    letter: Letter
    size: int


@dataclass(frozen=True, slots=True)
class Start:
    """Where to begin: at a UID, or with the newest ``at_most`` messages that were received since a day."""

    uid: int = 1
    since: date | None = None
    at_most: int | None = None


class LetterReader(Protocol):
    """Who reads what is fetched. Called from a thread, one call after the other."""

    def begin(self, folder: Folder) -> Start:
        """The folder is open."""

    def wants(self, head: Letter) -> bool:
        """Whether more than its ``From`` is to be fetched."""

    def take(self, letters: Sequence[Letter], next_uid: int) -> None:
        """These came next, in the order of their UIDs, of those not wanted the head alone; all below ``next_uid`` have
        been seen now."""

    def end(self, next_uid: int) -> None:
        """The end was reached: there is none between the last letter and ``next_uid``."""


def wanted(uids: Sequence[int], start: Start) -> list[int]:
    """Those to read, in their order. A server answers ``7:*`` with the last message, even if its UID is below 7."""
    found = sorted({uid for uid in uids if uid >= start.uid})
    return found if start.at_most is None else found[-start.at_most :] if start.at_most else []


def portions(sizes: Sequence[int], portion: int = FIRST_PORTION) -> Iterator[range]:
    """Which messages of these many bytes are fetched together, by their places: twice as many bytes each time. Of 0
    bytes are those that are not fetched."""
    first = volume = fetched = 0
    for place, size in enumerate(min(size, LARGEST) for size in sizes):
        if place > first and (volume + size > portion or fetched == MOST_TOGETHER):
            yield range(first, place)
            portion = min(portion * 2, LARGEST_PORTION)
            first, volume, fetched = place, 0, 0
        volume += size
        fetched += size > 0
    if sizes:
        yield range(first, len(sizes))
