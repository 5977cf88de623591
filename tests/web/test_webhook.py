"""``POST /alertmanager/webhook``: what Alertmanager is told, and what is in the store by then."""

from __future__ import annotations

import asyncio
import gzip
import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.config.file import load_config
from exporter.config.settings import Config
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.errors import StoreError
from exporter.remediation.receiver import Receipt
from exporter.service import Service
from exporter.web.webhook import ANSWER_SECONDS, MAX_BODY_BYTES, in_time
from tests.conftest import WEBHOOK_TOKEN, Start, client_of
from tests.examples import examples
from tests.remediation.payloads import FIELD_PERMISSIONS, SYNC_ERRORS, alert, grafana, notification, sync_errors
from tests.web.conftest import WEBHOOK, Counted, Post, bearer, poll_all, post_to

Json = dict[str, Any]

ALERTMANAGER_WAITS = 10
"""Seconds for an answer, at the least: ``notify.MinTimeout``."""


def query(config: Config, sql: str) -> list[tuple[Any, ...]]:
    """What another process finds in the store."""
    with closing(sqlite3.connect(config.store.removeprefix("sqlite:///"), isolation_level=None)) as connection:
        return connection.execute(sql).fetchall()


def stored_jobs(config: Config) -> list[tuple[Any, ...]]:
    return query(config, "SELECT integration, alert, status, state FROM jobs ORDER BY id")


# --- what is accepted


async def test_a_job_is_in_the_store_when_202_is_answered(config: Config, post: Post, counted: Counted) -> None:
    """Another connection to the store sees it at that moment."""
    answer = await post(notification(alert()))
    assert answer.status_code == 202
    nothing = {"duplicates": 0, "ignored": 0, "ignored_alerts": [], "refusals": []}
    assert answer.json() == {"result": "accepted", "jobs": 1, "job_ids": [1], **nothing}
    assert stored_jobs(config) == [("acme", FIELD_PERMISSIONS, "resolved", "queued")]
    assert await counted() == {"accepted": 1}


async def test_an_accepted_job_survives_a_restart(start: Start, config: Config) -> None:
    """A process started on the same store lists it, and takes the repeated notification for a duplicate."""
    async with start(config) as service, client_of(service) as http:
        assert (await post_to(http, notification(alert()))).status_code == 202
    async with start(config) as service, client_of(service) as http:
        (job,) = (await http.get("/api/v1/resyncs")).json()["jobs"]
        assert (job["alert"], job["state"]) == (FIELD_PERMISSIONS, "queued")
        assert (await post_to(http, notification(alert()))).json()["result"] == "duplicate"


async def test_the_same_notification_twice_is_one_job(config: Config, post: Post, counted: Counted) -> None:
    """The second is answered with 200, as is one in which the same alert stands twice for the first time."""
    assert (await post(notification(alert()))).status_code == 202
    again = await post(notification(alert()))
    assert (again.status_code, again.json()["result"]) == (200, "duplicate")
    twice = await post(notification(alert(fingerprint="b"), alert(fingerprint="b")))
    assert (twice.status_code, twice.json()["jobs"], twice.json()["duplicates"]) == (202, 1, 1)
    assert (again.json()["job_ids"], twice.json()["job_ids"]) == ([], [2])
    assert len(stored_jobs(config)) == 2
    assert await counted() == {"accepted": 2, "duplicate": 1}


