"""The page of ``/metrics``.

An integration is rendered when its Snapshot changes or a counter of it moves, not when it is scraped: a scrape joins
what is there. What is one for each process comes from prometheus-client, in the format asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from prometheus_client import exposition as text_format
from prometheus_client.openmetrics import exposition as openmetrics

from exporter.clock import Clock
from exporter.counters import Numbers
from exporter.exposition.blocks import Blocks
from exporter.exposition.families import FAMILIES
from exporter.exposition.lines import counted_lines, heads, lines_of
from exporter.exposition.negotiation import OPENMETRICS, wants_openmetrics
from exporter.self_metrics import SelfMetrics
from exporter.state.conditions import conditions_change_at
from exporter.state.snapshot import Snapshot

CHUNK = 256 * 1024
"""Bytes that are joined in one go, a tenth of a millisecond: what else waits for its turn gets it in between."""

_OPEN_TYPE = f"{OPENMETRICS}; version=1.0.0; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it was at one moment, in pieces that it shares with all others of the same time.

    ``length`` is that of all pieces together, in bytes.
    """

    content_type: str
    pieces: Sequence[bytes]
    length: int

    def chunks(self) -> Iterator[bytes]:
        """The page in chunks of ``CHUNK`` bytes, or a block more, joined one by one as they are asked for."""
        return _joined(self.pieces)


class Exposition:
    """The text of ``/metrics``."""

    def __init__(self, metrics: SelfMetrics, clock: Clock) -> None:
        self._metrics = metrics
        self._clock = clock
        self._snapshots: dict[str, Snapshot] = {}
        self._stale_at: dict[str, float] = {}
        self._blocks = Blocks()
        self._heads = {openly: heads(openly) for openly in (False, True)}
        metrics.counters.watch(self._count)

    def update(self, snapshot: Snapshot) -> None:
        """Renders a new Snapshot in place of the old one of its integration."""
        self._snapshots[snapshot.integration] = snapshot
        self._render(snapshot, self._clock.time())

    def forget(self, integration: str) -> None:
        """Drops an integration that is no longer configured."""
        self._snapshots.pop(integration, None)
        self._stale_at.pop(integration, None)
        self._blocks.forget(integration)

    def page(self, accept: str) -> tuple[bytes, str]:
        """The whole page and its content type for an ``Accept`` header, at once."""
        for integration in self._stale():
            self._refresh(integration)
        page = self._page(accept)
        return b"".join(page.pieces), page.content_type

    async def scrape(self, accept: str) -> Page:
        """The page for an ``Accept`` header. What time alone has changed is rendered first, one integration a turn."""
        for integration in self._stale():
            self._refresh(integration)
            await asyncio.sleep(0)
        return self._page(accept)

    def _page(self, accept: str) -> Page:
        openly = wants_openmetrics(accept)
        if openly:
            own = openmetrics.generate_latest(self._metrics.registry)  # type: ignore[no-untyped-call]
        else:
            own = text_format.generate_latest(self._metrics.registry)
        pieces = [*self._of_integrations(openly), own]
        content_type = _OPEN_TYPE if openly else text_format.CONTENT_TYPE_PLAIN_0_0_4
        return Page(content_type, pieces, sum(map(len, pieces)))

    def _of_integrations(self, openly: bool) -> Iterator[bytes]:
        taken = self._blocks.taken()
        for family, head in self._heads[openly].items():
            lines = [block.text for block in taken.get(family, ()) if block.text]
            if lines:
                yield head
                yield from lines

    def _stale(self) -> list[str]:
        """Whose text says what is no longer so. Looking at thousands takes a quarter of a millisecond."""
        now = self._clock.time()
        return [integration for integration, stale_at in self._stale_at.items() if stale_at <= now]

    def _refresh(self, integration: str) -> None:
        # It may have gone, or been rendered, while others were.
        now = self._clock.time()
        if integration in self._snapshots and self._stale_at[integration] <= now:
            self._render(self._snapshots[integration], now)

    def _render(self, snapshot: Snapshot, now: float) -> None:
        lines = lines_of(snapshot, now)
        for family in FAMILIES.help:
            self._blocks.put(snapshot.integration, family, lines.get(family, b""))
        self._stale_at[snapshot.integration] = conditions_change_at(snapshot, now)

    def _count(self, integration: str, family: str, numbers: Numbers) -> None:
        self._blocks.put(integration, family, counted_lines(integration, family, numbers))


def _joined(pieces: Iterable[bytes]) -> Iterator[bytes]:
    some: list[bytes] = []
    size = 0
    for piece in pieces:
        some.append(piece)
        size += len(piece)
        if size >= CHUNK:
            yield b"".join(some)
            some, size = [], 0
    if some:
        yield b"".join(some)
