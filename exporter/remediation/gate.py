"""Whether a record may be resynced right now. Pure: no clock, no store, no network.

Looked at when a firing alert arrives, and before each request of a running job, since minutes may lie between.
"""

from __future__ import annotations

from collections.abc import Iterable

from exporter.catalog.catalog import CATALOG, UNKNOWN
from exporter.remediation.refusal import Refusal
from exporter.state.conditions import Condition
from exporter.state.evidence import Evidence
from exporter.state.facts import Facts

ALLOCATION_SHARE = 0.75
"""Above this share of the allocation HubSpot stops its own retries, and so do we."""

ORG_RESERVE = 0.10
"""The last part of the org's limit is left to its other apps."""


def gate(facts: Facts, unseen_calls: int = 0) -> Refusal | None:
    """Why no record may be resynced right now. ``unseen_calls`` were spent since the usage in ``facts`` was stated."""
    if facts.suspension is not None and facts.suspension.suspended:
        return Refusal("suspended", f"HubSpot reports the integration suspended ({facts.suspension.reason or UNKNOWN})")
    allocated, used, org_limit, org_used = (
        facts.calls_allocated,
        facts.calls_used,
        facts.org_calls_limit,
        facts.org_calls_used,
    )
    if allocated is not None and used is not None and used + unseen_calls >= ALLOCATION_SHARE * allocated:
        return Refusal("api_budget", f"{used + unseen_calls} of {allocated} allocated API calls are used")
    suspected = facts.calls_suspected
    if (
        allocated is not None
        and suspected is not None
        and suspected.calls + unseen_calls >= ALLOCATION_SHARE * allocated
    ):
        detail = f"{suspected.calls + unseen_calls} of {allocated} allocated API calls may be used: {suspected.why}"
        return Refusal("api_budget", detail)
    if org_limit is not None and org_used is not None and org_used + unseen_calls >= (1 - ORG_RESERVE) * org_limit:
        return Refusal("api_budget", f"{org_used + unseen_calls} of the org's {org_limit} API calls are used")
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
