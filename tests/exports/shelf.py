"""A shelf of exports in memory."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from exporter.errors import StoreError
from exporter.exports.loading import Export, Labelled, Origin
from exporter.model import SyncError


class MemoryShelf:
    """Implements ``exporter.exports.loading.Shelf``; while it is ``away`` everything fails."""

    def __init__(self) -> None:
        self.errors: dict[int, list[Labelled]] = {}
        self.held: dict[tuple[str, str], Export] = {}
        self.away = False
        self.added = 0

    async def current(self, integration: str) -> tuple[Export, ...]:
        self._check()
        return tuple(export for (of, _), export in self.held.items() if of == integration)

    async def page(
        self, export_id: int, error_type: str | None, after: int, limit: int
    ) -> Sequence[tuple[int, SyncError]]:
        self._check()
        numbered = enumerate(self.errors[export_id], 1)
        found = [(number, error) for number, (error, label) in numbered if error_type in (None, label)]
        return [(number, error) for number, error in found if number > after][:limit]

    async def begin(self, origin: Origin, category: str, now: float) -> int:
        self._check()
        export_id = len(self.errors) + 1
        self.errors[export_id] = []
        return export_id

    async def add(self, export_id: int, first: int, errors: Sequence[Labelled], now: float) -> None:
        self._check()
        assert first == len(self.errors[export_id])
        self.errors[export_id] += errors
        self.added += 1

    async def hold(self, export: Export, now: float) -> bool:
        self._check()
        key = export.origin.integration, export.category
        before = self.held.get(key)
        if before is not None and before.origin.as_of > export.origin.as_of:
            return False
        self.held[key] = replace(export)
        return True

    async def drop(self, export_ids: Collection[int]) -> None:
        self._check()
        for export_id in export_ids:
            self.errors[export_id] = []

    async def sweep(self, now: float) -> None:
        self._check()

    def _check(self) -> None:
        if self.away:
            raise StoreError("store: is away")
