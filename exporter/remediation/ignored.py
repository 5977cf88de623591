"""Alerts that nobody has asked to do anything about. Pure."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from exporter.remediation.notification import Alert

_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Ignored:
    """An alert that makes neither a job nor a refusal. Names may be anything: they are cut, and what of them cannot be
    printed, or not even be encoded, is a question mark."""

    integration: str
    alert: str
    status: str
    cause: str


def ignored(alert: Alert, configured: Container[str]) -> Ignored:
    """Why nothing was decided about an alert; ``configured`` are the names of the integrations."""
    return Ignored(_shown(alert.integration), _shown(alert.name), alert.status, _cause(alert, configured))


def _shown(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text[:_LONGEST])


def _cause(alert: Alert, configured: Container[str]) -> str:
    if not alert.integration:
        return "the alert has no label integration"
    if alert.integration not in configured:
        return "no integration has this name"
    return f"no policy for this alert when it is {alert.status}"