async def test_duplicates_at_the_same_moment_are_one_job(config: Config, post: Post, counted: Counted) -> None:
    """An HA pair of Alertmanagers, ten times over: one is accepted, nineteen are duplicates."""
    answers = await asyncio.gather(*(post(notification(alert())) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [202]
    assert len(stored_jobs(config)) == 1
    assert await counted() == {"accepted": 1, "duplicate": 19}


async def test_the_next_occurrence_of_an_alert_is_another_job(config: Config, post: Post) -> None:
    """Same labels, same fingerprint, but it started anew."""
    await post(notification(alert()))
    assert (await post(notification(alert(starts_at="2027-01-16T07:55:00Z")))).status_code == 202
    assert len(stored_jobs(config)) == 2


async def test_a_grafana_managed_alert_is_accepted(config: Config, post: Post) -> None:
    """Version 1, fields of its own, the zone of its server: a job like any other, and once."""
    entry = {**sync_errors("other"), "startsAt": "2027-01-15T08:55:00.157076+01:00", "values": None}
    assert (await post(grafana(entry))).status_code == 202
    assert (await post(grafana(entry))).json()["result"] == "duplicate"
    assert stored_jobs(config) == [("acme", SYNC_ERRORS, "firing", "queued")]


async def test_an_alert_without_fingerprint_is_accepted(config: Config, post: Post) -> None:
    """As Alertmanager before 0.19 sends it: what tells it from others are its labels."""
    entries = [{key: value for key, value in sync_errors("other").items() if key != "fingerprint"} for _ in range(2)]
    entries[1]["labels"] = dict(reversed(entries[1]["labels"].items()))
    assert [(await post(notification(entry))).status_code for entry in entries] == [202, 200]
    assert len(stored_jobs(config)) == 1


async def test_the_same_moment_in_other_words_is_the_same_alert(config: Config, post: Post) -> None:
    """A relay may write it in its own zone and precision."""
    starts = ("2026-11-26T10:00:00Z", "2026-11-26T06:00:00-04:00", "2026-11-26T10:00:00.000Z")
    answers = [await post(notification(alert(starts_at=start))) for start in starts]
    assert [answer.status_code for answer in answers] == [202, 200, 200]
    assert len(stored_jobs(config)) == 1


async def test_firing_and_resolved_alerts_in_one_payload(config: Config, post: Post) -> None:
    """Each alert is judged by its own status, whatever that of the group is."""
    payload = notification(
        alert(),
        sync_errors("other"),
        alert("HubSpotSalesforceOrgUnavailable", "firing", fingerprint="unavailable"),
        sync_errors("picklists"),
        alert(integration="beta", fingerprint="beta"),
    )
    answer = (await post(payload)).json()
    assert (answer["jobs"], answer["ignored"]) == (3, 1)
    assert [(row["alert"], row["reason"]) for row in answer["refusals"]] == [(SYNC_ERRORS, "not_retryable")]
    assert {(integration, name, status) for integration, name, status, _ in stored_jobs(config)} == {
        ("acme", FIELD_PERMISSIONS, "resolved"),
        ("acme", SYNC_ERRORS, "firing"),
        ("beta", FIELD_PERMISSIONS, "resolved"),
    }


async def test_fields_of_newer_alertmanagers_are_tolerated(post: Post) -> None:
    """What 0.32 and 0.34 added, and what comes after, changes nothing."""
    payload = notification(alert(), notification_reason="first", routeLabels={"team": "crm"}, future=[1, {"a": None}])
    assert (await post(payload)).status_code == 202


async def test_a_truncated_notification_is_accepted(post: Post) -> None:
    """What arrived is worked on; what max_alerts cut off is lost, and only the log can say so."""
    assert (await post(notification(alert(), truncatedAlerts=12))).status_code == 202


# --- nothing to do


@pytest.mark.parametrize(
    "alerts",
    [
        [],
        [alert(integration="gamma")],
        [alert(integration="")],
        [alert(status="firing")],
        [alert("HubSpotSalesforceExporterDown")],
        [sync_errors("other", "resolved")],
    ],
    ids=["no alert", "unknown integration", "no integration", "not resolved yet", "no policy", "errors are gone"],
)
async def test_nothing_to_do(config: Config, post: Post, counted: Counted, alerts: list[Json]) -> None:
    """200, since a repetition would change nothing."""
    answer = await post(notification(*alerts))
    assert (answer.status_code, answer.json()["result"], answer.json()["ignored"]) == (200, "ignored", len(alerts))
    assert stored_jobs(config) == []
    assert await counted() == {"ignored": 1}


async def test_why_an_alert_is_ignored_is_answered_and_logged(post: Post) -> None:
    """Of each, whatever becomes of the others."""
    with structlog.testing.capture_logs() as logs:
        answer = await post(
            notification(
                alert(integration="gamma"),
                alert(integration=""),
                alert(),
                alert("HubSpotSalesforceExporterDown", "firing"),
                alert(status="firing"),
            )
        )
    told = [
        {"integration": "gamma", "alert": FIELD_PERMISSIONS, "status": "resolved"},
        {"integration": "", "alert": FIELD_PERMISSIONS, "status": "resolved"},
        {"integration": "acme", "alert": "HubSpotSalesforceExporterDown", "status": "firing"},
        {"integration": "acme", "alert": FIELD_PERMISSIONS, "status": "firing"},
    ]
    causes = [
        "no integration has this name",
        "the alert has no label integration",
        *["no policy for this alert when it is firing"] * 2,
    ]
    expected = [{**entry, "cause": cause} for entry, cause in zip(told, causes, strict=True)]
    assert (answer.json()["jobs"], answer.json()["ignored"]) == (1, 4)
    assert answer.json()["ignored_alerts"] == expected
    logged = [entry for entry in logs if entry["event"] == "alert ignored"]
    assert logged == [{**entry, "event": "alert ignored", "log_level": "debug"} for entry in expected]


async def test_an_alert_of_an_integration_nobody_configured_is_said(post: Post) -> None:
    """Its sender hears 200: who wonders why nothing is resynced finds it in our log."""
    with structlog.testing.capture_logs() as logs:
        await post(notification(alert(integration="gamma "), alert("HubSpotSalesforceExporterDown")))
    said = [(entry["integration"], entry["log_level"]) for entry in logs if entry["event"].startswith("alert of no")]
    assert said == [("gamma ", "warning")]


async def test_a_slash_at_the_end_of_the_address_does_not_matter(http: httpx.AsyncClient) -> None:
    """A redirect might lead the token out of TLS."""
    answer = await http.post(f"{WEBHOOK}/", json=notification(), headers=bearer(WEBHOOK_TOKEN))
    assert answer.status_code == 200


async def test_an_alert_without_labels_is_ignored(post: Post) -> None:
    """Not even a name: no policy can speak of it."""
    answer = await post(notification({**alert(), "labels": {}}))
    assert (answer.status_code, answer.json()["result"]) == (200, "ignored")


async def test_a_refused_alert_is_listed_and_judged_anew(
    service: Service, http: httpx.AsyncClient, post: Post, acme: Org
) -> None:
    """A firing alert refused for now makes no job; the repeat of the same notification is accepted."""
    acme.suspend("salesforce_org_locked")
    await poll_all(service)
    answer = await post(notification(sync_errors("other")))
    assert (answer.status_code, answer.json()["result"]) == (200, "ignored")
    assert [row["reason"] for row in answer.json()["refusals"]] == ["suspended"]
    listed = (await http.get("/api/v1/resyncs")).json()
    assert (listed["jobs"], [row["reason"] for row in listed["refusals"]]) == ([], ["suspended"])
    page = (await http.get("/metrics")).text
    assert 'hubspot_salesforce_resync_refusals_total{integration="acme",reason="suspended"} 1.0' in page
    acme.suspension = None
    await poll_all(service)
    assert (await post(notification(sync_errors("other")))).status_code == 202


async def test_a_firing_alert_is_refused_above_the_budget(service: Service, post: Post, acme: Org) -> None:
    """From 75 % of the allocation on HubSpot stops its own retries; so are we."""
    acme.use_api_calls("HubSpot", 45_000)
    await poll_all(service)
    answer = await post(notification(sync_errors("other")))
    assert [row["reason"] for row in answer.json()["refusals"]] == ["api_budget"]


@pytest.mark.parametrize(
    ("remediation", "reason"),
    [({"dry_run": True}, "dry_run"), ({"enabled": False}, "disabled")],
    ids=["dry run", "disabled"],
)
async def test_what_is_switched_off_sends_nothing(
    start: Start,
    config_data: Json,
    write_config: Callable[[Json], Path],
    acme: Org,
    remediation: Json,
    reason: str,
) -> None:
    """It is counted and listed as refused; the bridge is not even asked which errors there are."""
    acme.add_errors("permissions", "salesforce_field_permissions", 3)
    acme.add_errors("other", "unknown", 3)
    config_data["remediation"] |= remediation
    async with start(load_config(write_config(config_data))) as service, client_of(service) as http:
        await poll_all(service)
        answer = await post_to(http, notification(alert(), sync_errors("other")))
        assert (answer.status_code, answer.json()["jobs"]) == (200, 0)
        assert [row["reason"] for row in answer.json()["refusals"]] == [reason, reason]
        listed = (await http.get("/api/v1/resyncs")).json()
        assert ([row["reason"] for row in listed["refusals"]], listed["jobs"]) == ([reason, reason], [])
        page = (await http.get("/metrics")).text
        assert f'hubspot_salesforce_resync_refusals_total{{integration="acme",reason="{reason}"}} 2.0' in page
    assert acme.requests["bridge.sync_errors"] == acme.requests["bridge.resync"] == acme.resyncs.requests == 0


async def test_no_bridge_no_resync(
    start: Start, config_data: Json, write_config: Callable[[Json], Path], acme: Org
) -> None:
    """An integration that is only watched cannot be resynced: refused, and said why."""
    del config_data["integrations"][0]["sync_health"]
    async with start(load_config(write_config(config_data))) as service, client_of(service) as http:
        answer = await post_to(http, notification(alert()))
        (refusal,) = answer.json()["refusals"]
        assert (answer.status_code, refusal["reason"]) == (200, "disabled")
        assert "it takes a bridge (sync_health.url), or a property to touch (remediation.touch" in refusal["detail"]


async def test_configured_policies_replace_the_defaults(
    start: Start, config_data: Json, write_config: Callable[[Json], Path]
) -> None:
    """One's own alert is acted on, the shipped ones no longer."""
    config_data["remediation"]["policies"] = [{"alert": "CrmFixed", "on": "resolved", "categories": ["picklists"]}]
    async with start(load_config(write_config(config_data))) as service, client_of(service) as http:
        assert (await post_to(http, notification(alert()))).status_code == 200
        assert (await post_to(http, notification(alert("CrmFixed")))).status_code == 202
        (job,) = (await http.get("/api/v1/resyncs")).json()["jobs"]
        assert job["categories"] == ["picklists"]


# --- what is refused


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"alerts=1", "not JSON"),
        (json.dumps(notification(alert(), version="3")).encode(), "version does not fit (enum: ['4', '1'])"),
        (b"[]", "the body does not fit (type: object)"),
        (json.dumps(notification(alert(), alerts={})).encode(), "alerts does not fit (type: array)"),
        (json.dumps(notification({**alert(), "fingerprint": 7})).encode(), "alerts[0].fingerprint does not fit"),
        (json.dumps(notification({**alert(), "fingerprint": "\ud800"})).encode(), "not printable"),
    ],
)
async def test_a_bad_notification_is_told_why(post: Post, counted: Counted, body: bytes, reason: str) -> None:
    """400 with the place and the rule: Alertmanager drops it, and its log says what was wrong."""
    answer = await post(body)
    assert answer.status_code == 400
    assert reason in answer.json()["error"]
    assert await counted() == {"invalid": 1}


