"""What is read from a webhook body."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.errors import NotificationError
from exporter.remediation.fingerprint import fingerprint_of
from exporter.remediation.notification import Notification, parse_notification
from tests.remediation.payloads import FIELD_PERMISSIONS, alert, grafana, notification, parsed

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["4", "firing", "acme"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = ("version", "status", "alerts", "truncatedAlerts", "receiver", "groupKey")
Change = Callable[[dict[str, Any]], dict[str, Any]]


def in_alert(**fields: Any) -> Change:
    return lambda payload: {**payload, "alerts": [{**entry, **fields} for entry in payload["alerts"]]}


def in_payload(**fields: Any) -> Change:
    return lambda payload: {**payload, **fields}


GRAFANA_HABITS: dict[str, Change] = {
    "as documented": in_payload(),
    "no values": in_alert(values=None),
    "values that are no numbers": in_alert(values={"A": None, "B": "NaN"}),
    "no panel": in_alert(dashboardURL="", panelURL=""),
    "a picture": in_alert(imageURL="https://grafana.example/a.png", embeddedImage="aGVsbG8="),
    "version 12": in_payload(appVersion="12.2.0", vars={}, extra=None),
    "labels of its own": in_payload(groupKey='{}/{__grafana_receiver__="exporter"}:{}', commonLabels={}),
    "no title": in_payload(title="", message="", state="ok", externalURL=""),
    "no count of what was left out": in_payload(truncatedAlerts=None),
    "no annotations": in_alert(annotations=None),
    "the zone of its server": in_alert(startsAt="2027-01-15T08:55:00.157076+01:00"),
    "an end that is to come": in_alert(endsAt="2027-01-15T08:00:00+01:00"),
}
ALERT_FIELDS = ("status", "labels", "startsAt", "fingerprint", "annotations", "endsAt")


def parse(payload: Any) -> Notification:
    return parse_notification(json.dumps(payload).encode())


def test_every_alert_is_read() -> None:
    """Firing and resolved ones side by side keep their own status, labels and times."""
    firing, resolved = alert(status="firing", fingerprint="a"), alert(fingerprint="b", integration="beta")
    told = notification(firing, resolved)
    names = told["receiver"], told["groupKey"]
    assert parse(told) == Notification((parsed(firing), parsed(resolved)), 0, *names)


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
    assert parse(notification(alert(), truncatedAlerts=2**72)).truncated == 2**31 - 1
    assert parse(shorter).truncated == 0


def test_an_alert_without_integration_belongs_to_none() -> None:
    """An alert about the exporter itself carries no integration label."""
    entry = alert()
    del entry["labels"]["integration"]
    (read,) = parse(notification(entry)).alerts
    assert (read.name, read.integration) == (FIELD_PERMISSIONS, "")


def without(key: str, entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != key}


# --- Grafana's own alerting


@pytest.mark.parametrize("changed", GRAFANA_HABITS.values(), ids=GRAFANA_HABITS)
def test_a_grafana_managed_alert_is_read_like_any_other(changed: Change) -> None:
    """Its payload says version 1 and carries more, in many shapes; what is read here is the same."""
    expected = parsed(alert(status="firing"))
    read = parse(changed(grafana(alert(status="firing"))))
    assert (read.alerts, read.truncated) == ((expected,), 0)


def test_what_grafana_left_out_is_counted() -> None:
    """Its webhook has a limit too."""
    assert parse(grafana(alert(), truncatedAlerts=3)).truncated == 3


# --- an alert without fingerprint


@pytest.mark.parametrize(
    "missing", [without("fingerprint", alert()), alert() | {"fingerprint": None}, alert(fingerprint="")]
)
def test_a_missing_fingerprint_is_made_of_the_labels(missing: dict[str, Any]) -> None:
    """Alertmanager before 0.19 sends none, and a relay's template writes an empty one."""
    (read,) = parse(notification(missing)).alerts
    assert read.fingerprint == fingerprint_of(missing["labels"])


