"""``POST /api/v1/resyncs``, approval and cancellation: what people and programs ask for."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog

from exporter.config.file import load_config
from exporter.config.settings import Config
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.store.batches import Listed
from exporter.web.api.resync_orders import MAX_BODY_BYTES
from tests.conftest import WEBHOOK_TOKEN, Start, client_of
from tests.remediation.at_work import permission_errors
from tests.remediation.bench import Bench
from tests.remediation.payloads import alert
from tests.web.conftest import bearer, poll_all

Json = dict[str, Any]
URL = "/api/v1/resyncs"
PERMISSIONS = {"integration": "acme", "categories": ["permissions"]}


async def order(http: httpx.AsyncClient, body: Any = PERMISSIONS, key: str | None = None) -> httpx.Response:
    headers = bearer(WEBHOOK_TOKEN) | ({} if key is None else {"Idempotency-Key": key})
    return await http.post(URL, json=body, headers=headers)


async def change(http: httpx.AsyncClient, job: int | str, verb: str) -> httpx.Response:
    return await http.post(f"{URL}/{job}/{verb}", headers=bearer(WEBHOOK_TOKEN))


async def state(http: httpx.AsyncClient, job: int = 1) -> tuple[str, str]:
    shown = (await http.get(f"{URL}/{job}")).json()["job"]
    return shown["state"], shown["refused_for"]


async def errors_sent(http: httpx.AsyncClient, job: int = 1) -> list[str]:
    return [record["error_id"] for record in (await http.get(f"{URL}/{job}")).json()["records"]]


# --- an order


async def test_an_order_is_a_job(bench: Bench, api: httpx.AsyncClient, acme: Org) -> None:
    """202 once it is stored, and where it can be followed; then it is worked off as any other."""
    ids = permission_errors(acme, 3)
    acme.add_errors("other", "unknown", 2)
    answer = await order(api)
    assert (answer.status_code, answer.headers["location"]) == (202, f"{URL}/1")
    job = answer.json()["job"]
    assert (job["id"], job["state"], job["status"], job["alert"], job["starts_at"]) == (
        *(1, "queued", "requested", ""),
        None,
    )
    assert (job["action"], job["categories"], job["selected"]) == ("bridge", ["permissions"], False)
    await bench.work()
    assert await state(api) == ("done", "")
    assert await errors_sent(api) == sorted(ids)


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ({"categories": ["permissions"]}, ["e1", "e2"]),
        ({"error_types": ["option_limit_exceeded"]}, ["e3"]),
        ({"categories": ["other"], "error_types": ["option_limit_exceeded"]}, ["e3", "e5"]),
        ({"error_ids": ["e1", "e4", "e99"]}, ["e1", "e4"]),
        ({"categories": ["picklists"], "error_ids": ["e1", "e4"]}, ["e4"]),
        ({"everything": True}, ["e1", "e2", "e3", "e4", "e5"]),
    ],
    ids=["category", "type", "either", "ids", "ids of a category", "everything"],
)
async def test_what_is_named_is_resynced(
    bench: Bench, api: httpx.AsyncClient, acme: Org, body: Json, sent: list[str]
) -> None:
    """And nothing beside it."""
    permission_errors(acme, 2)
    acme.add_errors("picklists", "option_limit_exceeded", 1)
    acme.add_errors("picklists", "mismatched_options", 1)
    acme.add_errors("other", "unknown", 1)
    assert (await order(api, {"integration": "acme", **body})).status_code == 202
    await bench.work()
    assert await errors_sent(api) == sent


async def test_records_are_named_by_either_side(bench: Bench, api: httpx.AsyncClient, acme: Org) -> None:
    """By type and id, as the ledger shows them, and by their id in HubSpot or Salesforce."""
    ids = permission_errors(acme, 4)
    errors = [acme.errors.get(each) for each in ids]
    names = [f"{one.object_type}/{one.hubspot_id}" for one in errors[:1] if one]
    names += [one.hubspot_id for one in errors[1:2] if one and one.hubspot_id]
    names += [one.salesforce_id for one in errors[2:3] if one and one.salesforce_id]
    await order(api, {"integration": "acme", "error_ids": names})
    await bench.work()
    assert await errors_sent(api) == sorted(ids[: len(names)])


async def test_the_guards_hold_for_orders_too(bench: Bench, api: httpx.AsyncClient, acme: Org) -> None:
    """While the integration is suspended the job waits."""
    permission_errors(acme, 2)
    acme.suspend("salesforce_org_locked")
    await bench.poll()
    await order(api)
    await bench.work()
    assert await state(api) == ("queued", "suspended")
    acme.suspension = None
    await bench.later(60)
    await bench.work()
    assert await state(api) == ("done", "")


async def test_records_of_another_job_are_left_out(bench: Bench, api: httpx.AsyncClient, acme: Org) -> None:
    """Those that it is about to resync are within their cooldown, and the plan says so."""
    ids = permission_errors(acme, 3)
    first = acme.errors.get(ids[0])
    assert first is not None
    await order(api)
    records = [Listed(first.id, f"{first.object_type}/{first.hubspot_id}")]
    await bench.batches.list_records(await bench.claim(), records, 4, bench.clock.time())
    plan = (await order(api, {**PERMISSIONS, "dry_run": True})).json()["plan"]
    assert (plan["records"], plan["refused"]) == (2, {"cooldown": 1})


# --- the same order again


async def test_the_same_key_is_the_same_job(bench: Bench, api: httpx.AsyncClient, acme: Org) -> None:
    """200 with the job as it is by then, in whatever order the body names things, after a restart or years later."""
    permission_errors(acme, 1)
    body = {"integration": "acme", "categories": ["permissions", "other"], "dry_run": False}
    first = await order(api, body, key="k1")
    await bench.work()
    again = await order(api, {"categories": ["other", "permissions"], "integration": "acme"}, key="k1")
    assert (first.status_code, again.status_code, again.headers["location"]) == (202, 200, f"{URL}/1")
    assert (again.json()["job"]["id"], again.json()["job"]["state"]) == (1, "done")
    assert (await order(api, body, key="k2")).json()["job"]["id"] == 2


@pytest.mark.parametrize(
    "other",
    [
        {"integration": "acme", "categories": ["picklists"]},
        {"integration": "beta", "categories": ["permissions"]},
        {"integration": "acme", "categories": ["permissions"], "error_ids": ["e1"]},
        {"integration": "acme", "categories": ["permissions"], "action": "bridge"},
    ],
)
async def test_the_key_of_another_order_is_refused(api: httpx.AsyncClient, other: Json) -> None:
    """422 with the job it was used for; nothing is made."""
    await order(api, key="k1")
    answer = await order(api, other, key="k1")
    assert answer.status_code == 422
    assert answer.json() == {"error": "Idempotency-Key: the key 'k1' was used for another order, of job 1"}
    assert len((await api.get(URL)).json()["jobs"]) == 1


async def test_orders_at_the_same_moment_are_one_job(api: httpx.AsyncClient) -> None:
    """One is told that it made the job, all are told which it is."""
    answers = await asyncio.gather(*(order(api, key="k1") for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [202]
    assert {answer.json()["job"]["id"] for answer in answers} == {1}


async def test_without_a_key_each_order_is_another(api: httpx.AsyncClient) -> None:
    """Two jobs, of which the second will find the records within their cooldown."""
    assert [(await order(api)).json()["job"]["id"] for _ in range(2)] == [1, 2]


# --- a dry run


async def test_a_dry_run_tells_the_plan(bench: Bench, api: httpx.AsyncClient, acme: Org) -> None:
    """Records, requests, calls, what is left out; the time once earlier requests show how long they take."""
    permission_errors(acme, 250)
    answer = await order(api, {**PERMISSIONS, "dry_run": True}, key="k1")
    assert answer.status_code == 200
    plan = {
        "action": "bridge",
        "records": 250,
        "batches": 3,
        "expected_api_calls": 1000,
        "seconds": None,
        "refused": {},
        "waits_for": None,
        "needs_approval": False,
    }
    assert answer.json() == {"plan": plan}
    assert (await api.get(URL)).json()["jobs"] == []
    assert acme.resyncs.requests == 0
    await order(api, {"integration": "acme", "error_ids": ["e1", "e2"]}, key="k1")
    await bench.work()
    permission_errors(acme, 2)
    again = (await order(api, {**PERMISSIONS, "dry_run": True})).json()["plan"]
    assert again == {**plan, "seconds": bench.verify_after}


async def test_a_dry_run_says_what_a_job_would_wait_for(
    start: Start, config_data: Json, write_config: Callable[[Json], Path], acme: Org
) -> None:
    """Whether that is the gate, or a human because there are so many."""
    permission_errors(acme, 20)
    config_data["integrations"][0]["remediation"] = {"max_records": 10}
    async with start(load_config(write_config(config_data))) as service, client_of(service) as http:
        acme.suspend("salesforce_org_locked")
        await poll_all(service)
        plan = (await order(http, {**PERMISSIONS, "dry_run": True})).json()["plan"]
        assert (plan["records"], plan["needs_approval"], plan["waits_for"]["reason"]) == (20, True, "suspended")


async def test_a_dry_run_of_a_bridge_that_is_down(api: httpx.AsyncClient, acme: Org) -> None:
    """502: which errors there are nobody knows. An order is taken all the same, it can wait."""
    acme.faults.put(Fault("bridge", "server_error"))
    answer = await order(api, {**PERMISSIONS, "dry_run": True})
    assert answer.status_code == 502
    assert answer.json()["error"].startswith("which errors there are is not known: ")
    assert (await order(api)).status_code == 202


@pytest.mark.parametrize(("remediation", "reason"), [({"dry_run": True}, "dry_run"), ({"enabled": False}, "disabled")])
async def test_what_is_switched_off_takes_no_order(
    start: Start, config_data: Json, write_config: Callable[[Json], Path], acme: Org, remediation: Json, reason: str
) -> None:
    """409, while a plan is told and says so; an order taken before is still answered with its job."""
    permission_errors(acme, 1)
    async with start(load_config(write_config(config_data))) as service, client_of(service) as http:
        await order(http, key="k1")
    config_data["remediation"] |= remediation
    async with start(load_config(write_config(config_data))) as service, client_of(service) as http:
        answer = await order(http)
        assert (answer.status_code, answer.json()) == (
            409,
            {"error": f"remediation.{'dry_run is true' if reason == 'dry_run' else 'enabled is false'}"},
        )
        plan = (await order(http, {**PERMISSIONS, "dry_run": True})).json()["plan"]
        assert (plan["records"], plan["waits_for"]["reason"]) == (1, reason)
        assert (await order(http, key="k1")).status_code == 200


async def test_an_action_that_is_not_configured(api: httpx.AsyncClient) -> None:
    """409 naming it, and what it takes."""
    answer = await order(api, {**PERMISSIONS, "action": "touch"})
    assert (answer.status_code, answer.json()) == (
        409,
        {
            "error": "the integration has not what the action touch needs: a property to touch "
            "(remediation.touch.property), a HubSpot token to write it with (hubspot.token_file), and somebody who "
            "lists errors (sync_health) or hubspot.unsynced.objects"
        },
    )


# --- bodies and tokens


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "integration: missing; expected the name of an integration"),
        ({"integration": 7, "everything": True}, "integration: got 7; expected the name of an integration"),
        ({"integration": "acme"}, 'name what to resync: categories, error_types or error_ids; or say "everything"'),
        ({**PERMISSIONS, "everything": True}, "name what to resync"),
        ({"integration": "acme", "everything": False}, "everything: got false; expected true, to resync every error"),
        ({"integration": "acme", "category": "other"}, "unknown key 'category'; expected 'categories', perhaps"),
        ({"integration": "acme", "categories": []}, "categories: got an empty list; expected a list of categories"),
        ({"integration": "acme", "categories": "other"}, "categories: got 'other'; expected a list of categories"),
        (
            {"integration": "acme", "categories": ["other", "picklist"]},
            "categories[1]: got 'picklist'; expected 'picklists', perhaps",
        ),
        ({"integration": "acme", "categories": ["weather"]}, "categories[0]: got 'weather'; expected one of assoc"),
        ({"integration": "acme", "categories": ["other", "other"]}, "categories: got a list of 2; expected a list of"),
        ({"integration": "acme", "error_types": ["flow"]}, "error_types[0]: got 'flow'; expected"),
        ({"integration": "acme", "error_ids": []}, "error_ids: got an empty list; expected a list of 1 to 1000 ids"),
        ({"integration": "acme", "error_ids": ["e"] * 1001}, "error_ids: got a list of 1001; expected"),
        ({"integration": "acme", "error_ids": [7]}, "error_ids[0]: got 7; expected an id of 1 to 500 characters"),
        ({"integration": "acme", "error_ids": ["a\n"]}, "error_ids[0]: got 'a\\n'; expected an id"),
        ({**PERMISSIONS, "dry_run": "yes"}, "dry_run: got 'yes'; expected true, to be told what would be done"),
        (
            {**PERMISSIONS, "action": "clear-suspension"},
            "action: got 'clear-suspension'; expected one of bridge, touch",
        ),
        ([PERMISSIONS], "the body is a list of 1; expected an object"),
        (None, "the body is null; expected an object"),
        ({**PERMISSIONS, "x" * 100: 1}, "unknown key 'xxx"),
    ],
)
async def test_a_bad_body_is_explained(api: httpx.AsyncClient, body: Any, said: str) -> None:
    """400 with the key, what was given, and what to write instead; nothing is ordered."""
    answer = await api.post(URL, content=json.dumps(body), headers=bearer(WEBHOOK_TOKEN))
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(said)
    assert (await api.get(URL)).json()["jobs"] == []


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"[" * 100_000, b'{"integration": "\\ud800", "everything": true}']
)
async def test_what_is_no_json_is_refused(api: httpx.AsyncClient, body: bytes) -> None:
    """With a sentence, however odd it is."""
    answer = await api.post(URL, content=body, headers=bearer(WEBHOOK_TOKEN))
    assert answer.status_code in (400, 404)
    assert answer.json()["error"]


async def test_a_body_that_is_too_long(api: httpx.AsyncClient) -> None:
    """413."""
    answer = await api.post(URL, content=b" " * (MAX_BODY_BYTES + 1), headers=bearer(WEBHOOK_TOKEN))
    assert (answer.status_code, answer.json()) == (413, {"error": f"more than {MAX_BODY_BYTES} bytes"})


@pytest.mark.parametrize("key", ["", "two words", "x" * 129, "ü"])
async def test_a_bad_key_is_explained(api: httpx.AsyncClient, key: str) -> None:
    """400: one that is cut or changed on its way would be another's."""
    headers = [(b"Authorization", f"Bearer {WEBHOOK_TOKEN}".encode()), (b"Idempotency-Key", key.encode("latin-1"))]
    answer = await api.post(URL, json=PERMISSIONS, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("Idempotency-Key: got ")


async def test_an_unknown_integration(api: httpx.AsyncClient) -> None:
    """404 with its name."""
    answer = await order(api, {"integration": "gamma", "everything": True})
    assert (answer.status_code, answer.json()) == (
        404,
        {"error": "integration: got 'gamma'; no integration has this name"},
    )


@pytest.mark.parametrize(
    "path", [URL, f"{URL}/1/approve", f"{URL}/1/cancel", f"{URL}/99/cancel", "/api/v1/suspensions"]
)
@pytest.mark.parametrize("headers", [{}, bearer("hunter2"), bearer(""), {"Authorization": "Basic aHVudGVyMg=="}])
async def test_without_the_token(api: httpx.AsyncClient, path: str, headers: dict[str, str]) -> None:
    """401, and not a word more than that one is wanted; the log says why, without anything of what was sent."""
    await order(api)
    with structlog.testing.capture_logs() as logs:
        answer = await api.post(path, json=PERMISSIONS, headers=headers)
    assert (answer.status_code, answer.json()) == (401, {"error": "a valid bearer token is needed"})
    assert answer.headers["www-authenticate"] == "Bearer"
    (entry,) = logs
    assert (entry["log_level"], entry["status"]) == ("warning", 401)
    assert "hunter2" not in str(entry)
    assert await state(api) == ("queued", "")


async def test_a_token_of_its_own(start: Start, config_data: Json, write_config: Callable[[Json], Path]) -> None:
    """With one the webhook's orders nothing, and it opens nothing else; both report suspensions."""
    config_data["remediation"]["api_token_file"] = "api-token"
    file = write_config(config_data)
    (file.parent / "api-token").write_text("an-api-token")
    suspension = {"integration": "acme", "suspended": False}
    async with start(load_config(file)) as service, client_of(service) as http:
        for url, body, of_webhook, of_api in (
            (URL, PERMISSIONS, 401, 202),
            (f"{URL}/1/cancel", None, 401, 202),
            ("/api/v1/suspensions", suspension, 202, 202),
            ("/alertmanager/webhook", {"version": "4", "status": "firing", "alerts": []}, 200, 401),
        ):
            for token, status in ((WEBHOOK_TOKEN, of_webhook), ("an-api-token", of_api)):
                assert (await http.post(url, json=body, headers=bearer(token))).status_code == status, (url, token)


async def test_suspensions_may_have_a_token_of_their_own(
    start: Start, config_data: Json, write_config: Callable[[Json], Path]
) -> None:
    """Then it opens nothing else, and the webhook's does not report any more."""
    config_data["remediation"] |= {"api_token_file": "api-token", "suspension_token_file": "suspension-token"}
    file = write_config(config_data)
    for name in ("api-token", "suspension-token"):
        (file.parent / name).write_text(name)
    suspension = {"integration": "acme", "suspended": False}
    async with start(load_config(file)) as service, client_of(service) as http:
        for url, body, good in (
            ("/api/v1/suspensions", suspension, {"suspension-token", "api-token"}),
            (URL, PERMISSIONS, {"api-token"}),
        ):
            for token in ("suspension-token", "api-token", WEBHOOK_TOKEN):
                status = 202 if token in good else 401
                assert (await http.post(url, json=body, headers=bearer(token))).status_code == status, (url, token)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", URL, {"GET", "HEAD", "POST"}),
        ("PUT", URL, {"GET", "HEAD", "POST"}),
        ("POST", f"{URL}/1", {"GET", "HEAD"}),
        ("GET", f"{URL}/1/approve", {"POST"}),
        ("GET", f"{URL}/1/cancel", {"POST"}),
        ("POST", "/api/v1/refusals", {"GET", "HEAD"}),
        ("POST", "/api/v1/notifications", {"GET", "HEAD"}),
        ("POST", "/api/v1/openapi.json", {"GET", "HEAD"}),
    ],
)
async def test_other_methods_are_not_allowed(api: httpx.AsyncClient, method: str, path: str, allowed: set[str]) -> None:
    """405 with all that are, as JSON like everything else there."""
    answer = await api.request(method, path, headers=bearer(WEBHOOK_TOKEN))
    assert (answer.status_code, answer.json()) == (405, {"error": "Method Not Allowed"})
    assert set(answer.headers["allow"].split(", ")) == allowed


