"""What is known of one integration at one time, all its sources together. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from exporter.model import LastSuspension
from exporter.state.reading import Reading


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is known of one integration: its settings that are facts, and the newest reading of each source.

    ``told_by`` are the sources that are configured to say whether HubSpot has suspended it.
    """

    integration: str
    notify: str
    configured_allocation: int | None
    readings: tuple[Reading, ...] = ()
    told_by: tuple[str, ...] = ()
    configured_at: float | None = None
    """When the settings were loaded, if that is known."""
    last_suspension: LastSuspension | None = None
    """The newest that anybody told of since this process began, over or not."""

    def reading(self, source: str) -> Reading | None:
        return next((reading for reading in self.readings if reading.source == source), None)

    def read_at(self, source: str) -> float:
        """When a source was last read; 0 if it never was."""
        reading = self.reading(source)
        return (reading.succeeded_at if reading else None) or 0.0

    def as_of(self, source: str) -> float | None:
        """Of when the newest statement of a source says that it is; ``None`` if it does not say."""
        reading = self.reading(source)
        return reading.as_of if reading else None

    def true_at(self, source: str) -> float | None:
        """When what a source last said was true; ``None`` if it never said anything."""
        reading = self.reading(source)
        return reading.true_at if reading else None

    def with_settings(
        self,
        notify: str,
        configured_allocation: int | None,
        sources: Collection[str],
        told_by: tuple[str, ...] = (),
        configured_at: float | None = None,
    ) -> Snapshot:
        """A new Snapshot after a change of the configuration; readings of other sources than these are dropped."""
        kept = tuple(reading for reading in self.readings if reading.source in sources)
        return Snapshot(
            self.integration, notify, configured_allocation, kept, told_by, configured_at, self.last_suspension
        )

    def with_reading(self, reading: Reading) -> Snapshot:
        """A new Snapshot in which ``reading`` replaces the older one of its source."""
        others = tuple(old for old in self.readings if old.source != reading.source)
        return replace(self, readings=(*others, reading))
