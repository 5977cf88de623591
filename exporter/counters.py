"""What the exporter counts of each integration, as plain numbers.

Thousands of integrations have tens of thousands of them, so they are not kept by prometheus-client, which renders all
of its own anew for every scrape: whoever watches is told which moved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

COUNTER, GAUGE = "counter", "gauge"

Numbers = Mapping[tuple[str, ...], float]
"""Numbers of one family and integration, by the values of the labels beside ``integration``."""

Watcher = Callable[[str, str], None]
"""Told the integration and the family of which a number has changed."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What a family of them is. ``labels`` are those beside ``integration``; a counter's name ends in ``_total``."""

    kind: str
    help: str
    labels: tuple[str, ...] = ()


COUNTED: Mapping[str, Counted] = {
    "source_errors_total": Counted(COUNTER, "Failed polls of a source.", ("source", "kind")),
    "upstream_requests_total": Counted(
        COUNTER, "Requests sent to outside APIs, logins and retries included.", ("api",)
    ),
    "resync_records_total": Counted(COUNTER, "Records a resync was asked for.", ("action", "outcome")),
    "resync_refusals_total": Counted(COUNTER, "Remediations that were refused, by reason.", ("reason",)),
    "resync_verified_records_total": Counted(
        COUNTER, "Resynced records that were looked at afterwards, by what was seen.", ("action", "outcome")
    ),
    "resync_jobs": Counted(GAUGE, "Resync jobs by state.", ("state",)),
    "resync_oldest_queued_timestamp_seconds": Counted(GAUGE, "When the oldest queued resync job was accepted."),
    "resync_jobs_needing_approval": Counted(GAUGE, "Resync jobs that wait for a human to approve them."),
}
"""By name without the common prefix, in the order of the page."""


class Counters:
    """The numbers of ``COUNTED``, by integration. One that was never begun nor moved is absent.

    Of an integration nothing is kept before the first ``begin`` and after ``forget``: its jobs may outlive it, and end
    when nobody knows it any more.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, dict[tuple[str, ...], float]] = {}
        self._keys: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._watchers: list[Watcher] = []

    def watch(self, watcher: Watcher) -> None:
        """``watcher`` is called now with what there is, and whenever it changes."""
        self._watchers.append(watcher)
        for integration in self._numbers:
            for family in COUNTED:
                watcher(integration, family)

    def numbers(self, integration: str, family: str) -> Numbers:
        """What an integration has of a family."""
        return {key[1:]: number for key, number in self._of(integration).items() if key[0] == family}

    def begin(self, integration: str, family: str, *labels: str) -> None:
        """Lets a counter stand at 0 before it first moves, so that its first increase is seen as one."""
        self._numbers.setdefault(integration, {})
        self.add(integration, family, *labels, by=0)

    def add(self, integration: str, family: str, *labels: str, by: float = 1) -> None:
        numbers = self._numbers.get(integration)
        key = self._key(family, labels)
        if numbers is not None and (by or key not in numbers):
            numbers[key] = numbers.get(key, 0) + by
            self._tell(integration, family)

    def replace(self, integration: str, family: str, new: Numbers) -> None:
        """Sets all numbers of a family, and takes away the others."""
        numbers = self._numbers.get(integration)
        if numbers is not None and self.numbers(integration, family) != new:
            for labels in self.numbers(integration, family):
                del numbers[(family, *labels)]
            numbers.update({self._key(family, labels): number for labels, number in new.items()})
            self._tell(integration, family)

    def forget(self, integration: str) -> None:
        """Takes away all that an integration has."""
        self._numbers.pop(integration, None)
        for family in COUNTED:
            self._tell(integration, family)

    def _of(self, integration: str) -> Mapping[tuple[str, ...], float]:
        return self._numbers.get(integration, {})

    def _key(self, family: str, labels: tuple[str, ...]) -> tuple[str, ...]:
        """One tuple for all integrations: each would otherwise keep its own of every one."""
        key = (family, *labels)
        return self._keys.setdefault(key, key)

    def _tell(self, integration: str, family: str) -> None:
        for watcher in self._watchers:
            watcher(integration, family)