async def test_a_store_that_is_away(api: httpx.AsyncClient, config: Config) -> None:
    """503, and once it is back the same order is one job."""
    with closing(sqlite3.connect(config.store.removeprefix("sqlite:///"))) as connection:
        connection.execute("ALTER TABLE jobs RENAME TO jobs_taken_away")
        for answer in (await order(api, key="k1"), await change(api, 1, "approve"), await change(api, 1, "cancel")):
            assert answer.status_code == 503
        connection.execute("ALTER TABLE jobs_taken_away RENAME TO jobs")
    assert (await order(api, key="k1")).json()["job"]["id"] == 1


async def test_orders_are_logged_without_the_token(bench: Bench, api: httpx.AsyncClient) -> None:
    """What was done to which job, and from where."""
    with structlog.testing.capture_logs() as logs:
        await order(api, key="k1")
        await order(api, key="k1")
        await change(api, 1, "cancel")
    assert [(entry["event"], entry["order"], entry["job"], entry["sender"]) for entry in logs] == [
        ("order taken", "resync", 1, "127.0.0.1"),
        ("order taken", "cancel", 1, "127.0.0.1"),
    ]
    assert WEBHOOK_TOKEN not in str(logs)


# --- people step in


class TestApproval:
    @pytest.fixture
    def config_data(self, config_data: Json) -> Json:
        config_data["integrations"][0]["remediation"] = {"max_records": 10}
        return config_data

    async def test_a_large_job_goes_on_once_it_is_approved(
        self, bench: Bench, api: httpx.AsyncClient, acme: Org
    ) -> None:
        """Until then nothing is sent; the answer shows that it waits no longer."""
        permission_errors(acme, 20)
        await order(api)
        await bench.work()
        assert await state(api) == ("queued", "needs_approval")
        assert acme.resyncs.requests == 0
        answer = await change(api, 1, "approve")
        assert answer.status_code == 202
        job = answer.json()["job"]
        assert (job["refused_for"], job["approved_at"]) == ("", "2027-01-15T08:00:00.000Z")
        await bench.work()
        assert await state(api) == ("done", "")
        assert acme.resyncs.records.total() == 20

    async def test_only_what_waits_for_it_is_approved(self, bench: Bench, api: httpx.AsyncClient, acme: Org) -> None:
        """409 for any other job, 404 for none."""
        permission_errors(acme, 1)
        await order(api)
        waiting = await change(api, 1, "approve")
        await bench.work()
        ended = await change(api, 1, "approve")
        assert [answer.status_code for answer in (waiting, ended)] == [409, 409]
        assert waiting.json() == {"error": "job 1 is queued and has not ended: it does not wait for approval"}
        for job in (2, 0, "x", "9" * 5000):
            assert (await change(api, job, "approve")).status_code == 404


