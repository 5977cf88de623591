"""The HubSpot account."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HubSpotAccount:
    """The HubSpot account: its id, the host of its pages, and the API calls of its day, which ends at ``resets_at``
    (midnight of its time zone; ``None`` where that is not told). Its apps share the limit, and use it together."""

    portal_id: int | None
    ui_domain: str | None
    calls_used: int | None
    calls_limit: int | None
    resets_at: float | None = None

    def used_at(self, now: float) -> int | None:
        """The calls of the day that ``now`` is in: what was counted of yesterday says nothing of today."""
        return None if self.resets_at is not None and now >= self.resets_at else self.calls_used
