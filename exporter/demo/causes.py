"""One scenario for every cause of a suspension: the exporter sees it although HubSpot reports nothing.

The simulated Sync Health page leaves the suspension out, as it is for a team without a bridge. The right condition must
rise, no other may, the warning must fire, and all must be over once the cause is gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exporter.catalog.catalog import CATALOG
from exporter.demo.observer import END_FAULTS, View
from exporter.demo.scenario import Act, Scenario, Step, healthy

_REPORTS_NOTHING: Act = ("bridge-omits", {"parts": ["suspension"]})
# Everyday changes end too: of each object the exporter sees only the newest ones, and those must have waited.
_SILENCE: tuple[Act, ...] = (("traffic", {"records_per_second": 0}), ("fall-silent", {"seconds_ago": 7200}))
_SPEECH: tuple[Act, ...] = (("traffic", {"records_per_second": 6}), ("speak-again", {}))


def raised(view: View) -> frozenset[str]:
    """The reasons whose condition Prometheus holds at 1."""
    return frozenset(
        reason for reason in CATALOG.reason_names if view.value("suspension_condition", reason=reason) == 1
    )


def _all_judged(view: View) -> bool:
    judged = view.metrics.get("hubspot_salesforce_suspension_condition", {})
    return healthy(view) and len(judged) == len(CATALOG.reason_names) - 1 and not raised(view)


_ALL_IS_WELL = Step(
    "All is well, and every cause has been looked for", _all_judged, lambda _view: "no condition", at_most=45
)


def _cause(name: str, title: str, reason: str, sets: tuple[Act, ...], ends: tuple[Act, ...]) -> Scenario:
    """A scenario in which ``reason`` is seen, alone, and goes away again."""
    alert = next(known.alert for known in CATALOG.suspension_reasons if known.name == reason)

    def only_that_one(view: View) -> bool:
        return raised(view) <= {reason}

    return Scenario(
        name=name,
        title=title,
        steps=(
            _ALL_IS_WELL,
            Step(
                title,
                lambda view: raised(view) == {reason},
                lambda _view: f"condition {reason}, and no other; HubSpot has reported nothing",
                acts=(_REPORTS_NOTHING, *sets),
            ),
            Step(
                "The warning fires",
                lambda view: view.firing(alert, "warning"),
                lambda _view: f"{alert} (warning)",
            ),
            Step(
                "The cause goes away",
                lambda view: not raised(view) and not view.firing(alert, "warning"),
                lambda _view: "no condition, the alert is resolved",
                acts=ends,
            ),
        ),
        always=only_that_one,
    )


def _fault(name: str) -> Act:
    return "fault", {"api": "salesforce", "fault": name}


_END_FAULTS: Act = (END_FAULTS, {})

_TABLE: tuple[tuple[str, str, tuple[Act, ...], tuple[Act, ...]], ...] = (
    (
        "salesforce_org_api_limit_exceeded",
        "HubSpot, without an allocation, uses up the org's API calls",
        (("allocation", {"calls": None}), ("use-api-calls", {"app": "HubSpot", "calls": 3000})),
        (("limit", {"calls": 100_000}),),
    ),
    (
        "salesforce_org_api_access_disabled",
        "The integration user loses API Enabled",
        (("user", {"api_enabled": False}),),
        (("user", {"api_enabled": True}),),
    ),
    (
        "salesforce_object_permissions_missing",
        "The integration user loses edit on contacts",
        (("object-permission", {"object": "Contact", "access": "edit", "granted": False}),),
        (("object-permission", {"object": "Contact", "access": "edit", "granted": True}),),
    ),
    (
        "salesforce_field_permissions_missing",
        "The integration user loses edit on Contact.Email",
        (("field-permission", {"object": "Contact", "field": "Email", "access": "edit", "granted": False}),),
        (("field-permission", {"object": "Contact", "field": "Email", "access": "edit", "granted": True}),),
    ),
    (
        "salesforce_org_locked",
        "Another update locks the org",
        (_fault("org_locked"),),
        (_END_FAULTS,),
    ),
    (
        "salesforce_org_storage_limit_exceeded",
        "The org runs out of data storage",
        (("storage", {"kind": "data", "used_mb": 1024, "max_mb": 1024}),),
        (("storage", {"kind": "data", "used_mb": 100, "max_mb": 1024}),),
    ),
    (
        "salesforce_org_unavailable",
        "Salesforce answers 503 with a page of HTML",
        (_fault("unavailable_html"),),
        (_END_FAULTS,),
    ),
    (
        "salesforce_server_error",
        "Salesforce answers 500",
        (_fault("server_error"),),
        (_END_FAULTS,),
    ),
    (
        "hubspot_api_limit_exceeded",
        "HubSpot uses up its allocation",
        (("allocation", {"calls": 1}),),
        (("allocation", {"calls": 1500}),),
    ),
    (
        "unknown_error",
        "HubSpot stopped syncing two hours ago and nobody knows why",
        _SILENCE,
        _SPEECH,
    ),
)

_BY_REASON = tuple(_cause(reason, title, reason, sets, ends) for reason, title, sets, ends in _TABLE)

_QUOTA_BY_ANOTHER_APP = _cause(
    "quota_by_another_app",
    "A data loader of another team uses up the org's API calls",
    "salesforce_org_api_limit_exceeded",
    (("use-api-calls", {"app": "Data loader", "calls": 3000}),),
    (("limit", {"calls": 100_000}),),
)

_TRUST_OUTAGE = _cause(
    "trust_outage",
    "Salesforce Trust reports a major incident of the org's instance",
    "salesforce_org_unavailable",
    (("trust", {"status": "MAJOR_INCIDENT_CORE"}),),
    (("trust", {"status": "OK"}),),
)

_HEARTBEAT_STOP = _cause(
    "heartbeat_stop",
    "The last sync time stands still while records change",
    "unknown_error",
    _SILENCE,
    _SPEECH,
)

_MAPPINGS_ALERT = "HubSpotSalesforceFieldMappingsMissing"

_MISSING_FIELD_MAPPINGS = Scenario(
    name="missing_field_mappings",
    title="HubSpot suspends the sync because field mappings are missing: only HubSpot can know",
    steps=(
        _ALL_IS_WELL,
        Step(
            "HubSpot reports the suspension",
            lambda view: view.value("suspension_reason", reason="missing_field_mappings") == 1,
            lambda _view: "reported as missing_field_mappings, no condition raised",
            acts=(("suspend", {"reason": "missing_field_mappings"}),),
        ),
        Step(
            "The page goes out",
            lambda view: view.firing(_MAPPINGS_ALERT, "critical") and _MAPPINGS_ALERT in view.notified,
            lambda _view: f"{_MAPPINGS_ALERT} (critical)",
        ),
        Step(
            "Somebody presses Clear Suspension",
            lambda view: view.value("suspended") == 0 and not view.firing(_MAPPINGS_ALERT, "critical"),
            lambda _view: "not suspended, the alert is resolved",
            acts=(("clear-suspension", {}),),
        ),
    ),
    always=lambda view: not raised(view),
)

_FAILING = "HubSpotSalesforceSourceFailing"

_TOKEN_REVOKED = Scenario(
    name="token_revoked",
    title="The connected app's credential is revoked: the exporter says so and does not hammer the login",
    steps=(
        _ALL_IS_WELL,
        Step(
            "The session ends and Salesforce refuses the login",
            lambda view: (
                view.value("source_up", source="salesforce_limits") == 0
                and (view.value("source_errors_total", source="salesforce_limits", kind="auth") or 0) > 0
            ),
            lambda _view: 'source_up 0, kind="auth", no condition raised',
            acts=(("fault", {"api": "token", "fault": "unauthorized"}), ("expire-sessions", {})),
        ),
        Step(
            "The warning fires",
            lambda view: view.firing(_FAILING, "warning") and _logins(view.simulated) <= _MOST_LOGINS,
            lambda view: f"{_FAILING} (warning) after only {_logins(view.simulated)} logins in all",
        ),
    ),
    always=lambda view: not raised(view),
)

_MOST_LOGINS = 4


def _logins(simulated: Mapping[str, Any]) -> int:
    return int(simulated["requests"].get("token", 0))


CAUSES: tuple[Scenario, ...] = (
    *_BY_REASON,
    _MISSING_FIELD_MAPPINGS,
    _QUOTA_BY_ANOTHER_APP,
    _TOKEN_REVOKED,
    _TRUST_OUTAGE,
    _HEARTBEAT_STOP,
)