def test_alerts_without_fingerprint_are_told_apart_by_their_labels() -> None:
    """Each of them by all of its labels."""
    entries = [without("fingerprint", alert(category=category)) for category in ("other", "picklists", "other")]
    first, second, third = parse(notification(*entries)).alerts
    assert first == third
    assert first.fingerprint != second.fingerprint


# --- when it started


@pytest.mark.parametrize(
    "starts_at",
    [
        "2026-11-26T10:00:00Z",
        "2026-11-26T06:00:00-04:00",
        "2026-11-26T10:00:00.000Z",
        "2026-11-26T10:00:00.000000000Z",
        "2026-11-26T10:00:00+00:00",
        "2026-11-26T10:00:00-00:00",
        "2026-11-26T11:00:00.0+01:00",
        "2026-11-26T15:45:00+05:45",
        "2026-11-27T00:00:00+14:00",
        "2026-11-26t10:00:00z",
        "2026-11-26 10:00:00Z",
        "2026-11-26T10:00:00+0000",
        "2026-11-26T10:00:00.123456789Z",
        "2026-11-26T10:00:00.123Z",
        "2026-11-26T07:00:00.123456-03:00",
    ],
)
def test_the_same_moment_is_read_the_same_however_it_is_written(starts_at: str) -> None:
    """In any zone, and with any fraction of its second: relays cut them off."""
    (read,) = parse(notification(alert(starts_at=starts_at))).alerts
    assert read.starts_at == "2026-11-26T10:00:00Z"


@pytest.mark.parametrize("starts_at", ["2026-11-26T10:00:01Z", "2026-11-26T10:00:00+01:00", "2026-11-26T09:59:59.999Z"])
def test_another_moment_is_another_occurrence(starts_at: str) -> None:
    """The hour of another zone and the second before are not the same."""
    (read,) = parse(notification(alert(starts_at=starts_at))).alerts
    assert read.starts_at != "2026-11-26T10:00:00Z"


def test_no_start_at_all_is_a_moment_too() -> None:
    """Go writes its zero time where a sender knows none."""
    (read,) = parse(notification(alert(starts_at="0001-01-01T00:00:00Z"))).alerts
    assert read.starts_at == "0001-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("starts_at", "reason"),
    [
        ("2026-11-26T10:00:00", "alerts[1].startsAt names no time zone: send it as RFC 3339, such as 2026-"),
        ("2026-11-26", "alerts[1].startsAt names no time zone: send it as RFC 3339"),
        ("yesterday", "alerts[1].startsAt is no time: send it as RFC 3339"),
        ("1795687200", "alerts[1].startsAt is no time"),
        ("26.11.2026 10:00", "alerts[1].startsAt is no time"),
        ("2026-13-26T10:00:00Z", "alerts[1].startsAt is no time"),
        ("0001-01-01T00:00:00+01:00", "alerts[1].startsAt is no time"),
        ("9999-12-31T23:59:59-01:00", "alerts[1].startsAt is no time"),
        ("   ", "alerts[1].startsAt is no time"),
    ],
)
def test_an_unreadable_start_is_refused_with_its_place(starts_at: str, reason: str) -> None:
    """With what it should be; the value is not repeated."""
    with pytest.raises(NotificationError) as refused:
        parse(notification(alert(), alert(starts_at=starts_at)))
    assert str(refused.value).startswith(reason)


