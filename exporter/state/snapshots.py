"""The newest Snapshot of every integration."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from exporter.config.settings import Integration
from exporter.model import Recovery, Suspension, SyncHealth
from exporter.state.last_suspension import last_suspension
from exporter.state.reading import Reading
from exporter.state.snapshot import Snapshot
from exporter.state.statement import EVIDENCE, NOT_POLLED, REPORT
from exporter.state.tellers import tellers_of


class Snapshots:
    """Holds one frozen Snapshot an integration; ``watch`` is called with each new one.

    What the store has kept of an integration is read when somebody first looks at it: of thousands that takes longer
    than all else of a start.
    """

    def __init__(self, integrations: Iterable[Integration], configured_at: float | None = None) -> None:
        self._by_name = {entry.name: _empty(entry, configured_at) for entry in integrations}
        self._unseen: dict[str, Callable[[], Iterable[Reading]]] = dict.fromkeys(self._by_name, tuple)
        self._watchers: list[Callable[[Snapshot], None]] = []
        self._forgetters: list[Callable[[str], None]] = []

    def __iter__(self) -> Iterator[Snapshot]:
        return map(self.__getitem__, self.integrations)

    def __getitem__(self, integration: str) -> Snapshot:
        if integration in self._unseen and (kept := tuple(self._unseen.pop(integration)())):
            self.put(integration, *kept)
        return self._by_name[integration]

    @property
    def integrations(self) -> tuple[str, ...]:
        """The names of all of them, without looking at any."""
        return tuple(self._by_name)

    def __contains__(self, integration: object) -> bool:
        return integration in self._by_name

    def watch(self, watcher: Callable[[Snapshot], None], forget: Callable[[str], None]) -> None:
        """``forget`` is called with the name of an integration that is no longer configured."""
        self._watchers.append(watcher)
        self._forgetters.append(forget)
        for snapshot in self._by_name.values():
            watcher(snapshot)

    def reconfigure(
        self,
        integrations: Iterable[Integration],
        sources: Mapping[str, Collection[str]],
        configured_at: float | None = None,
    ) -> None:
        """Follows these integrations from now on; ``sources`` names the sources of each that still apply."""
        wanted = {entry.name: entry for entry in integrations}
        for name in [name for name in self._by_name if name not in wanted]:
            del self._by_name[name]
            self._unseen.pop(name, None)
            for forget in self._forgetters:
                forget(name)
        for name, entry in wanted.items():
            old = self[name] if name in self else _empty(entry, configured_at)
            kept = {*sources.get(name, ()), *NOT_POLLED}
            new = old.with_settings(entry.notify, entry.allocated_api_calls, kept, tellers_of(entry), configured_at)
            self._replace(new)

    def put(self, integration: str, *readings: Reading) -> None:
        """Replaces the reading of one source, or those of several at once."""
        snapshot = self[integration]
        for reading in readings:
            snapshot = snapshot.with_reading(reading)
        self._replace(snapshot)

    def put_stored(self, integration: str, read: Callable[[], Iterable[Reading]]) -> None:
        """The same with what ``read`` says, once somebody looks at the integration; at once if somebody has."""
        if integration in self._unseen:
            self._unseen[integration] = read
        else:
            self.put(integration, *read())

    def report(self, integration: str, suspension: Suspension, reported_at: float) -> None:
        """Takes a suspension that was reported by hand or by a hook. It holds until somebody states something newer."""
        stated = SyncHealth(reported_at, None, None, None, suspension, None)
        self.put(integration, Reading(REPORT, math.inf, reported_at, part=stated, succeeded_at=reported_at))

    def recovered(self, integration: str, recovery: Recovery) -> None:
        """Keeps what has ended a suspension: it goes on to have ended it, whatever is seen later or no more."""
        self.put(integration, Reading(EVIDENCE, math.inf, recovery.at, part=recovery, succeeded_at=recovery.at))

    def _replace(self, snapshot: Snapshot) -> None:
        snapshot = replace(snapshot, last_suspension=last_suspension(snapshot))
        self._by_name[snapshot.integration] = snapshot
        for watcher in self._watchers:
            watcher(snapshot)


def _empty(entry: Integration, configured_at: float | None) -> Snapshot:
    allocation, told_by = entry.allocated_api_calls, tellers_of(entry)
    return Snapshot(entry.name, entry.notify, allocation, told_by=told_by, configured_at=configured_at)
