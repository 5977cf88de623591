"""Numbers and reasons as a person reads them. Pure."""

from __future__ import annotations

MINUTE, HOUR = 60, 3600

REASONS = {
    "cooldown": "resynced a short while ago",
    "max_attempts": "resynced as often as a day allows",
    "api_budget": "more Salesforce API calls than may be used",
    "suspended": "the integration is suspended, or nobody knows whether it is",
    "needs_approval": "so many records need somebody's approval",
    "waiting_for_cause": "the cause is still there",
    "circuit_open": "the first batches cured nothing",
    "hubspot_quota": "HubSpot's own API calls are used up",
    "no_records": "no such error or record is left, or it was cured since its export",
}
"""Of ``resync_refusals_total{reason}``."""


def counted(count: int, noun: str) -> str:
    """``1 record``, ``1,200 records``, ``2 batches``."""
    plural = "es" if noun.endswith("ch") else "s"
    return f"{count:,} {noun}{'' if count == 1 else plural}"


def lasting(seconds: float) -> str:
    """``8 s``, ``3 min``, ``2 h 5 min``."""
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    minutes = round(seconds / MINUTE)
    if minutes < HOUR // MINUTE:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def told(reason: str, detail: str = "") -> str:
    """A reason of the ledger with what it means, or with the particulars where there are any."""
    more = detail or REASONS.get(reason, "")
    return f"{reason}: {more}" if more else reason
