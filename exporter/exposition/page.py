"""The page of ``/metrics``.

An integration is rendered when its Snapshot changes or a counter of it moves, not when it is scraped: a scrape joins
what is there. Only the first scrape finds nothing, and renders it: so nobody waits for text when a process starts. What
is one for each process comes from prometheus-client, in the format asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from math import inf

from prometheus_client import CollectorRegistry
from prometheus_client import exposition as text_format
from prometheus_client.openmetrics import exposition as openmetrics

from exporter.clock import Clock
from exporter.counters import COUNTED
from exporter.exposition.blocks import Blocks
from exporter.exposition.joining import joined
from exporter.exposition.lines import Lines, counted_lines, heads
from exporter.exposition.negotiation import OPENMETRICS, wants_openmetrics
from exporter.exposition.packing import Packable, Piece, gzipped
from exporter.exposition.selection import ALL, Selection
from exporter.self_metrics import SelfMetrics
from exporter.state.conditions import conditions_change_at
from exporter.state.snapshot import Snapshot

LOOKS = 1_024
"""Integrations that are looked at in one go, whether time has changed what their text says."""

RENDERED = 8
"""Integrations that are rendered in one go, some milliseconds. After a start thousands of polls are due as well, and
the first scrape must not wait for one of each of them for every integration."""

_NEVER = float("-inf")
"""Since when the text is old of which there is none yet."""

_NONE = CollectorRegistry()
_OPEN_TYPE = f"{OPENMETRICS}; version=1.0.0; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it was at one moment, in pieces that it shares with all others of the same time.

    ``length`` is that of all pieces together, in bytes, where that is known before they are read.
    """

    content_type: str
    pieces: Iterable[Packable]
    length: int | None

    def chunks(self) -> Iterator[bytes]:
        """The page in chunks, joined one by one as they are asked for. To be read once."""
        return joined((piece.text, piece.effort + len(piece.text)) for piece in self.pieces)

    def gzipped(self) -> Iterator[bytes]:
        """The same packed, small where much had to be packed for it. To be read once."""
        return joined(gzipped(self.pieces))


class Exposition:
    """The text of ``/metrics``. ``look`` is called with the integration before it is rendered for a scrape: what is
    known of it may only then be read, and is handed in."""

    def __init__(
        self, metrics: SelfMetrics, clock: Clock, look: Callable[[str], object] = lambda _integration: None
    ) -> None:
        self._look = look
        self._metrics = metrics
        self._clock = clock
        self._snapshots: dict[str, Snapshot] = {}
        self._stale_at: dict[str, float] = {}
        self._lines = Lines()
        self._blocks = Blocks()
        self._heads = {
            openly: {family: Piece(head) for family, head in heads(openly).items()} for openly in (False, True)
        }
        metrics.counters.watch(self._count)

    def update(self, snapshot: Snapshot) -> None:
        """Renders a new Snapshot in place of the old one of its integration, unless that has not been rendered yet."""
        self._snapshots[snapshot.integration] = snapshot
        if self._stale_at.setdefault(snapshot.integration, _NEVER) != _NEVER:
            self._render(snapshot, self._clock.time())

    def forget(self, integration: str) -> None:
        """Drops an integration that is no longer configured."""
        self._snapshots.pop(integration, None)
        self._stale_at.pop(integration, None)
        self._lines.forget(integration)
        self._blocks.forget(integration)

    def page(self, accept: str) -> tuple[bytes, str]:
        """The whole page and its content type for an ``Accept`` header, at once."""
        for integration in self._stale(self._stale_at):
            self._refresh(integration)
        page = self._page(accept)
        return b"".join(page.chunks()), page.content_type

    async def scrape(self, accept: str, wanted: Selection = ALL) -> Page:
        """The page for an ``Accept`` header. What time alone has changed is rendered first, and what was never scraped;
        between, all else has its turn."""
        integrations = tuple(self._stale_at)
        for begin in range(0, len(integrations), LOOKS):
            stale = [each for each in self._stale(integrations[begin : begin + LOOKS]) if each in wanted]
            for number, integration in enumerate(stale, 1):
                self._refresh(integration)
                if number % RENDERED == 0:
                    await asyncio.sleep(0)
            await asyncio.sleep(0)
        page = self._page(accept, wanted)
        await asyncio.sleep(0)
        return page

    def _page(self, accept: str, wanted: Selection = ALL) -> Page:
        openly = wants_openmetrics(accept)
        content_type = _OPEN_TYPE if openly else text_format.CONTENT_TYPE_PLAIN_0_0_4
        heads, own = self._heads[openly], Piece(self._of_process(openly, wanted))
        length = self._length(heads) + len(own.text) if wanted == ALL else None
        return Page(content_type, chain(_under(heads, self._texts(wanted)), (own,)), length)

    def _texts(self, wanted: Selection) -> Mapping[str, Iterable[Packable]]:
        """As they are now, by family. They are gone through as they are read: of thousands of integrations that takes
        longer than a turn may."""
        if wanted == ALL:
            return self._blocks.taken()
        if not wanted.names:
            return self._blocks.of_shard(wanted.shard, self._clock.time())
        return self._blocks.of_integrations(name for name in wanted.names if name in wanted)

    def _length(self, heads: Mapping[str, Piece]) -> int:
        """Of all integrations together, in bytes."""
        return sum(len(heads[family].text) + size for family, size in self._blocks.sizes().items() if size)

    def _of_process(self, openly: bool, wanted: Selection) -> bytes:
        registry = self._metrics.registry if wanted.with_process else _NONE
        if openly:
            own: bytes = openmetrics.generate_latest(registry)  # type: ignore[no-untyped-call]
            return own
        return text_format.generate_latest(registry)

    def _stale(self, integrations: Iterable[str]) -> list[str]:
        """Those whose text says what is no longer so."""
        now, stale_at = self._clock.time(), self._stale_at
        return [integration for integration in integrations if stale_at.get(integration, inf) <= now]

    def _refresh(self, integration: str) -> None:
        # It may have gone, or been rendered, while others were.
        now = self._clock.time()
        if integration in self._snapshots and self._stale_at[integration] <= now:
            self._look(integration)
            self._render(self._snapshots[integration], now)

    def _render(self, snapshot: Snapshot, now: float) -> None:
        integration, first = snapshot.integration, self._stale_at[snapshot.integration] == _NEVER
        for family, lines in self._lines.changed(snapshot, now):
            self._blocks.put(integration, family, lines)
        self._stale_at[integration] = conditions_change_at(snapshot, now)
        for family in COUNTED if first else ():
            self._count(integration, family)

    def _count(self, integration: str, family: str) -> None:
        if self._stale_at.get(integration) != _NEVER:
            numbers = self._metrics.counters.numbers(integration, family)
            self._blocks.put(integration, family, counted_lines(integration, family, numbers))


def _under(heads: Mapping[str, Piece], texts: Mapping[str, Iterable[Packable]]) -> Iterator[Packable]:
    """The texts of each family under what is said of it; of one that has none nothing is said."""
    for family, head in heads.items():
        some = (piece for piece in texts.get(family, ()) if piece)
        first = next(some, None)
        if first is not None:
            yield head
            yield first
            yield from some
