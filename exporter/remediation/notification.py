"""A webhook payload of Alertmanager (version 4), or of Grafana's own alerting (version 1).

They differ in nothing that is read here. Unknown fields are tolerated: newer versions add some.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from exporter.errors import NotificationError
from exporter.remediation import stranger
from exporter.remediation.fingerprint import fingerprint_of, sent_fingerprint
from exporter.schemas.json_schema import first_problem

MOST_TRUNCATED = 2**31 - 1
"""What the ledger has room for."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert of a notification. Fingerprint, ``starts_at`` and status together name one occurrence of it.

    ``starts_at`` is a moment, however its sender wrote it: in UTC, without fractions of a second.
    """

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
    """``truncated`` alerts were left out by the sender's limit on alerts in one notification; ``receiver`` and
    ``group_key`` are its names for people."""

    alerts: tuple[Alert, ...]
    truncated: int
    receiver: str = ""
    group_key: str = ""


def parse_notification(body: bytes, encoding: str = "") -> Notification:
    """Raises ``NotificationError`` for anything else; ``encoding`` is what the request says of its content."""
    try:
        payload = json.loads(body)
        problem = first_problem(payload, "notification")
    except RecursionError as error:
        raise NotificationError("the body is nested too deeply") from error
    except ValueError as error:
        raise NotificationError(f"the body is not JSON{_told(stranger.of_bytes(body, encoding))}") from error
    if problem is not None:
        told = _told(stranger.of_json(payload))
        raise NotificationError(f"not a notification of Alertmanager or Grafana: {_printable(problem)}{told}")
    alerts = tuple(_alert(entry, f"alerts[{index}]") for index, entry in enumerate(payload["alerts"]))
    truncated = min(int(payload.get("truncatedAlerts") or 0), MOST_TRUNCATED)
    return Notification(
        alerts=(*alerts, *_group(payload, alerts)) if truncated else alerts,
        truncated=truncated,
        receiver=_label(payload.get("receiver")),
        group_key=_label(payload.get("groupKey")),
    )


def _group(payload: Mapping[str, Any], alerts: Sequence[Alert]) -> Iterator[Alert]:
    """An alert that stands for the whole group where ``max_alerts`` has cut some off: the same ones every time, so that
    nobody would ever hear of them. It says what the group's labels say of all of them, if that is enough.

    Which alerts are shown changes from one notification to the next. A firing group is one occurrence all the same, so
    that one job stands for it and ``repeat_after`` holds; each time that it resolves is one of its own.
    """
    labels = payload.get("groupLabels")
    if not isinstance(labels, dict) or not {"alertname", "integration"} <= labels.keys():
        return
    if not all(isinstance(value, str) for value in labels.values()):
        return
    shown = next((alert for alert in alerts if alert.status == payload.get("status")), None)
    if shown is not None:
        starts_at = _ANY_TIME if shown.status == "firing" else _newest_end(payload["alerts"], alerts)
        yield Alert(labels["alertname"], shown.status, labels, starts_at, fingerprint_of(labels))


def _newest_end(entries: Sequence[Mapping[str, Any]], alerts: Sequence[Alert]) -> str:
    """When the last of the shown alerts that are over ended, or began where no end is told."""
    over = [(entry, alert) for entry, alert in zip(entries, alerts, strict=True) if alert.status == "resolved"]
    return max(max(_end(entry), alert.starts_at) for entry, alert in over)


def _end(entry: Mapping[str, Any]) -> str:
    """Empty where it is none: nothing else is read from it."""
    try:
        return _moment(str(entry.get("endsAt")), "")
    except NotificationError:
        return ""


def _label(value: Any) -> str:
    """Only for people to read: anything else than text is left out."""
    return _printable(value) if isinstance(value, str) else ""


def _told(cause: str | None) -> str:
    return f": {cause}" if cause else ""


def _alert(entry: Mapping[str, Any], where: str) -> Alert:
    labels = entry["labels"]
    # Alertmanager before 0.19 sends none.
    fingerprint = sent_fingerprint(entry.get("fingerprint")) or fingerprint_of(labels)
    if not (entry["startsAt"] + fingerprint).isprintable():
        # JSON can hold what no store takes: NUL, half of a surrogate pair.
        raise NotificationError("startsAt or fingerprint is not printable text")
    return Alert(labels.get("alertname", ""), entry["status"], labels, _moment(entry["startsAt"], where), fingerprint)


def _moment(text: str, where: str) -> str:
    """The same text for the same moment in any zone and precision: relays cut off fractions of a second, and no alert
    ends and starts again within one."""
    try:
        moment = datetime.fromisoformat(text.strip().upper())
        if moment.tzinfo is None:
            raise NotificationError(f"{where}.startsAt names no time zone: send it as RFC 3339, such as {_EXAMPLE}")
        # isoformat fills up the year with zeros, which strftime does not.
        return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
    except (ValueError, OverflowError) as error:
        raise NotificationError(f"{where}.startsAt is no time: send it as RFC 3339, such as {_EXAMPLE}") from error


_EXAMPLE = "2026-11-26T10:00:00Z"

_ANY_TIME = "1970-01-01T00:00:00Z"
"""When a firing group began: always the same, as nobody knows it."""


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)
