"""What to do about an alert, or why not. Pure: no clock, no store, no network.

A firing alert that the gate refuses makes no job: Alertmanager repeats it, and the repeat is judged anew. So is the
repeat of one that made a job which has ended: what it left, and what has come since, is still there. A resolved alert
is sent once, so its order is taken in any case, and its job waits until the gate opens.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping, Sequence

from exporter.catalog.catalog import CATALOG, CREATED, STALE, UNSYNCED
from exporter.config.settings import USUAL_GUARDS, Guards, Policy, Remediation
from exporter.remediation.actions import BridgeResync, ClearSuspension, Touch
from exporter.remediation.gate import gate
from exporter.remediation.notification import Alert
from exporter.remediation.order import Order
from exporter.remediation.refusal import Refusal
from exporter.state.facts import Facts

SYNC_ERRORS_ALERT = "HubSpotSalesforceSyncErrors"


@functools.cache
def default_policies(*, catch_up: bool = False) -> tuple[Policy, ...]:
    """Resync at once what a plain resync can cure; resync what a suspension caused once its alert is resolved; clear
    the suspensions that need it. ``catch_up``: what changed while it lasted is resynced too, error or not, and what was
    created where it is known to sync."""
    waiting = frozenset({(UNSYNCED, STALE), (UNSYNCED, CREATED)} if catch_up else ())
    caused = tuple(
        Policy(alert=reason.alert, on="resolved", errors=CATALOG.select(reason.caused, ()) | waiting)
        for reason in CATALOG.suspension_reasons
    )
    cleared = tuple(
        Policy(alert=reason.alert, on="firing", errors=CATALOG.select(reason.caused, ()), action=ClearSuspension.name)
        for reason in CATALOG.cleared_by_button
    )
    return (Policy(alert=SYNC_ERRORS_ALERT, on="firing", errors=CATALOG.resyncable), *caused, *cleared)


def decide(
    alert: Alert,
    settings: Remediation,
    facts: Facts,
    guards: Guards = USUAL_GUARDS,
    *,
    own: str | None,
    can: Collection[str],
) -> Mapping[str, Order | Refusal]:
    """By action, the order for an alert or the reason against it; nothing when no policy speaks of it.

    ``own`` is the action of the integration, meant by policies that name none (an empty name if it has none), ``can``
    are all that it has what is needed for.
    """
    policies = settings.policies
    if policies is None:
        # Where there is a bridge its errors are what is left behind. Else what changed meanwhile is found by search.
        by_touch = own == Touch.name and BridgeResync.name not in can
        # Nobody has asked for it outright where it cannot be done.
        usual = default_policies(catch_up=by_touch)
        policies = tuple(each for each in usual if each.action is None or each.action in can)
    by_action: dict[str, list[Policy]] = {}
    for policy in policies:
        if (policy.alert, policy.on) == (alert.name, alert.status):
            by_action.setdefault(policy.action or own or "", []).append(policy)
    return {
        action: _decide(alert, matching, settings, facts, guards, action, why_not_by(action, can))
        for action, matching in by_action.items()
    }


def _decide(
    alert: Alert,
    matching: Sequence[Policy],
    settings: Remediation,
    facts: Facts,
    guards: Guards,
    action: str,
    cannot: str | None,
) -> Order | Refusal:
    """About one action; ``matching`` is one policy at least."""
    errors: frozenset[tuple[str, str]] = frozenset().union(*(policy.errors for policy in matching))
    if "category" in alert.labels:
        errors = frozenset(pair for pair in errors if pair[0] == alert.labels["category"])
    wanted = ", ".join(sorted({category for category, _ in errors}))
    refusal = _standing_refusal(settings, wanted, cannot)
    if not errors:
        refusal = Refusal("not_retryable", "a plain resync cannot cure these errors before somebody acts")
    elif refusal is None and alert.status == "firing" and action != ClearSuspension.name:
        refusal = gate(facts, guards=guards)
    if refusal is not None:
        return refusal
    return Order(
        errors=errors,
        cooldown=max(policy.cooldown for policy in matching),
        max_attempts=min(policy.max_attempts for policy in matching),
    )


_LISTER = "somebody who lists errors (sync_health)"
_NEEDS = {
    "bridge": "a bridge (sync_health.url)",
    "touch": (
        "a property to touch (remediation.touch.property), a HubSpot token to write it with (hubspot.token_file), and "
        f"{_LISTER} or hubspot.unsynced.objects"
    ),
    "hook": f"a hook (remediation.hook.url) and {_LISTER}",
    "clear-suspension": "a bridge (sync_health.url)",
}
"""By the name of an action, what its integration has to have."""


def why_not_by(action: str, can: Collection[str]) -> str | None:
    """Why the integration has not what the action needs; ``None`` if it has."""
    if not action:
        return (
            "nothing to resync with: it takes a bridge (sync_health.url), or a property to touch "
            "(remediation.touch.property) and a HubSpot token to write it with (hubspot.token_file)"
        )
    return None if action in can else f"the integration has not what the action {action} needs: {_NEEDS[action]}"


def repeat_after(alert: Alert, settings: Remediation) -> float | None:
    """How many seconds after the last that was taken the same notification is a new order; ``None`` if it never is."""
    return settings.repeat_after if alert.status == "firing" else None


def _standing_refusal(settings: Remediation, wanted: str, cannot: str | None) -> Refusal | None:
    off = why_not(settings)
    if off is not None and off.reason == "dry_run" and cannot is not None:
        return Refusal("disabled", cannot)
    if off is not None:
        return Refusal(off.reason, f"{off.detail}; would have resynced {wanted}")
    return None if cannot is None else Refusal("disabled", cannot)


def why_not(settings: Remediation) -> Refusal | None:
    """Why nothing is resynced at all, whatever it is."""
    if not settings.enabled:
        return Refusal("disabled", "remediation.enabled is false")
    if settings.dry_run:
        return Refusal("dry_run", "remediation.dry_run is true")
    return None
