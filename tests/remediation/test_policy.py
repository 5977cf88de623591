"""What is done about an alert, or why not."""

from __future__ import annotations

from typing import Any

import pytest

from exporter.catalog.catalog import CATALOG, UNKNOWN
from exporter.config.settings import Policy, Remediation
from exporter.model import Suspension
from exporter.remediation.actions import ACTIONS, ActionKind
from exporter.remediation.order import Order
from exporter.remediation.policy import decide, why_not_by
from exporter.remediation.refusal import Refusal
from exporter.state.facts import Facts
from tests.remediation.payloads import FIELD_PERMISSIONS, SYNC_ERRORS, alert, parsed, sync_errors

BOTH = ("bridge", "clear-suspension")
SUSPENDED = Facts(suspension=Suspension(suspended=True, reason="salesforce_org_locked", since=None))
RUNNING = Facts(suspension=Suspension(suspended=False, reason=None, since=None))
DEFAULTS = Remediation()


def decision(
    entry: dict[str, Any], settings: Remediation = DEFAULTS, facts: Facts = RUNNING, *, own: str | None = "bridge"
) -> Order | Refusal | None:
    """About the one action that the policies name, or mean."""
    decisions = decide(parsed(entry), settings, facts, own=own, can=("bridge",))
    assert len(decisions) <= 1
    return next(iter(decisions.values()), None)


def ordered(entry: dict[str, Any], settings: Remediation = DEFAULTS, facts: Facts = RUNNING) -> Order:
    order = decision(entry, settings, facts)
    assert isinstance(order, Order)
    return order


def refused(entry: dict[str, Any], settings: Remediation = DEFAULTS, facts: Facts = RUNNING, **more: str | None) -> str:
    refusal = decision(entry, settings, facts, **more)
    assert isinstance(refusal, Refusal)
    assert refusal.detail
    return refusal.reason


def in_categories(*categories: str) -> set[tuple[str, str]]:
    """Every pair of these categories, error types outside the catalogue included."""
    named = {pair for pair in CATALOG.pairs if pair[0] in categories}
    return named | {(category, UNKNOWN) for category in categories}


CAUSED = {
    "HubSpotSalesforceOrgApiLimitExceeded": ("other",),
    "HubSpotSalesforceOrgApiAccessDisabled": ("permissions", "other"),
    "HubSpotSalesforceUnknownError": ("other",),
    "HubSpotSalesforceObjectPermissionsMissing": ("permissions",),
    "HubSpotSalesforceFieldPermissionsMissing": ("permissions",),
    "HubSpotSalesforceOrgLocked": ("other",),
    "HubSpotSalesforceOrgStorageLimitExceeded": ("other",),
    "HubSpotSalesforceOrgUnavailable": ("other",),
    "HubSpotSalesforceServerError": ("other",),
    "HubSpotSalesforceApiAllocationExceeded": ("other",),
    "HubSpotSalesforceFieldMappingsMissing": ("property_mappings", "other"),
}


@pytest.mark.parametrize("name", CAUSED)
def test_the_end_of_a_suspension_resyncs_what_it_caused(name: str) -> None:
    """The alert of each of the eleven reasons, once resolved, orders a resync of the errors that reason caused."""
    assert ordered(alert(name)).errors == in_categories(*CAUSED[name])


WAITING = {("unsynced", "stale"), ("unsynced", "created")}


@pytest.mark.parametrize("name", CAUSED)
@pytest.mark.parametrize(
    ("own", "can", "caught_up"),
    [
        ("touch", ("touch",), True),
        ("touch", ("touch", "hook"), True),
        ("touch", ("touch", "bridge"), False),
        ("bridge", ("touch", "bridge"), False),
        ("hook", ("touch", "hook"), False),
    ],
)
def test_without_a_bridge_what_changed_meanwhile_is_resynced_too(
    name: str, own: str, can: tuple[str, ...], caught_up: bool
) -> None:
    """Where there is a bridge its errors say what is left. What was created waits where it is known to sync."""
    order = decide(parsed(alert(name)), DEFAULTS, RUNNING, own=own, can=can)[own]
    assert isinstance(order, Order)
    assert order.errors - in_categories(*CAUSED[name]) == (WAITING if caught_up else set())