async def test_an_alert_without_start_is_a_bad_notification(config: Config, post: Post) -> None:
    """Without it a repetition could not be told from the first; none of the other alerts is taken either."""
    timeless = alert()
    del timeless["startsAt"]
    answer = await post(notification(alert(fingerprint="b"), timeless))
    assert answer.status_code == 400
    assert "alerts[1]: startsAt missing" in answer.json()["error"]
    assert stored_jobs(config) == []


@pytest.mark.parametrize(
    ("body", "headers", "status", "cause"),
    [
        (json.dumps({"text": "hunter2"}).encode(), {}, 400, "the message of a chat tool"),
        (gzip.compress(b"{}"), {"Content-Encoding": "gzip"}, 415, "expected none; switch compression off"),
        (gzip.compress(b"{}"), {}, 400, "compressed (gzip)"),
        (b"hunter2=hunter2", {}, 400, "an HTML form"),
        (b" " * (MAX_BODY_BYTES + 1), {}, 413, f"more than {MAX_BODY_BYTES} bytes"),
        (b"{}", {"Authorization": "Bearer hunter2"}, 401, "another token was sent than the configured one"),
    ],
    ids=["chat", "gzip", "gzip that is not announced", "form", "too long", "wrong token"],
)
async def test_a_rejected_notification_is_logged_with_its_cause(
    http: httpx.AsyncClient, body: bytes, headers: dict[str, str], status: int, cause: str
) -> None:
    """Its sender drops it for good, and may say nothing: our log does, without anything of what was sent."""
    with structlog.testing.capture_logs() as logs:
        answer = await http.post(WEBHOOK, content=body, headers={**bearer(WEBHOOK_TOKEN), **headers})
    (entry,) = (entry for entry in logs if entry["event"] == "webhook rejected")
    assert (answer.status_code, entry["status"], entry["log_level"]) == (status, status, "warning")
    assert cause in entry["cause"]
    assert "hunter2" not in str(entry)


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["4", "firing", "resolved", "acme", FIELD_PERMISSIONS, SYNC_ERRORS, "other", "\ud800", "\0"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
LABELS = st.dictionaries(st.sampled_from(["alertname", "integration", "category", "x"]), VALUES, max_size=4)
ALERT_FIELDS: st.SearchStrategy[Json] = st.fixed_dictionaries(
    {"status": st.sampled_from(["firing", "resolved"]) | VALUES, "labels": LABELS},
    optional={"startsAt": VALUES, "fingerprint": VALUES, "annotations": VALUES},
)
ALERTS = ALERT_FIELDS.map(lambda fields: {**alert(), **fields, "labels": {**alert()["labels"], **fields["labels"]}})
FIELDS: st.SearchStrategy[Json] = st.fixed_dictionaries(
    {"alerts": st.lists(ALERTS, max_size=3) | VALUES}, optional={"version": VALUES, "truncatedAlerts": VALUES}
)
PAYLOADS = FIELDS.map(lambda fields: {**notification(), **fields})


@settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=100) | VALUES.map(lambda value: json.dumps(value).encode()))
async def test_any_body_gets_a_clean_answer(post: Post, body: bytes) -> None:
    """Whatever is posted is taken or refused, and never a crash."""
    answer = await post(body)
    assert answer.status_code in (200, 202, 400)
    assert answer.json()


@settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payload=PAYLOADS)
async def test_any_value_in_a_notification_gets_a_clean_answer(post: Post, payload: Json) -> None:
    """Nor is a notification that is almost right."""
    answer = await post(json.dumps(payload).encode())
    assert answer.status_code in (200, 202, 400)
    assert answer.json()


async def test_too_long_a_body_is_not_read_to_its_end(http: httpx.AsyncClient, counted: Counted) -> None:
    """413 as soon as the limit is passed."""
    sent = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(64):
            sent += 1
            yield b" " * (1024 * 1024)

    answer = await http.post(WEBHOOK, content=chunks(), headers=bearer(WEBHOOK_TOKEN))
    assert answer.status_code == 413
    assert answer.json() == {"error": f"more than {MAX_BODY_BYTES} bytes"}
    assert sent == MAX_BODY_BYTES // (1024 * 1024) + 1
    assert await counted() == {"invalid": 1}


async def test_a_body_of_the_greatest_length_is_read(post: Post) -> None:
    """Thousands of alerts fit; white space after them does no harm."""
    assert (await post(json.dumps(notification(alert())).encode().ljust(MAX_BODY_BYTES))).status_code == 202


async def test_a_body_that_breaks_off_is_a_bad_notification(service: Service, counted: Counted) -> None:
    """A sender that goes away in the middle is counted, and harms nobody."""
    messages: list[Any] = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"authorization", f"Bearer {WEBHOOK_TOKEN}".encode())]
    scope = {"type": "http", "method": "POST", "path": WEBHOOK, "headers": headers, "query_string": b""}
    await service.app(scope, receive, send)
    assert sent[0]["status"] == 400
    assert await counted() == {"invalid": 1}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
