"""The newest Snapshot of every integration."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from exporter.config import Integration
from exporter.model import Reading, Snapshot


class Snapshots:
    """Holds one frozen Snapshot an integration; ``watch`` is called with each new one."""

    def __init__(self, integrations: Iterable[Integration]) -> None:
        self._by_name = {
            entry.name: Snapshot(entry.name, entry.notify, entry.allocated_api_calls) for entry in integrations
        }
        self._watchers: list[Callable[[Snapshot], None]] = []

    def __iter__(self) -> Iterator[Snapshot]:
        return iter(self._by_name.values())

    def __getitem__(self, integration: str) -> Snapshot:
        return self._by_name[integration]

    def __contains__(self, integration: object) -> bool:
        return integration in self._by_name

    def watch(self, watcher: Callable[[Snapshot], None]) -> None:
        self._watchers.append(watcher)
        for snapshot in self:
            watcher(snapshot)

    def put(self, integration: str, reading: Reading) -> None:
        """Replaces the reading of one source."""
        snapshot = self._by_name[integration].with_reading(reading)
        self._by_name[integration] = snapshot
        for watcher in self._watchers:
            watcher(snapshot)
