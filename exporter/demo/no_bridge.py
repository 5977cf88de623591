"""The story of a team that has no bridge: an e-mail tells of the suspension, and a touch catches up on what it left
behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exporter.demo.observer import View
from exporter.demo.scenario import POLLED, Scenario, Step

ALERT = "HubSpotSalesforceOrgLocked"
REASON = "salesforce_org_locked"
LOST, LOST_IN_ALL = 3, 9
"""Changes that wait and that HubSpot never comes back to: those of minutes ago, and some that searches do not see yet.
They sync when people change these records again."""

_SOURCES = (*(name for name in POLLED if name != "sync_health"), "mailbox", "canary")
_SILENT_FOR = 840
"""Seconds: catch-up looks a quarter of an hour further back than its alert."""


def _all_is_well(view: View) -> bool:
    """Every source works, the canary has come through; nobody tells of a suspension, and no bridge of errors."""
    return (
        all(view.value("source_up", source=source) == 1 for source in _SOURCES)
        and _canary(view) == 1
        and view.value("suspended") is None
        and view.value("sync_errors") is None
        and not view.alerts
    )


def _canary(view: View) -> float | None:
    return view.value("canary_success", direction="to_salesforce")


def _told_by(view: View, source: str) -> bool:
    return view.value("fact_timestamp_seconds", fact="suspension", source=source) is not None


def _stale(view: View) -> int:
    return int(view.value("unsynced_records", kind="stale") or 0)


def _catch_up(view: View) -> Mapping[str, Any] | None:
    return next((job for job in view.jobs_of(ALERT, "resolved") if job["action"] == "touch"), None)


def _records(view: View, outcome: str) -> int:
    job = _catch_up(view)
    return int(job["records"][outcome]) if job else 0


def _cured(view: View) -> int:
    return int(view.value("resync_verified_records_total", action="touch", outcome="cured") or 0)


def _passed_on(view: View) -> bool:
    """Whether the webhook has heard of the alert, and had nothing to do yet: see ``permissions``."""
    return (view.value("webhook_notifications_total", result="ignored") or 0) > 0


NO_BRIDGE = Scenario(
    name="no-bridge",
    title="Without a bridge: an e-mail tells of the suspension, a touch catches up on what it left behind",
    with_bridge=False,
    steps=(
        Step(
            "All is well: records sync, the canary comes through, nobody tells of a suspension",
            _all_is_well,
            lambda _view: f"{len(_SOURCES)} sources read, no bridge among them; canary in Salesforce",
            at_most=45,
        ),
        Step(
            "Another update locks the org; HubSpot suspends the integration and writes an e-mail",
            lambda view: view.value("suspension_reason", reason=REASON) == 1 and _told_by(view, "mailbox"),
            lambda _view: f"suspended ({REASON}), stated by the mailbox",
            acts=(
                ("traffic", {"records_per_second": 0}),
                ("fall-silent", {"seconds_ago": _SILENT_FOR}),
                ("suspend", {"reason": REASON, "cause_holds": True}),
            ),
        ),
        Step(
            "Prometheus fires the alert, Alertmanager passes it on",
            lambda view: view.firing(ALERT, "critical") and ALERT in view.notified and _passed_on(view),
            lambda _view: f"{ALERT} (critical)",
        ),
        Step(
            "What changed meanwhile has not reached Salesforce: searches find it",
            lambda view: _stale(view) >= LOST,
            lambda view: f"{_stale(view)} stale records",
        ),
        Step(
            "The canary does not come through",
            lambda view: _canary(view) == 0,
            lambda _view: "canary_success 0",
        ),
        Step(
            "The lock is gone and somebody presses Clear Suspension; HubSpot writes that it is over",
            lambda view: view.value("suspended") == 0 and not view.firing(ALERT, "critical"),
            lambda _view: "not suspended, stated by the mailbox; the alert is resolved",
            acts=(
                ("lose-changes", {"count": LOST_IN_ALL}),
                ("cause", {"name": REASON, "holds": False}),
                ("speak-again", {}),
                ("clear-suspension", {}),
            ),
        ),
        Step(
            "Records sync again, and the canary comes through",
            lambda view: _canary(view) == 1,
            lambda _view: "canary_success 1",
        ),
        Step(
            "Alertmanager calls the webhook; what HubSpot does not come back to is touched",
            lambda view: (_catch_up(view) or {}).get("state") == "done" and _records(view, "succeeded") >= LOST,
            lambda view: (
                f"job {(_catch_up(view) or {})['id']}: {_records(view, 'succeeded')} records touched, "
                f"{_records(view, 'failed')} failed"
            ),
            at_most=40,
        ),
        Step(
            "The exporter looks itself what became of them: accepted is not cured",
            lambda view: _cured(view) >= LOST,
            lambda view: f"{_cured(view)} records cured: their own sync time has moved",
        ),
        Step(
            "People go on working; every alert is over",
            lambda view: not any(alert.state == "firing" for alert in view.alerts),
            lambda _view: "no alert fires",
            acts=(("traffic", {"records_per_second": 6}),),
        ),
    ),
)
