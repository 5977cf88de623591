"""Hand-made looks at the demo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from exporter.catalog.catalog import CATALOG
from exporter.demo.observer import PREFIX, Alert, Labels, View
from exporter.demo.permissions import ALERT
from exporter.demo.scenario import POLLED
from exporter.demo.stage import Stage

STAGE = Stage(
    Path("/tmp/hubspot-salesforce-demo-k2x7q0ab"),  # noqa: S108  nothing is there
    simulator="http://127.0.0.1:40001",
    exporter="http://127.0.0.1:40002",
    prometheus="http://127.0.0.1:40003",
    alertmanager="http://127.0.0.1:40004",
)

ONLY_HUBSPOT_KNOWS = "missing_field_mappings"

FIRING = Alert(ALERT, "critical", "firing", "")
PENDING = Alert(ALERT, "critical", "pending", "")


def labelled(**labels: str) -> Labels:
    return frozenset({"job": "hubspot-salesforce", "integration": "acme", **labels}.items())


def job(state: str = "done", number: int = 1, **records: int) -> dict[str, Any]:
    counts = {"pending": 0, "sending": 0, "succeeded": 0, "failed": 0, **records}
    return {"id": number, "alert": ALERT, "status": "resolved", "state": state, "records": counts}


def view(
    *alerts: Alert,
    errors: int = 0,
    suspended: str = "",
    up: bool = True,
    jobs: tuple[dict[str, Any], ...] = (),
    refusals: tuple[dict[str, Any], ...] = (),
    notified: bool = False,
    resynced: int = 0,
    cured: int = 0,
    raised: tuple[str, ...] = (),
) -> View:
    """What a look shows: ``errors`` are permission errors, ``suspended`` names the reason HubSpot reports, ``raised``
    the conditions the exporter itself sees."""
    by_pair = {pair: errors if pair == ("permissions", "salesforce_field_permissions") else 0 for pair in CATALOG.pairs}
    counts = {labelled(category=pair[0], error_type=pair[1]): float(count) for pair, count in by_pair.items()}
    metrics = {
        "integration_api_calls_used": {labelled(): 1_130.0},
        "integration_api_calls_allocated": {labelled(): 1_500.0},
        "org_api_calls_used": {labelled(): 1_391.0},
        "org_api_calls_limit": {labelled(): 3_000.0},
        "source_up": {labelled(source=name): float(up) for name in POLLED},
        "suspended": {labelled(): float(bool(suspended))},
        "suspension_reason": {labelled(reason=name): float(name == suspended) for name in CATALOG.reason_names},
        "suspension_condition": {
            labelled(reason=name): float(name in raised) for name in CATALOG.reason_names if name != ONLY_HUBSPOT_KNOWS
        },
        "sync_errors": counts,
        "sync_error_affected_records": counts,
        "resync_verified_records_total": {labelled(action="bridge", outcome="cured"): float(cured)},
        "webhook_notifications_total": {labelled(result="ignored"): float(len(refusals) + notified)},
    }
    return View(
        metrics={PREFIX + name: samples for name, samples in metrics.items()},
        alerts=alerts,
        notified=frozenset({ALERT} if notified else ()),
        jobs=jobs,
        refusals=refusals,
        simulated={"errors": {"total": errors}, "resyncs": {"records": resynced}},
    )
