"""Takes a file of exported errors into the store, in small transactions, and lets it hold once it has proved whole.

Nothing of a file is seen before that: until then its rows stand beside those that hold. The reading itself happens in a
thread, a batch at a time, so neither the event loop nor who else writes to the store waits for more than a batch.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

import structlog

from exporter.errors import BadExport
from exporter.exports.archive import check_second
from exporter.exports.reader import ExportReader
from exporter.exports.row import label_of
from exporter.exports.seen import Seen
from exporter.model import SyncError

log = structlog.get_logger(__name__)

Labelled = tuple[SyncError, str]
"""An error, and the label value of its type."""


@dataclass(frozen=True, slots=True)
class TypeCount:
    """Errors of a type, and the records they keep from syncing; ``None`` where a row does not say how many."""

    errors: int
    records: int | None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an export came from: the name of a file or of what brought it, and a ``stamp`` to know it by again;
    ``as_of`` is when it was exported."""

    integration: str
    name: str
    stamp: str
    as_of: float


@dataclass(frozen=True, slots=True)
class Export:
    """What is stored of the errors of one category: its origin and what was counted, by label value of the type."""

    id: int
    category: str
    origin: Origin
    counts: Mapping[str, TypeCount]
    rows: int
    odd: int


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of a file that proved whole: the ``exports`` that hold now, the categories it was too old for, its
    rows, how many of them were odd (and why, for some), or said the same as one before; ``unknown`` are
    the first titles of error types that nobody knows."""

    exports: tuple[Export, ...]
    outdated: tuple[str, ...]
    as_of: float
    rows: int
    odd: int
    duplicates: int
    told: tuple[str, ...]
    encoding: str
    delimiter: str
    ignored: tuple[str, ...]
    unknown: tuple[str, ...]


class Shelf(Protocol):
    """Where exports are kept. Every method raises ``StoreError``."""

    async def current(self, integration: str) -> tuple[Export, ...]:
        """Those that hold, the newest of each category."""

    async def page(
        self, export_id: int, error_type: str | None, after: int, limit: int
    ) -> Sequence[tuple[int, SyncError]]:
        """Errors of an export behind a number, of all types or of this one, each with its own number."""

    async def begin(self, origin: Origin, category: str, now: float) -> int:
        """The id of a new export, which does not hold yet."""

    async def add(self, export_id: int, first: int, errors: Sequence[Labelled], now: float) -> None:
        """Puts errors into it, numbered from ``first`` on."""

    async def hold(self, export: Export, now: float) -> bool:
        """Lets it hold instead of the one before; ``False`` if that is newer."""

    async def drop(self, export_ids: Collection[int]) -> None:
        """They will never hold."""

    async def sweep(self, now: float) -> None:
        """Deletes some of what does not hold any more, or was begun and left."""


@dataclass(slots=True)
class _Category:
    """What has been read of one category so far."""

    export_id: int
    counts: dict[str, TypeCount] = field(default_factory=dict)
    rows: int = 0
    pending: list[Labelled] = field(default_factory=list)

    def take(self, error: SyncError) -> None:
        label = label_of(error)
        before = self.counts.get(label, TypeCount(0, 0))
        records = None
        if before.records is not None and error.affected_records is not None:
            records = before.records + error.affected_records
        self.counts[label] = TypeCount(before.errors + 1, records)
        self.pending.append((error, label))


class Loading:
    """One file on its way into the store. ``go_on`` does as much as there is time for; raises ``BadExport`` as soon as
    the file proves not to be whole, and ``StoreError``; then, too, ``close`` has to be awaited. ``taken``: of when the
    categories are that other files of the same zip gave."""

    def __init__(
        self,
        reader: ExportReader,
        origin: Origin,
        shelf: Shelf,
        now: Callable[[], float],
        category: str | None = None,
        still_the_same: Callable[[], bool] = lambda: True,
        taken: Mapping[str, float] = MappingProxyType({}),
    ) -> None:
        self.origin = origin
        self._reader = reader
        self._shelf = shelf
        self._now = now
        self._expected = category
        self._still_the_same = still_the_same
        self._taken = taken
        self._batches: Iterator[list[SyncError]] = reader.batches()
        self._seen = Seen()
        self._duplicates = 0
        self._by_category: dict[str, _Category] = {}

    @property
    def rows(self) -> int:
        """Read so far."""
        return self._reader.rows

    async def go_on(self, seconds: float) -> Loaded | None:
        """What became of it, ``None`` if it is not through after so many seconds."""
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + seconds
        while True:
            batch = await asyncio.to_thread(self._next)
            if batch is None:
                return await self._finish()
            await self._take(batch)
            if loop.time() >= ends_at:
                return None

    async def whole(self) -> Loaded:
        """To the end, however long it takes."""
        while True:
            loaded = await self.go_on(60.0)
            if loaded is not None:
                return loaded

    async def close(self) -> None:
        """What was written of a file that does not hold is not kept."""
        await self._shelf.drop([one.export_id for one in self._by_category.values()])
        self._by_category.clear()

    def _next(self) -> list[tuple[str, SyncError]] | None:
        """In a thread: the next errors that are new, with their categories."""
        batch = next(self._batches, None)
        if batch is None:
            return None
        new = [error for error in batch if self._seen.add(f"{error.category}\0{error.id}")]
        self._duplicates += len(batch) - len(new)
        return [(error.category, error) for error in new]

    async def _take(self, batch: Sequence[tuple[str, SyncError]]) -> None:
        for category, error in batch:
            (self._by_category.get(category) or await self._begun(category)).take(error)
        for one in self._by_category.values():
            if one.pending:
                await self._shelf.add(one.export_id, one.rows, one.pending, self._now())
                one.rows += len(one.pending)
                one.pending = []

    async def _begun(self, category: str) -> _Category:
        export_id = await self._shelf.begin(self.origin, category, self._now())
        self._by_category[category] = begun = _Category(export_id)
        return begun

    async def _finish(self) -> Loaded:
        reader = self._reader
        if not await asyncio.to_thread(self._still_the_same):
            raise BadExport("has been written to while it was read")
        if self._expected is not None and self._expected not in self._by_category:
            await self._begun(self._expected)  # headings alone: none of its errors
        if not self._by_category:
            raise BadExport("has no rows, and neither its name nor a row says of which category it is")
        now = self._now()
        as_of = min(self.origin.as_of if reader.as_of is None else reader.as_of, now)
        check_second(self._by_category, as_of, self._taken)
        origin = Origin(self.origin.integration, self.origin.name, self.origin.stamp, as_of)
        if reader.odd:
            log.warning(
                "rows of an export left out",
                integration=self.origin.integration,
                file=self.origin.name,
                left_out=reader.odd,
                rows=reader.rows,
                first=reader.told[0],
            )
        held, outdated = [], []
        for category, one in tuple(self._by_category.items()):
            export = Export(one.export_id, category, origin, one.counts, one.rows, reader.odd)
            if await self._shelf.hold(export, now):
                held.append(export)
                del self._by_category[category]
            else:
                outdated.append(category)
        await self.close()
        return Loaded(
            exports=tuple(held),
            outdated=tuple(outdated),
            as_of=as_of,
            rows=reader.rows,
            odd=reader.odd,
            duplicates=self._duplicates,
            told=tuple(reader.told),
            encoding=reader.found.encoding if reader.found else "",
            delimiter=reader.delimiter,
            ignored=reader.ignored,
            unknown=tuple(reader.unknown),
        )
