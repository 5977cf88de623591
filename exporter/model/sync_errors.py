"""Sync errors: how many there are, and each of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ErrorCount:
    """Current sync errors of one (category, error type) and the records they keep from syncing."""

    category: str
    error_type: str
    errors: int | None
    affected_records: int | None


@dataclass(frozen=True, slots=True)
class SyncError:
    """One current sync error; ``id`` is what its resync is asked for by, ``record`` names the HubSpot or Salesforce
    record it belongs to."""

    id: str
    category: str
    error_type: str | None
    record: str
    object_type: str | None = None
    hubspot_id: str | None = None
    salesforce_id: str | None = None
    affected_records: int | None = None
    last_seen: str | None = None
    details: str | None = None

    @property
    def called(self) -> str:
        """What people know its record by: an id of the record or else its name, never the id of the error."""
        kind = self.object_type or "record"
        told = self.hubspot_id or self.salesforce_id or self.record.removeprefix(f"{kind}/")
        return f"{kind} without a name" if told == self.id else f"{kind} {told}"


@dataclass(frozen=True, slots=True)
class WaitingRecord(SyncError):
    """A record that no error tells of, taken as if one did; it waits since ``changed_at``."""

    changed_at: float = 0.0
