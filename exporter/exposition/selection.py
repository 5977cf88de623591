"""Which integrations a scrape asks for. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass


def digest(integration: str) -> int:
    """The number of a name that decides its shard."""
    return zlib.crc32(integration.encode())


@dataclass(frozen=True, slots=True)
class Shard:
    """One of ``of`` parts of a fleet, counted from 1. An integration stands in the same wherever it is asked for: its
    name decides."""

    number: int
    of: int

    def __contains__(self, integration: str) -> bool:
        return digest(integration) % self.of == self.remainder

    @property
    def remainder(self) -> int:
        """What the digests of its integrations leave when divided by ``of``."""
        return self.number - 1

    def among(self, digests: Iterable[int]) -> list[int]:
        """Which of them are of its integrations, counted from 0."""
        of, remainder = self.of, self.remainder
        return [number for number, each in enumerate(digests) if each % of == remainder]


WHOLE = Shard(1, 1)


@dataclass(frozen=True, slots=True)
class Selection:
    """Integrations by name (empty: all) and shard. What is one for each process stands on the first shard, and not
    beside named integrations, so that several scrapes of one process never show a series twice."""

    names: Collection[str] = frozenset()
    shard: Shard = WHOLE

    def __contains__(self, integration: str) -> bool:
        return (not self.names or integration in self.names) and integration in self.shard

    @property
    def with_process(self) -> bool:
        return not self.names and self.shard.number == 1


ALL = Selection()
