"""Notifications as Alertmanager sends them."""

from __future__ import annotations

from typing import Any

from exporter.remediation.notification import Alert

FIELD_PERMISSIONS = "HubSpotSalesforceFieldPermissionsMissing"
SYNC_ERRORS = "HubSpotSalesforceSyncErrors"
STARTS_AT = "2027-01-15T07:55:00Z"
NOT_ENDED = "0001-01-01T00:00:00Z"


def alert(
    name: str = FIELD_PERMISSIONS,
    status: str = "resolved",
    *,
    integration: str = "acme",
    fingerprint: str = "f0f0f0f0f0f0f0f0",
    starts_at: str = STARTS_AT,
    **labels: str,
) -> dict[str, Any]:
    """One alert of a payload; the suspension over is what most of them say."""
    return {
        "status": status,
        "labels": {"alertname": name, "integration": integration, "severity": "critical", **labels},
        "annotations": {"summary": "Something is to be done."},
        "startsAt": starts_at,
        "endsAt": NOT_ENDED if status == "firing" else "2027-01-15T08:00:00Z",
        "generatorURL": "http://prometheus.example/graph?g0.expr=up",
        "fingerprint": fingerprint,
    }


def sync_errors(category: str, status: str = "firing", **more: str) -> dict[str, Any]:
    """The alert for the errors of one category."""
    return alert(SYNC_ERRORS, status, category=category, **{"fingerprint": f"errors-{category}", **more})


def notification(*alerts: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A version-4 payload; ``more`` are further fields, or other values."""
    return {
        "version": "4",
        "groupKey": '{}/{remediation="resync"}:{}',
        "truncatedAlerts": 0,
        "receiver": "hubspot-salesforce-resync",
        "status": "firing" if any(entry["status"] == "firing" for entry in alerts) else "resolved",
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example",
        "alerts": list(alerts),
        **more,
    }


def grafana(*alerts: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The payload of Grafana's own alerting, as its documentation and its source have it."""
    extra = {
        "silenceURL": "https://grafana.example/alerting/silence/new?alertmanager=grafana",
        "dashboardURL": "https://grafana.example/d/acme",
        "panelURL": "https://grafana.example/d/acme?viewPanel=2",
        "values": {"A": 44.2, "C": 1},
        "valueString": "[ var='A' labels={} value=44.2 ]",
    }
    own = {"version": "1", "orgId": 1, "title": "[FIRING:1]", "state": "alerting", "message": "**Firing**"}
    return {**notification(*({**entry, **extra} for entry in alerts)), **own, **more}


def parsed(entry: dict[str, Any]) -> Alert:
    """The same alert as the policy sees it."""
    return Alert(
        name=entry["labels"]["alertname"],
        status=entry["status"],
        labels=entry["labels"],
        starts_at=entry["startsAt"],
        fingerprint=entry["fingerprint"],
    )
