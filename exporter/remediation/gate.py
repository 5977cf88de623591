"""Whether a record may be resynced right now. Pure: no clock, no store, no network.

Looked at when a firing alert arrives, before a job begins, with all that it may cost, and before each of its requests,
since minutes may lie between.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from exporter.catalog.catalog import CATALOG, UNKNOWN
from exporter.config.settings import USUAL_GUARDS, Guards
from exporter.remediation.refusal import Refusal
from exporter.state.conditions import Condition
from exporter.state.evidence import Evidence
from exporter.state.facts import Facts

MOST_CALLS = 4
"""Salesforce API calls that a resync can cost: HubSpot, of the sync of a contact (2017, and again until 2023)."""

HUBSPOT_RESERVE = 0.10
"""The last part of the HubSpot account's day is left to its other apps."""


@dataclass(frozen=True, slots=True)
class Unseen:
    """API calls that our own resyncs may have cost since the use was counted: the integration's, and the org's."""

    own: int = 0
    org: int = 0


def gate(facts: Facts, unseen: Unseen = Unseen(), calls: int = 0, guards: Guards = USUAL_GUARDS) -> Refusal | None:
    """Why so many further ``calls`` may not be made right now, or no record be resynced at all.

    What is ``unseen`` was spent since the use in ``facts`` was counted.
    """
    if facts.suspension is not None and facts.suspension.suspended:
        return Refusal("suspended", f"HubSpot reports the integration suspended ({facts.suspension.reason or UNKNOWN})")
    return _allocation_refusal(facts, guards, unseen.own, calls) or _org_refusal(facts, guards, unseen.org, calls)


@dataclass(frozen=True, slots=True)
class Room:
    """Calls that a job may cost: in a window of its own, and as it is used now. ``None`` where nothing that is known
    bounds it."""

    most: float | None
    now: float | None


def room(facts: Facts, guards: Guards) -> Room:
    """By what the allocation and the org's limit leave, as far as they are known."""
    suspected = facts.calls_suspected.calls if facts.calls_suspected else 0
    used_of = (
        (guards.allocation_share, facts.calls_allocated, facts.calls_used or suspected),
        (1 - guards.org_reserve, facts.org_calls_limit, facts.org_calls_used or 0),
    )
    bounds = [(share * limit, used) for share, limit, used in used_of if limit is not None]
    return Room(
        min((most for most, _used in bounds), default=None), min((most - used for most, used in bounds), default=None)
    )


def _allocation_refusal(facts: Facts, guards: Guards, unseen: int, calls: int) -> Refusal | None:
    allocated = facts.calls_allocated
    if allocated is None:
        return None
    limit = guards.allocation_share * allocated
    used, suspected = facts.calls_used, facts.calls_suspected
    if used is not None and _over(used + unseen, calls, limit):
        detail = f"{used + unseen} of {allocated} allocated API calls are used"
    elif suspected is not None and _over(suspected.calls + unseen, calls, limit):
        detail = f"{suspected.calls + unseen} of {allocated} allocated API calls may be used: {suspected.why}"
    elif unseen + calls and _over(unseen, calls, limit):
        detail = f"{unseen} of {allocated} allocated API calls may be used by resyncs alone"
    else:
        return None
    bound = f"at most {guards.allocation_share:.0%} of the allocation may be used"
    return Refusal("api_budget", detail + _further(calls, bound))


def _org_refusal(facts: Facts, guards: Guards, unseen: int, calls: int) -> Refusal | None:
    limit, used = facts.org_calls_limit, facts.org_calls_used
    if limit is None or used is None or not _over(used + unseen, calls, (1 - guards.org_reserve) * limit):
        return None
    reserve = f"the last {guards.org_reserve:.0%} are left to the org's other apps"
    return Refusal("api_budget", f"{used + unseen} of the org's {limit} API calls are used" + _further(calls, reserve))


def _over(used: float, calls: int, limit: float) -> bool:
    return used >= limit or used + calls > limit


def _further(calls: int, bound: str) -> str:
    return f"; up to {calls} more are needed, and {bound}" if calls else ""


def hubspot_refusal(facts: Facts, calls: int) -> Refusal | None:
    """Why so many further calls of HubSpot's API may not be made today. None at all may be made at any time, and what
    is not known refuses nothing."""
    limit, used = facts.hubspot_calls_limit, facts.hubspot_calls_used
    if calls <= 0 or limit is None or used is None or used + calls <= (1 - HUBSPOT_RESERVE) * limit:
        return None
    detail = f"{used} of the HubSpot account's {limit} API calls of the day are used, {calls} more are wanted"
    return Refusal("api_budget", detail)


def cause_refusal(alert_name: str, conditions: Iterable[Condition]) -> tuple[Refusal, Evidence] | None:
    """Why a job of a suspension alert waits although the alert is over, and the evidence that stands against it.

    HubSpot may take Clear Suspension while the exporter still sees the cause, or has not looked since it was removed.
    """
    reason = reason_of(alert_name)
    for condition in conditions:
        if condition.reason == reason and condition.holds and condition.set_by is not None:
            detail = f"the exporter still sees the cause: {condition.set_by.detail}"
            return Refusal("waiting_for_cause", detail), condition.set_by
    return None


def untold_refusal(conditions: Iterable[Condition]) -> Refusal | None:
    """The same where nobody tells of suspensions, such as exported errors alone: any cause of one may have brought it
    about."""
    for condition in conditions:
        if condition.holds and condition.set_by is not None:
            untold = "nobody tells whether HubSpot has suspended it, and the exporter sees why it may have"
            return Refusal("waiting_for_cause", f"{untold}: {condition.set_by.detail}")
    return None


def reason_of(alert_name: str) -> str | None:
    """The suspension reason that an alert is about."""
    return next((known.name for known in CATALOG.suspension_reasons if known.alert == alert_name), None)
