"""An Alertmanager webhook payload, version 4. Unknown fields are tolerated: newer versions add some."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from exporter.errors import NotificationError
from exporter.json_schema import first_problem


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert of a notification. Fingerprint, ``starts_at`` and status together name one occurrence of it."""

    name: str
    status: str
    labels: Mapping[str, str]
    starts_at: str
    fingerprint: str

    @property
    def integration(self) -> str:
        return self.labels.get("integration", "")


@dataclass(frozen=True, slots=True)
class Notification:
    """``truncated`` alerts were left out by Alertmanager's ``max_alerts``."""

    alerts: tuple[Alert, ...]
    truncated: int


def parse_notification(body: bytes) -> Notification:
    """Raises ``NotificationError`` for anything but a version-4 payload."""
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotificationError("the body is not JSON") from error
    problem = first_problem(payload, "notification")
    if problem is not None:
        raise NotificationError(f"not a version-4 Alertmanager payload: {problem}")
    return Notification(
        alerts=tuple(_alert(entry) for entry in payload["alerts"]),
        truncated=int(payload.get("truncatedAlerts", 0)),
    )


def _alert(entry: Mapping[str, object]) -> Alert:
    labels = entry["labels"]
    if not isinstance(labels, dict):
        raise NotificationError("labels is not an object")
    return Alert(
        name=labels.get("alertname", ""),
        status=str(entry["status"]),
        labels=labels,
        starts_at=str(entry["startsAt"]),
        fingerprint=str(entry["fingerprint"]),
    )