# --- what is refused


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (notification(alert(), version="3"), "version does not fit (enum: ['4', '1'])"),
        (notification(alert(), version=4), "version does not fit (enum: ['4', '1'])"),
        (without("version", notification(alert())), "the body: version missing"),
        (without("alerts", notification(alert())), "the body: alerts missing"),
        (notification(alert(), alerts={}), "alerts does not fit (type: array)"),
        (notification(alert(), alerts=["firing"]), "alerts[0] does not fit (type: object)"),
        (notification(alert(), without("startsAt", alert())), "alerts[1]: startsAt missing"),
        (notification(alert() | {"fingerprint": 7}), "alerts[0].fingerprint does not fit (type: "),
        (notification(alert() | {"status": "pending"}), "alerts[0].status does not fit (enum: "),
        (notification(alert() | {"labels": {"n": 1}}), "alerts[0].labels.n does not fit (type: string)"),
        (notification(alert() | {"startsAt": None}), "alerts[0].startsAt does not fit (type: string)"),
        (notification(alert() | {"fingerprint": "f" * 129}), "alerts[0].fingerprint does not fit (maxLength: 128)"),
        (notification(alert(), truncatedAlerts="1"), "truncatedAlerts does not fit (type: ['integer', 'null'])"),
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


# --- max_alerts


GROUP = {"alertname": "HubSpotSalesforceSyncErrors", "integration": "acme"}


def test_alerts_that_were_cut_off_are_spoken_for_by_their_group() -> None:
    """Alertmanager cuts off the same ones every time: what the labels of the group say holds of all of them."""
    entry = alert(GROUP["alertname"], "firing", category="associations")
    read = parse(notification(entry, groupLabels=GROUP, truncatedAlerts=3))
    shown, group = read.alerts
    assert shown == parsed(entry)
    assert (group.name, group.integration, group.status) == (GROUP["alertname"], "acme", "firing")
    assert dict(group.labels) == GROUP
    assert group.fingerprint not in ("", shown.fingerprint)
    again = parse(notification(entry, groupLabels=dict(reversed(GROUP.items())), truncatedAlerts=2))
    assert again.alerts == read.alerts


def test_a_firing_group_is_one_occurrence_whichever_of_its_alerts_are_shown() -> None:
    """So one unfinished job stands for it, and repeat_after holds."""
    groups = {
        parse(notification(alert(GROUP["alertname"], "firing", starts_at=at), groupLabels=GROUP, truncatedAlerts=3))
        .alerts[-1]
        .starts_at
        for at in ("2027-01-15T07:00:00Z", "2027-01-15T07:55:00Z", "2027-01-15T07:59:00Z")
    }
    assert groups == {"1970-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        (("2027-01-15T08:00:00Z", "2027-01-15T09:00:00.7+01:00"), "2027-01-15T08:00:00Z"),
        (("2027-01-15T08:00:00Z", "2027-01-15T08:10:00Z"), "2027-01-15T08:10:00Z"),
        (("2027-01-15T08:10:00Z", "2027-01-15T08:00:00Z"), "2027-01-15T08:10:00Z"),
        (("0001-01-01T00:00:00Z", "soon"), "2027-01-15T07:30:00Z"),
        ((None, 7), "2027-01-15T07:30:00Z"),
    ],
    ids=str,
)
def test_each_time_that_a_group_resolves_is_one_of_its_own(ends: tuple[Any, Any], expected: str) -> None:
    """It is told by its newest end, or start where no end can be read."""
    starts = ("2027-01-15T07:30:00Z", "2027-01-15T07:00:00Z")
    entries = [
        {**alert(GROUP["alertname"], "resolved", starts_at=start), "endsAt": end}
        for start, end in zip(starts, ends, strict=True)
    ]
    group = parse(notification(*entries, groupLabels=GROUP, truncatedAlerts=3)).alerts[-1]
    assert (group.status, group.starts_at) == ("resolved", expected)


@pytest.mark.parametrize(
    "labels", [{}, {"alertname": "A"}, {"integration": "acme"}, None, [], {**GROUP, "x": 1}], ids=repr
)
def test_a_group_that_does_not_say_whose_its_alerts_are_speaks_for_none(labels: Any) -> None:
    """Nor does one from which nothing was cut off."""
    entry = alert(GROUP["alertname"], "firing")
    assert parse(notification(entry, groupLabels=labels, truncatedAlerts=3)).alerts == (parsed(entry),)
    assert parse(notification(entry, groupLabels=GROUP)).alerts == (parsed(entry),)