def test_records_that_never_synced_are_resynced_where_a_policy_names_them() -> None:
    """As any others."""
    policy = Policy("Mine", "resolved", CATALOG.select(["unsynced"], ["unknown"]))
    order = ordered(alert("Mine"), Remediation(policies=(policy,)))
    assert order.errors >= {("unsynced", "stale"), ("unsynced", "never_synced"), ("other", "unknown")}


@pytest.mark.parametrize("name", CAUSED)
def test_a_suspension_that_begins_orders_nothing(name: str) -> None:
    """While the cause is there a resync would only burn calls; no policy speaks of it."""
    assert decision(alert(name, "firing")) is None


def test_every_suspension_reason_has_its_alert() -> None:
    """The table above names all eleven."""
    assert {reason.alert for reason in CATALOG.suspension_reasons} == set(CAUSED)


CURABLE = {
    "associations": {("associations", "waiting_for_account_to_sync")},
    "other": {("other", "unknown")},
}


@pytest.mark.parametrize("category", CATALOG.category_names)
def test_sync_errors_are_resynced_where_that_can_cure_them(category: str) -> None:
    """Of the eight categories two hold errors that a plain resync cures; for the rest somebody must act first."""
    if category in CURABLE:
        assert ordered(sync_errors(category)).errors == CURABLE[category]
    else:
        assert refused(sync_errors(category)) == "not_retryable"


def test_sync_errors_of_no_category_mean_all_that_can_be_cured() -> None:
    """An alert that was aggregated over the categories orders every curable pair."""
    assert ordered(alert(SYNC_ERRORS, "firing")).errors == CURABLE["associations"] | CURABLE["other"]


def test_errors_that_are_gone_order_nothing() -> None:
    """The end of sync errors needs no resync."""
    assert decision(sync_errors("other", "resolved")) is None


def test_a_category_outside_the_catalogue_is_not_retryable() -> None:
    """Of errors nobody knows nothing can be promised."""
    assert refused(sync_errors("weather")) == "not_retryable"


@pytest.mark.parametrize("name", ["HubSpotSalesforceExporterDown", "Watchdog", ""])
def test_alerts_no_policy_speaks_of_are_ignored(name: str) -> None:
    """They are not refusals: nobody asked for anything."""
    assert decision(alert(name)) is None
    assert decision(alert(name), Remediation(enabled=False)) is None


@pytest.mark.parametrize(
    ("settings", "own", "reason"),
    [
        (Remediation(enabled=False), "bridge", "disabled"),
        (Remediation(enabled=False, dry_run=True), "bridge", "disabled"),
        (Remediation(dry_run=True), "bridge", "dry_run"),
        (Remediation(), None, "disabled"),
        (Remediation(), "touch", "disabled"),
    ],
)
@pytest.mark.parametrize("entry", [alert(), sync_errors("other")], ids=["resolved", "firing"])
def test_a_standing_refusal(settings: Remediation, own: str | None, reason: str, entry: dict[str, Any]) -> None:
    """Switched off, a dry run, nothing to resync with, or not all of it refuse resolved and firing alerts alike."""
    assert refused(entry, settings, own=own) == reason


def test_a_dry_run_says_what_it_would_have_done() -> None:
    """The categories stand in the refusal's detail."""
    refusal = decision(alert("HubSpotSalesforceFieldMappingsMissing"), Remediation(dry_run=True))
    assert isinstance(refusal, Refusal)
    assert refusal.detail.endswith("would have resynced other, property_mappings")


def test_only_a_firing_alert_is_refused_by_the_gate() -> None:
    """A firing one is repeated by Alertmanager and judged anew; a resolved one comes once, so its order is taken."""
    assert refused(sync_errors("other"), facts=SUSPENDED) == "suspended"
    assert ordered(alert(), facts=SUSPENDED).errors == in_categories("permissions")


def test_configured_policies_replace_the_defaults() -> None:
    """With policies of one's own none of the shipped ones applies; an empty list means none at all."""
    own = Policy("CrmFixed", "resolved", CATALOG.select(["picklists"], []), cooldown=60.0, max_attempts=2)
    settings = Remediation(policies=(own,))
    assert ordered(alert("CrmFixed"), settings) == Order(frozenset(in_categories("picklists")), 60.0, 2)
    assert decision(alert(FIELD_PERMISSIONS), settings) is None
    assert decision(alert("CrmFixed", "firing"), settings) is None
    assert decision(alert(FIELD_PERMISSIONS), Remediation(policies=())) is None


