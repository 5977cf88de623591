"""Whether a record may be resynced right now. Pure: no clock, no store, no network.

Looked at when a firing alert arrives, and before each request of a running job, since minutes may lie between.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from exporter.catalog.catalog import CATALOG, UNKNOWN
from exporter.remediation.refusal import Refusal
from exporter.state.conditions import Condition
from exporter.state.evidence import Evidence
from exporter.state.facts import Facts

ALLOCATION_SHARE = 0.75
"""Above this share of the allocation HubSpot stops its own retries, and so do we."""

ORG_RESERVE = 0.10
"""The last part of the org's limit is left to its other apps."""


@dataclass(frozen=True, slots=True)
class Unseen:
    """API calls that our own resyncs may have cost since the use was counted: the integration's, and the org's."""

    own: int = 0
    org: int = 0


def gate(facts: Facts, unseen: Unseen = Unseen()) -> Refusal | None:
    """Why no record may be resynced right now. What is ``unseen`` was spent since the use in ``facts`` was counted."""
    if facts.suspension is not None and facts.suspension.suspended:
        return Refusal("suspended", f"HubSpot reports the integration suspended ({facts.suspension.reason or UNKNOWN})")
    return _allocation_refusal(facts, unseen.own) or _org_refusal(facts, unseen.org)


def _allocation_refusal(facts: Facts, unseen: int) -> Refusal | None:
    allocated = facts.calls_allocated
    if allocated is None:
        return None
    limit = ALLOCATION_SHARE * allocated
    used, suspected = facts.calls_used, facts.calls_suspected
    if used is not None and used + unseen >= limit:
        return Refusal("api_budget", f"{used + unseen} of {allocated} allocated API calls are used")
    if suspected is not None and suspected.calls + unseen >= limit:
        detail = f"{suspected.calls + unseen} of {allocated} allocated API calls may be used: {suspected.why}"
        return Refusal("api_budget", detail)
    if unseen and unseen >= limit:
        return Refusal("api_budget", f"{unseen} of {allocated} allocated API calls may be used by resyncs alone")
    return None


def _org_refusal(facts: Facts, unseen: int) -> Refusal | None:
    limit, used = facts.org_calls_limit, facts.org_calls_used
    if limit is not None and used is not None and used + unseen >= (1 - ORG_RESERVE) * limit:
        return Refusal("api_budget", f"{used + unseen} of the org's {limit} API calls are used")
    return None


def cause_refusal(alert_name: str, conditions: Iterable[Condition]) -> tuple[Refusal, Evidence] | None:
    """Why a job of a suspension alert waits although the alert is over, and the evidence that stands against it.

    HubSpot may take Clear Suspension while the exporter still sees the cause, or has not looked since it was removed.
    """
    reason = next((known.name for known in CATALOG.suspension_reasons if known.alert == alert_name), None)
    for condition in conditions:
        if condition.reason == reason and condition.holds and condition.set_by is not None:
            detail = f"the exporter still sees the cause: {condition.set_by.detail}"
            return Refusal("not_retryable", detail), condition.set_by
    return None
