"""An Alertmanager webhook payload, version 4. Unknown fields are tolerated: newer versions add some."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from exporter.errors import NotificationError
from exporter.schemas.json_schema import first_problem


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
        problem = first_problem(payload, "notification")
    except RecursionError as error:
        raise NotificationError("the body is nested too deeply") from error
    except ValueError as error:
        raise NotificationError("the body is not JSON") from error
    if problem is not None:
        raise NotificationError(f"not a version-4 Alertmanager payload: {_printable(problem)}")
    return Notification(
        alerts=tuple(_alert(entry) for entry in payload["alerts"]),
        truncated=int(payload.get("truncatedAlerts", 0)),
    )


def _alert(entry: Mapping[str, object]) -> Alert:
    labels = entry["labels"]
    if not isinstance(labels, dict):
        raise NotificationError("labels is not an object")
    starts_at, fingerprint = str(entry["startsAt"]), str(entry["fingerprint"])
    if not (starts_at + fingerprint).isprintable():
        # JSON can hold what no store takes: NUL, half of a surrogate pair.
        raise NotificationError("startsAt or fingerprint is not printable text")
    return Alert(labels.get("alertname", ""), str(entry["status"]), labels, starts_at, fingerprint)


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)