def test_policies_for_the_same_alert_add_up() -> None:
    """Their errors are joined; of their limits the stricter one holds."""
    settings = Remediation(
        policies=(
            Policy("CrmFixed", "resolved", CATALOG.select(["picklists"], []), cooldown=60.0, max_attempts=9),
            Policy("CrmFixed", "resolved", CATALOG.select([], ["invalid_email"]), cooldown=30.0, max_attempts=3),
        )
    )
    expected = frozenset(in_categories("picklists") | {("property_values", "invalid_email")})
    assert ordered(alert("CrmFixed"), settings) == Order(expected, cooldown=60.0, max_attempts=3)


def test_a_policy_names_an_action_or_means_the_integrations_own() -> None:
    """Each action is decided about by itself: one that cannot be done takes nothing from another."""
    settings = Remediation(
        policies=(
            Policy("CrmFixed", "resolved", CATALOG.select(["picklists"], []), action="touch"),
            Policy("CrmFixed", "resolved", CATALOG.select(["duplicates"], [])),
            Policy("CrmFixed", "resolved", CATALOG.select(["other"], []), action="bridge"),
            Policy("CrmFixed", "resolved", CATALOG.select(["other"], []), action="hook"),
        )
    )
    made = decide(parsed(alert("CrmFixed")), settings, RUNNING, own="bridge", can=("bridge", "touch"))
    ordered = {action: order.errors for action, order in made.items() if isinstance(order, Order)}
    assert ordered == {"touch": in_categories("picklists"), "bridge": in_categories("duplicates", "other")}
    assert made["hook"] == Refusal(
        "disabled",
        "the integration has not what the action hook needs: a hook (remediation.hook.url) and somebody who lists "
        "errors (sync_health)",
    )


@pytest.mark.parametrize("kind", ACTIONS, ids=lambda kind: kind.name)
def test_of_every_action_it_is_known_what_it_needs(kind: ActionKind) -> None:
    """A key of the configuration at least."""
    said = why_not_by(kind.name, ())
    assert said is not None
    assert said.startswith(f"the integration has not what the action {kind.name} needs: ")
    assert why_not_by(kind.name, (kind.name,)) is None


@pytest.mark.parametrize("reason", [reason.name for reason in CATALOG.cleared_by_button])
def test_a_suspension_that_needs_the_button_gets_it(reason: str) -> None:
    """When its alert fires, although it is suspended; what it caused is resynced after. Once over, that is all."""
    named = next(known for known in CATALOG.suspension_reasons if known.name == reason)
    firing = decide(parsed(alert(named.alert, "firing")), Remediation(), SUSPENDED, own="bridge", can=BOTH)
    assert list(firing) == ["clear-suspension"]
    order = firing["clear-suspension"]
    assert isinstance(order, Order)
    assert order.errors == CATALOG.select(named.caused, ())
    assert list(decide(parsed(alert(named.alert)), Remediation(), RUNNING, own="bridge", can=BOTH)) == ["bridge"]


def test_where_nobody_can_press_the_button_nobody_is_told_to() -> None:
    """The default is silent; a policy of one's own says what is missing."""
    entry = parsed(alert("HubSpotSalesforceOrgLocked", "firing"))
    assert decide(entry, Remediation(), SUSPENDED, own="touch", can=("touch",)) == {}
    own = Policy("HubSpotSalesforceOrgLocked", "firing", CATALOG.select(["other"], []), action="clear-suspension")
    refusal = decide(entry, Remediation(policies=(own,)), SUSPENDED, own="touch", can=("touch",))
    assert refusal["clear-suspension"] == Refusal(
        "disabled", "the integration has not what the action clear-suspension needs: a bridge (sync_health.url)"
    )


def test_other_suspensions_end_without_a_button() -> None:
    """They clear by themselves, or when the owner has mended the cause."""
    alerts = {reason.alert for reason in CATALOG.suspension_reasons if not reason.clears_by_button}
    for name in alerts:
        assert decide(parsed(alert(name, "firing")), Remediation(), SUSPENDED, own="bridge", can=BOTH) == {}