async def test_other_methods_are_not_allowed(http: httpx.AsyncClient, method: str) -> None:
    """405 says that one posts here."""
    answer = await http.request(method, WEBHOOK, headers=bearer(WEBHOOK_TOKEN))
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


# --- a store that fails


async def test_what_cannot_be_stored_is_to_be_sent_again(config: Config, post: Post, counted: Counted) -> None:
    """503 while the store refuses writes; the same notification is accepted once it takes them again."""
    query(config, "ALTER TABLE jobs RENAME TO jobs_taken_away")
    answer = await post(notification(alert()))
    assert (answer.status_code, answer.json()) == (
        503,
        {"error": "the notification could not be stored; send it again"},
    )
    assert await counted() == {"unavailable": 1}
    query(config, "ALTER TABLE jobs_taken_away RENAME TO jobs")
    assert (await post(notification(alert()))).status_code == 202
    assert len(stored_jobs(config)) == 1


async def test_a_notification_is_stored_as_a_whole_or_not_at_all(
    config: Config, post: Post, http: httpx.AsyncClient
) -> None:
    """When its refusals cannot be written its jobs are not either, and nothing is counted twice afterwards."""
    query(config, "ALTER TABLE refusals RENAME TO refusals_taken_away")
    payload = notification(alert(), sync_errors("picklists"))
    assert (await post(payload)).status_code == 503
    assert stored_jobs(config) == []
    query(config, "ALTER TABLE refusals_taken_away RENAME TO refusals")
    assert (await post(payload)).status_code == 202
    page = (await http.get("/metrics")).text
    assert 'hubspot_salesforce_resync_refusals_total{integration="acme",reason="not_retryable"} 1.0' in page


