"""What to do about an alert, or why not. Pure: no clock, no store, no network.

``decide`` looks at a notification as it arrives; ``gate`` looks at the state of the integration, then and again before
each request of a running job, since minutes may lie between. ``choose`` picks the records.

A firing alert that the gate refuses makes no job: Alertmanager repeats it, and the repeat is judged anew. A resolved
alert is sent once, so its order is taken in any case, and its job waits until the gate opens.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from exporter.catalog.catalog import CATALOG, UNKNOWN
from exporter.config.settings import Policy, Remediation
from exporter.model import SyncError
from exporter.remediation.notification import Alert
from exporter.state.conditions import Condition, Evidence
from exporter.state.facts import Facts

ALLOCATION_SHARE = 0.75
"""Above this share of the allocation HubSpot stops its own retries, and so do we."""

ORG_RESERVE = 0.10
"""The last part of the org's limit is left to its other apps."""

SYNC_ERRORS_ALERT = "HubSpotSalesforceSyncErrors"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing is done: ``reason`` is a value of ``resync_refusals_total{reason}``."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done: resync every error of these (category, error type) pairs."""

    errors: frozenset[tuple[str, str]]
    cooldown: float
    max_attempts: int


@dataclass(frozen=True, slots=True)
class Attempts:
    """Earlier resyncs of one record: how many in the last 24 hours, and when the last was."""

    count: int
    last_at: float


def default_policies() -> tuple[Policy, ...]:
    """Resync at once what a plain resync can cure; resync what a suspension caused once its alert is resolved."""
    caused = tuple(
        Policy(alert=reason.alert, on="resolved", errors=CATALOG.select(reason.caused, ()))
        for reason in CATALOG.suspension_reasons
    )
    return (Policy(alert=SYNC_ERRORS_ALERT, on="firing", errors=CATALOG.resyncable), *caused)


def decide(alert: Alert, settings: Remediation, facts: Facts, *, can_resync: bool) -> Order | Refusal | None:
    """The order for an alert, the reason against it, or ``None`` when no policy speaks of it."""
    policies = default_policies() if settings.policies is None else settings.policies
    matching = [policy for policy in policies if (policy.alert, policy.on) == (alert.name, alert.status)]
    if not matching:
        return None
    errors = frozenset().union(*(policy.errors for policy in matching))
    if "category" in alert.labels:
        errors = frozenset(pair for pair in errors if pair[0] == alert.labels["category"])
    wanted = ", ".join(sorted({category for category, _ in errors}))
    refusal = _standing_refusal(settings, wanted, can_resync=can_resync)
    if not errors:
        refusal = Refusal("not_retryable", "a plain resync cannot cure these errors before somebody acts")
    elif refusal is None and alert.status == "firing":
        refusal = gate(facts)
    if refusal is not None:
        return refusal
    return Order(
        errors=errors,
        cooldown=max(policy.cooldown for policy in matching),
        max_attempts=min(policy.max_attempts for policy in matching),
    )


def _standing_refusal(settings: Remediation, wanted: str, *, can_resync: bool) -> Refusal | None:
    if not settings.enabled:
        return Refusal("disabled", f"remediation.enabled is false; would have resynced {wanted}")
    if not can_resync:
        return Refusal("disabled", "no sync_health.url is configured, so there is no bridge to resync with")
    if settings.dry_run:
        return Refusal("dry_run", f"remediation.dry_run is true; would have resynced {wanted}")
    return None


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


@dataclass(frozen=True, slots=True)
class Choice:
    """The errors to resync, and how many were left out for which reason."""

    errors: tuple[SyncError, ...]
    refused: Mapping[str, int]


def choose(errors: Iterable[SyncError], order: Order, attempts: Mapping[str, Attempts], now: float) -> Choice:
    """Leaves out records resynced too recently or too often."""
    chosen: list[SyncError] = []
    refused: Counter[str] = Counter()
    for error in errors:
        before = attempts.get(error.record)
        if before is not None and before.count >= order.max_attempts:
            refused["max_attempts"] += 1
        elif before is not None and now - before.last_at < order.cooldown:
            refused["cooldown"] += 1
        else:
            chosen.append(error)
    return Choice(tuple(chosen), refused)
