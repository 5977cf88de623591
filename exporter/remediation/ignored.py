"""Alerts that nobody has asked to do anything about. Pure."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from exporter.remediation.notification import Alert

_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Ignored:
    """An alert that makes neither a job nor a refusal; names are cut, they may be anything."""

    integration: str
    alert: str
    status: str
    cause: str


def ignored(alert: Alert, configured: Container[str]) -> Ignored:
    """Why nothing was decided about an alert; ``configured`` are the names of the integrations."""
    return Ignored(alert.integration[:_LONGEST], alert.name[:_LONGEST], alert.status, _cause(alert, configured))


def _cause(alert: Alert, configured: Container[str]) -> str:
    if not alert.integration:
        return "the alert has no label integration"
    if alert.integration not in configured:
        return "no integration has this name"
    return f"no policy for this alert when it is {alert.status}"
