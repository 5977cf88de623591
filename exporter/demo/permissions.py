"""The story of the demo: from a withdrawn permission to resynced records, without a person touching the exporter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exporter.demo.observer import View
from exporter.demo.scenario import Scenario, Step, healthy

ALERT = "HubSpotSalesforceFieldPermissionsMissing"


def _permission_errors(view: View) -> int:
    return int(view.value("sync_errors", category="permissions") or 0)


def _passed_on(view: View) -> bool:
    """Whether the webhook has heard of the alert, and had nothing to do yet.

    Alertmanager says «resolved» only of what it had notified: of an alert that ends within its group_wait it is silent.
    """
    return (view.value("webhook_notifications_total", result="ignored") or 0) > len(view.refusals)


def _resync_of(view: View) -> Mapping[str, Any] | None:
    return next(iter(view.jobs_of(ALERT, "resolved")), None)


def _resync_records(view: View, outcome: str) -> int:
    job = _resync_of(view)
    return int(job["records"][outcome]) if job else 0


def _cured(view: View) -> int:
    return int(view.value("resync_verified_records_total", action="bridge", outcome="cured") or 0)


def _errors_gone(view: View) -> bool:
    return view.value("sync_errors") == 0 and view.simulated["errors"]["total"] == 0 and view.value("suspended") == 0


def _nothing_left(view: View) -> bool:
    return not any(alert.state == "firing" for alert in view.alerts)


PERMISSIONS = Scenario(
    name="permissions",
    title="An administrator withdraws a field permission; HubSpot suspends the sync; the permission comes back",
    steps=(
        Step(
            "All is well: records sync, Prometheus sees both sources, no alert",
            healthy,
            lambda view: f"{int(view.value('org_api_calls_used') or 0)} API calls used by the org, 0 errors",
            at_most=45,
        ),
        Step(
            "The Salesforce administrator withdraws edit on Contact.Email: sync errors appear",
            lambda view: _permission_errors(view) > 0,
            lambda view: f"{_permission_errors(view)} errors in category permissions",
            acts=(("field-permission", {"object": "Contact", "field": "Email", "granted": False}),),
        ),
        Step(
            "HubSpot gives up and suspends the integration",
            lambda view: view.value("suspension_reason", reason="salesforce_field_permissions_missing") == 1,
            lambda view: f"suspended with {_permission_errors(view)} errors waiting",
        ),
        Step(
            "Prometheus fires the alert, Alertmanager passes it on",
            lambda view: view.firing(ALERT, "critical") and ALERT in view.notified and _passed_on(view),
            lambda _view: f"{ALERT} (critical)",
        ),
        Step(
            "The administrator gives the permission back and presses Clear Suspension",
            lambda view: view.value("suspended") == 0,
            lambda view: f"no longer suspended, but {_permission_errors(view)} errors are still there",
            acts=(
                ("field-permission", {"object": "Contact", "field": "Email", "granted": True}),
                ("clear-suspension", {}),
            ),
        ),
        Step(
            "The alert resolves",
            lambda view: not view.firing(ALERT, "critical"),
            lambda _view: f"{ALERT} resolved",
        ),
        Step(
            "Alertmanager calls the webhook; the exporter stores a job",
            lambda view: _resync_of(view) is not None,
            lambda view: f"job {(_resync_of(view) or {})['id']}: resync permissions",
        ),
        Step(
            "The exporter resyncs the errors the suspension caused, at most 100 a request",
            lambda view: (_resync_of(view) or {}).get("state") == "done" and _resync_records(view, "succeeded") > 0,
            lambda view: (
                f"{_resync_records(view, 'succeeded')} records resynced, {_resync_records(view, 'failed')} failed"
            ),
        ),
        Step(
            "The errors are gone",
            _errors_gone,
            lambda view: f"0 errors, {view.simulated['resyncs']['records']} records synced by resync",
        ),
        Step(
            "The exporter looks itself what became of them: accepted is not cured",
            lambda view: _cured(view) > 0,
            lambda view: f"{_cured(view)} records cured",
        ),
        Step("Every alert is over", _nothing_left, lambda _view: "no alert fires"),
    ),
)
