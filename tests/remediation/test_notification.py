"""What is read from a webhook body."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.errors import NotificationError
from exporter.remediation.notification import Notification, parse_notification
from tests.remediation.payloads import FIELD_PERMISSIONS, alert, notification, parsed

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["4", "firing", "acme"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = ("version", "status", "alerts", "truncatedAlerts", "receiver", "groupKey")
ALERT_FIELDS = ("status", "labels", "startsAt", "fingerprint", "annotations", "endsAt")


def parse(payload: Any) -> Notification:
    return parse_notification(json.dumps(payload).encode())


def test_every_alert_is_read() -> None:
    """Firing and resolved ones side by side keep their own status, labels and times."""
    firing, resolved = alert(status="firing", fingerprint="a"), alert(fingerprint="b", integration="beta")
    assert parse(notification(firing, resolved)) == Notification((parsed(firing), parsed(resolved)), truncated=0)


def test_fields_of_newer_alertmanagers_are_tolerated() -> None:
    """0.32 sends a notification_reason and 0.34 the labels of the route: neither changes what is read."""
    newer = notification(alert(), notification_reason="repeat", routeLabels={"team": "crm"}, somethingNew=[{}])
    newer["alerts"][0]["somethingElse"] = None
    assert parse(newer) == parse(notification(alert()))


def test_alerts_left_out_are_counted() -> None:
    """truncatedAlerts says how many max_alerts cut off; older senders leave it out."""
    shorter = notification(alert())
    del shorter["truncatedAlerts"]
    assert parse(notification(alert(), truncatedAlerts=7)).truncated == 7
    assert parse(shorter).truncated == 0


def test_an_alert_without_integration_belongs_to_none() -> None:
    """An alert about the exporter itself carries no integration label."""
    entry = alert()
    del entry["labels"]["integration"]
    (read,) = parse(notification(entry)).alerts
    assert (read.name, read.integration) == (FIELD_PERMISSIONS, "")


def without(key: str, entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != key}


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (notification(alert(), version="3"), "version does not fit (const: 4)"),
        (notification(alert(), version=4), "version does not fit (const: 4)"),
        (without("version", notification(alert())), "the body: version missing"),
        (without("alerts", notification(alert())), "the body: alerts missing"),
        (notification(alert(), alerts={}), "alerts does not fit (type: array)"),
        (notification(alert(), alerts=["firing"]), "alerts[0] does not fit (type: object)"),
        (notification(alert(), without("fingerprint", alert())), "alerts[1]: fingerprint missing"),
        (notification(alert() | {"fingerprint": ""}), "alerts[0].fingerprint does not fit (minLength: 1)"),
        (notification(alert() | {"status": "pending"}), "alerts[0].status does not fit (enum: "),
        (notification(alert() | {"labels": {"n": 1}}), "alerts[0].labels.n does not fit (type: string)"),
        (notification(alert() | {"startsAt": None}), "alerts[0].startsAt does not fit (type: string)"),
        (notification(alert() | {"fingerprint": "f" * 129}), "alerts[0].fingerprint does not fit (maxLength: 128)"),
        (notification(alert(), truncatedAlerts="1"), "truncatedAlerts does not fit (type: integer)"),
        (notification(alert() | {"fingerprint": "a\0b"}), "startsAt or fingerprint is not printable text"),
        (notification(alert() | {"startsAt": "\ud800"}), "startsAt or fingerprint is not printable text"),
        (notification(alert() | {"labels": {"\ud800": 1}}), "alerts[0].labels.? does not fit (type: string)"),
        ([notification(alert())], "the body does not fit (type: object)"),
        (None, "the body does not fit (type: object)"),
    ],
)
def test_a_wrong_payload_is_refused_with_its_reason(payload: Any, reason: str) -> None:
    """The reason names the place and the rule, and never repeats a value."""
    with pytest.raises(NotificationError) as refused:
        parse(payload)
    assert reason in str(refused.value)


@pytest.mark.parametrize("body", [b"", b"{", b"alerts=1", b"\xff\xfe\xfa", b"1" * 5000])
def test_what_is_not_json_is_refused(body: bytes) -> None:
    """Neither an empty body nor a form is a notification."""
    with pytest.raises(NotificationError, match=r"^the body is not JSON$|version-4"):
        parse_notification(body)


def test_a_body_nested_too_deeply_is_refused() -> None:
    """Python gives up at a depth that depends on who asks: every depth around it ends in a refusal."""
    for depth in (*range(600, 1000, 3), 100_000):
        nested = b"[" * depth + b"]" * depth
        for body in (nested, b'{"version": "4", "alerts": [], "status": ' + nested + b"}"):
            with pytest.raises(NotificationError):
                parse_notification(body)


@settings(max_examples=300, deadline=None)
@given(body=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    """Whatever comes in, nothing but a NotificationError comes out."""
    try:
        parse_notification(body)
    except NotificationError as refused:
        str(refused).encode()


@settings(max_examples=300, deadline=None)
@given(field=st.sampled_from(FIELDS), alert_field=st.sampled_from(ALERT_FIELDS), value=JSON, in_alert=st.booleans())
def test_any_value_in_any_field_is_read_or_refused(field: str, alert_field: str, value: Any, in_alert: bool) -> None:
    """A payload that is right but for one value is no trap either; what is read can be stored as text."""
    payload = notification(alert() | {alert_field: value}) if in_alert else notification(alert(), **{field: value})
    try:
        read = parse(payload)
    except NotificationError as refused:
        str(refused).encode()
    else:
        for entry in read.alerts:
            (entry.fingerprint + entry.starts_at).encode()