class TestCancellation:
    async def test_a_waiting_job_ends_at_once(self, bench: Bench, api: httpx.AsyncClient, acme: Org) -> None:
        """Its records fail with it and count, and it cannot be cancelled again."""
        acme.faults.put(Fault("bridge", "server_error"))
        permission_errors(acme, 2)
        await bench.notify(alert())
        await bench.work()
        answer = await change(api, 1, "cancel")
        assert (answer.status_code, answer.json()["job"]["state"]) == (202, "cancelled")
        assert answer.json()["job"]["finished_at"] is not None
        again = await change(api, 1, "cancel")
        assert (again.status_code, again.json()) == (
            409,
            {"error": "job 1 is cancelled and has ended: it cannot be cancelled"},
        )
        acme.faults.clear()
        await bench.later(3600)
        assert await bench.work() == 0
        assert acme.resyncs.records.total() == 0

    async def test_a_running_job_ends_before_its_next_request(
        self, bench: Bench, api: httpx.AsyncClient, acme: Org
    ) -> None:
        """Until then it is running, with somebody wanting it ended."""
        permission_errors(acme, 2)
        await bench.notify(alert())
        job = await bench.claim()
        answer = await change(api, 1, "cancel")
        assert (answer.status_code, answer.json()["job"]["state"]) == (202, "running")
        assert answer.json()["job"]["cancelled"] is True
        await bench.worker.do(job)
        assert await state(api) == ("cancelled", "")
        assert acme.resyncs.requests == 0

    async def test_there_must_be_one(self, api: httpx.AsyncClient) -> None:
        """404."""
        assert (await change(api, 1, "cancel")).status_code == 404
