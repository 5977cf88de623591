"""What a body that is no notification is instead, and what to do about it: somebody reads it in a log, far from here.

Nothing of the body itself is repeated: it may hold a secret.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_SEND = "let a webhook_configs of Alertmanager without `payload` send to this address"

_COMPRESSED = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"\x78\x01": "zlib", b"\x78\x9c": "zlib"}

_BEGINNINGS = (
    (rb"\Z", f"it is empty; {_SEND}"),
    (rb"--", f"it is a multipart form; {_SEND}"),
    (
        rb"[\w.\-+%\[\]]{1,100}=",
        f"it is an HTML form (application/x-www-form-urlencoded); {_SEND}, and let the relay between leave it JSON",
    ),
    (rb"<", f"it is XML or HTML; {_SEND}"),
    (rb"eyJ|W3si", "it is in base64; switch that off in the relay between"),
    (rb"[{\[]", f"it looks like JSON, but breaks off or has a mistake; if a `payload` template made it, {_SEND}"),
)
"""How a body that is not JSON begins, and what it is then: the first that fits."""


def of_bytes(body: bytes, encoding: str) -> str | None:
    """The cause and the remedy for a body that is not JSON; ``None`` for one that looks like nothing known."""
    compressed = next((name for start, name in _COMPRESSED.items() if body.startswith(start)), None)
    if compressed or encoding.strip().lower() not in ("", "identity"):
        name = compressed or "as its Content-Encoding says"
        return f"it is compressed ({name}); Alertmanager never does that, so switch it off in the relay between"
    text = body.strip()
    return next((told for beginning, told in _BEGINNINGS if re.match(beginning, text)), None)


@dataclass(frozen=True, slots=True)
class _Form:
    """A JSON object with all of these keys is this."""

    keys: frozenset[str]
    name: str
    remedy: str = f"if it comes from a custom payload or another receiver, {_SEND}"


_ENVELOPE = "let the relay pass on what is inside as the body"
_CHAT = "the message of a chat tool (slack_configs and its like)"

_FORMS = tuple(
    _Form(frozenset(keys.split()), *words)
    for keys, *words in (
        ("specversion type source", "a CloudEvent", _ENVELOPE),
        ("Type MessageId", "a message of Amazon SNS", "switch raw message delivery on, and confirm the subscription"),
        ("routing_key event_action", "an event for PagerDuty"),
        ("event_action payload", "an event for PagerDuty"),
        ("service_key event_type", "an event for PagerDuty"),
        ("message_type entity_id", "an event for VictorOps (Splunk On-Call)"),
        ("message alias", "an alert for Opsgenie"),
        ("message responders", "an alert for Opsgenie"),
        ("evalMatches", "an alert of Grafana's alerting before version 9", "use Grafana-managed alerts"),
        ("ruleName ruleUrl", "an alert of Grafana's alerting before version 9", "use Grafana-managed alerts"),
        ("schemaId data", "an alert of Azure Monitor"),
        ("incident", "an incident of another monitoring tool"),
        ("portalId subscriptionId", "an event of HubSpot's own webhooks"),
        ("status data", "the answer of an HTTP API of Prometheus"),
        ("chat_id text", _CHAT),
        ("msgtype", _CHAT),
        ("msg_type", _CHAT),
        ("@type @context", _CHAT),
        ("type attachments", _CHAT),
        ("text", _CHAT),
        ("attachments", _CHAT),
        ("blocks", _CHAT),
        ("embeds", _CHAT),
        ("cardsV2", _CHAT),
        ("content", _CHAT),
        ("labels startsAt", "a single alert, which has to stand in `alerts`"),
        ("labels annotations", "a single alert, which has to stand in `alerts`"),
    )
)
"""The first that fits is it."""

_WRAPPERS = ("body", "data", "payload", "message", "event", "detail", "content", "notification", "alert", "json")


def of_json(payload: Any) -> str | None:
    """The same for JSON that is no notification; ``None`` where the place of the mistake says enough."""
    if isinstance(payload, str):
        return f"it is JSON inside of JSON; {_ENVELOPE}" if _notification_in(payload) else None
    if isinstance(payload, list):
        return _of_list(payload)
    if not isinstance(payload, dict):
        return None
    return _of_alerts(payload) if "alerts" in payload else _of_object(payload)


def _of_object(payload: Mapping[str, Any]) -> str:
    """An object without ``alerts``."""
    if any(_notification_in(payload.get(key)) for key in _WRAPPERS):
        return f"the notification stands inside of something else; {_ENVELOPE}"
    form = next((form for form in _FORMS if form.keys <= payload.keys()), None)
    if form is not None:
        return f"it is {form.name}; {form.remedy}"
    return f"a custom `payload` (Alertmanager 0.32 and later, Grafana) replaces the body; {_SEND}"


def _of_list(payload: list[Any]) -> str | None:
    first = payload[0] if payload else None
    if _notification_in(first):
        return "it is a list of notifications; let the relay send each by itself"
    if isinstance(first, dict) and "labels" in first:
        return (
            "it is a list of alerts, as Prometheus and vmalert post it to /api/v2/alerts of Alertmanager; "
            f"point them at Alertmanager, and {_SEND}"
        )
    return of_json(first) if isinstance(first, dict) else None


def _of_alerts(payload: Mapping[str, Any]) -> str | None:
    """A payload with ``alerts``: of another version, of none, or almost right."""
    version = payload.get("version")
    if version in ("1", "4"):
        return None if "status" in payload else f"a relay or a custom `payload` left it out; {_SEND}"
    if version in ("2", "3"):
        return "it comes from Alertmanager before 0.6; update that"
    return f"version has to be the text 4 (Alertmanager) or 1 (Grafana): if a custom `payload` made it, {_SEND}"


def _notification_in(value: Any) -> bool:
    """Whether it is a notification, as JSON or as text."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return False
    return isinstance(value, dict) and {"version", "alerts"} <= value.keys()
