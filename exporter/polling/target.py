"""What there is to poll."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from exporter.clients.connection import Connection
from exporter.config.settings import Integration
from exporter.model import OrgUsage
from exporter.polling.schedule import FILLS_IN_INTERVALS
from exporter.sources import SOURCES, Source

Key = tuple[str, str]
"""Integration and source: what the store, too, knows a target by."""


@dataclass(frozen=True, slots=True)
class Target:
    """One source of one integration."""

    integration: str
    source: Source
    interval: float
    connection: Connection
    slow: bool = False
    """By nature: see ``Source``."""

    @property
    def key(self) -> Key:
        return self.integration, self.source.name

    @property
    def names(self) -> dict[str, str]:
        """As the log names it."""
        return {"integration": self.integration, "source": self.source.name}

    @property
    def longest_interval(self) -> float:
        """Seconds within which it is polled, whoever else asks the same org: what it said holds by these."""
        return self.interval * FILLS_IN_INTERVALS if self.source.fills_in else self.interval

    @property
    def usage(self) -> OrgUsage | None:
        """What the newest answer of Salesforce said of the org's API calls on the side."""
        return self.connection.org_usage if self.source.asks_salesforce else None


def targets_of(integrations: Iterable[Integration], connections: Mapping[str, Connection]) -> tuple[Target, ...]:
    """Every source that applies and is not switched off."""
    return tuple(
        Target(entry.name, source, entry.intervals[source.name], connections[entry.name], source.slow(entry))
        for entry in integrations
        for source in SOURCES
        if source.name in entry.intervals and source.applies(entry)
    )
