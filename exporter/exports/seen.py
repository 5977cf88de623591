"""Which ids have been met, in 16 bytes an id at most: a set of a million texts would take a hundred megabytes."""

from __future__ import annotations

import hashlib
from array import array

_BEGINNING = 1024
_FULL = 0.6
_NO_ID = 0


class Seen:
    """Digests of 64 bits in one array. Two ids out of two million share one with a chance of 1 in ten million."""

    def __init__(self) -> None:
        self._slots = array("Q", bytes(8 * _BEGINNING))
        self._count = 0

    def add(self, text: str) -> bool:
        """Whether it is new."""
        digest = int.from_bytes(hashlib.blake2b(text.encode(errors="replace"), digest_size=8).digest(), "big") or 1
        if not self._put(digest):
            return False
        self._count += 1
        if self._count > _FULL * len(self._slots):
            self._grow()
        return True

    def _put(self, digest: int) -> bool:
        slots = self._slots
        last = len(slots) - 1
        place = digest & last
        while slots[place] != _NO_ID:
            if slots[place] == digest:
                return False
            place = (place + 1) & last
        slots[place] = digest
        return True

    def _grow(self) -> None:
        before = self._slots
        self._slots = array("Q", bytes(16 * len(before)))
        for digest in before:
            if digest != _NO_ID:
                self._put(digest)