async def test_a_full_disk_is_a_store_that_fails(config: Config, post: Post) -> None:
    """SQLite's own refusal to grow, as on a full disk, is 503 too."""
    query(config, "CREATE TRIGGER full BEFORE INSERT ON jobs BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
    assert (await post(notification(alert()))).status_code == 503
    query(config, "DROP TRIGGER full")
    assert (await post(notification(alert()))).status_code == 202


async def test_a_store_that_does_not_come_to_an_end() -> None:
    """Alertmanager does not wait for ever: it is told before it gives up, and nobody works on for it."""
    given_up = asyncio.Event()

    async def receiving() -> Receipt:
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()
        raise AssertionError

    with pytest.raises(StoreError, match=r"not finished within 0\.01 s"):
        await in_time(receiving(), 0.01)
    async with asyncio.timeout(5):
        await given_up.wait()
    assert ANSWER_SECONDS < ALERTMANAGER_WAITS


async def test_a_bridge_that_is_away_does_not_matter_here(service: Service, post: Post, acme: Org) -> None:
    """Nothing is asked of anybody before the answer."""
    acme.faults.put(Fault("bridge", "server_error"))
    await poll_all(service)
    asked = acme.requests.copy()
    assert (await post(notification(alert()))).status_code == 202
    assert acme.requests == asked
