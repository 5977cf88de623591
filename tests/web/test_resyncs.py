"""``GET /api/v1/resyncs`` and what hangs on it: jobs, their records, refusals, notifications."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import httpx
import pytest

from exporter.config.settings import Config
from exporter.demo.simulator.org import Org
from exporter.store.batches import Listed
from exporter.store.history import MOST_COUNTED
from tests.clocks import ManualClock
from tests.remediation.at_work import permission_errors
from tests.remediation.bench import Bench
from tests.remediation.payloads import FIELD_PERMISSIONS, SYNC_ERRORS, alert, notification, sync_errors
from tests.web.conftest import Post

NOW = "2027-01-15T08:00:00.000Z"
URL = "/api/v1/resyncs"
OBJECTS = "HubSpotSalesforceObjectPermissionsMissing"


async def got(http: httpx.AsyncClient, url: str = URL, /, **query: Any) -> Any:
    answer = await http.get(url, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


# --- the list


async def test_jobs_and_refusals_are_listed(http: httpx.AsyncClient, post: Post, clock: ManualClock) -> None:
    """The newest first, with times people can read, and without what only the worker needs."""
    await post(notification(alert()))
    clock.advance(1)
    await post(notification(alert(integration="beta", fingerprint="b"), sync_errors("picklists")))
    listing = await got(http)
    assert [(job["id"], job["integration"]) for job in listing["jobs"]] == [(2, "beta"), (1, "acme")]
    first = listing["jobs"][1]
    assert (first["state"], first["created_at"], first["finished_at"]) == ("queued", NOW, None)
    assert (first["categories"], first["starts_at"]) == (["permissions"], alert()["startsAt"])
    assert first["records"] == {"pending": 0, "sending": 0, "succeeded": 0, "failed": 0}
    assert first["proof"] == {"cured": 0, "came_back": 0, "unchanged": 0, "waiting": 0}
    assert {"lease_until", "listed", "fingerprint", "errors", "request", "claims"}.isdisjoint(first)
    (refusal,) = listing["refusals"]
    assert (refusal["integration"], refusal["reason"], refusal["job_id"]) == ("acme", "not_retryable", None)
    assert refusal["at"] == "2027-01-15T08:00:01.000Z"


async def test_resyncs_of_one_integration(http: httpx.AsyncClient, post: Post) -> None:
    """Neither jobs nor refusals of another."""
    await post(notification(alert(), alert(integration="beta"), sync_errors("picklists")))
    beta = await got(http, integration="beta")
    assert ([job["integration"] for job in beta["jobs"]], beta["refusals"]) == (["beta"], [])


async def test_jobs_are_filtered(http: httpx.AsyncClient, post: Post) -> None:
    """By state, category and alert, and by all of them at once."""
    await post(notification(alert(), sync_errors("other"), alert(OBJECTS, fingerprint="o")))
    for query, ids in (
        ({"state": "queued"}, [3, 2, 1]),
        ({"state": "done"}, []),
        ({"category": "other"}, [2]),
        ({"category": "permissions"}, [3, 1]),
        ({"category": "custom_code"}, []),
        ({"alert": SYNC_ERRORS}, [2]),
        ({"alert": FIELD_PERMISSIONS, "category": "permissions", "state": "queued", "integration": "acme"}, [1]),
        ({"alert": ""}, []),
    ):
        assert [job["id"] for job in (await got(http, **query))["jobs"]] == ids, query


async def test_the_list_goes_on_page_by_page(http: httpx.AsyncClient, post: Post) -> None:
    """Each job once, however many there are; refusals stand beside the first page, and have pages of their own."""
    for number in range(5):
        await post(notification(alert(fingerprint=f"f{number}"), sync_errors("picklists")))
    pages: list[tuple[list[int], int]] = []
    before: dict[str, int] = {}
    while True:
        page = await got(http, limit=2, **before)
        pages.append(([job["id"] for job in page["jobs"]], len(page["refusals"])))
        if page["next_before"] is None:
            break
        before = {"before": page["next_before"]}
    assert pages == [([5, 4], 2), ([3, 2], 0), ([1], 0)]
    first = await got(http, "/api/v1/refusals", limit=3)
    rest = await got(http, "/api/v1/refusals", limit=3, before=first["next_before"])
    assert [row["id"] for row in (*first["refusals"], *rest["refusals"])] == [5, 4, 3, 2, 1]
    assert rest["next_before"] is None


async def test_refusals_are_filtered(http: httpx.AsyncClient, post: Post) -> None:
    """By integration and alert."""
    await post(notification(sync_errors("picklists"), sync_errors("picklists", integration="beta")))
    for query, count in (({}, 2), ({"integration": "beta"}, 1), ({"alert": SYNC_ERRORS}, 2), ({"alert": "Other"}, 0)):
        assert len((await got(http, "/api/v1/refusals", **query))["refusals"]) == count


async def test_a_page_ends_where_its_records_are_too_many_to_count(bench: Bench, api: httpx.AsyncClient) -> None:
    """So a page of the largest jobs costs no more than one of small ones; the next goes on with the rest."""
    for number in range(3):
        await bench.notify(alert(fingerprint=f"f{number}"))
        job = await bench.claim()
        await bench.jobs.note(job, planned_records=MOST_COUNTED // 2)
        await bench.jobs.finish(job, "done", "", bench.clock.time())
    first = await got(api)
    assert ([job["id"] for job in first["jobs"]], first["next_before"]) == ([3, 2], 2)
    assert [job["id"] for job in (await got(api, before=2))["jobs"]] == [1]


# --- what is asked for wrongly


@pytest.mark.parametrize("limit", ["0", "-1", "1001", "many", "", "1.5", "²", "٣", "9" * 5000])
async def test_a_wrong_limit_is_refused(http: httpx.AsyncClient, limit: str) -> None:
    """400 with what was given and what was expected."""
    answer = await http.get(URL, params={"limit": limit})
    assert answer.status_code == 400
    assert answer.json()["error"] == f"limit: got {limit[:20]!r}; expected a number from 1 to 1000"


@pytest.mark.parametrize("url", [URL, "/api/v1/refusals"])
async def test_an_unknown_integration(http: httpx.AsyncClient, url: str) -> None:
    """404: an empty list would say that nothing was ever wrong with it."""
    answer = await http.get(url, params={"integration": "nobody"})
    assert answer.status_code == 404
    assert answer.json() == {
        "error": "integration: got 'nobody'; expected the name of an integration that is configured"
    }


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"state": "finished"}, "state: got 'finished'; expected one of queued, running, done, partly_failed, failed"),
        ({"category": "Picklists"}, "category: got 'Picklists'; expected one of associations, custom_code"),
        ({"before": "0"}, "before: got '0'; expected a number from 1 to 2147483647"),
        ({"before": "2147483648"}, "before: got '2147483648'; expected"),
        ({"alert": "x" * 201}, "alert: got 'xxx"),
        ({"alert": "\0"}, "alert: got '\\x00'; expected at most 200 characters, and no NUL"),
    ],
)
async def test_a_wrong_filter_is_explained(http: httpx.AsyncClient, query: dict[str, str], said: str) -> None:
    """400 with the parameter, what was given and what was expected."""
    answer = await http.get(URL, params=query)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(said)


@pytest.mark.parametrize("job", ["1", "0", "-1", "x", "²", "2147483648", "9" * 5000, "1%00"])
async def test_a_job_that_there_is_not(http: httpx.AsyncClient, job: str) -> None:
    """404, whatever its number."""
    answer = await http.get(f"{URL}/{job}")
    assert answer.status_code == 404
    assert "no job has this id" in answer.json()["error"]


@pytest.mark.parametrize(("query", "said"), [({"outcome": "good"}, "outcome: "), ({"proof": "cure"}, "proof: ")])
async def test_a_wrong_filter_of_records_is_explained(
    http: httpx.AsyncClient, post: Post, query: dict[str, str], said: str
) -> None:
    """400."""
    await post(notification(alert()))
    answer = await http.get(f"{URL}/1", params=query)
    assert (answer.status_code, answer.json()["error"].startswith(said)) == (400, True)


@pytest.mark.parametrize("url", [URL, f"{URL}/1", "/api/v1/refusals", "/api/v1/notifications"])
async def test_a_store_that_cannot_be_read(config: Config, http: httpx.AsyncClient, url: str) -> None:
    """503, and the rest of the exporter goes on."""
    with closing(sqlite3.connect(config.store.removeprefix("sqlite:///"))) as connection:
        for table in ("jobs", "refusals", "notifications"):
            connection.execute(f"ALTER TABLE {table} RENAME TO {table}_taken_away")
    answer = await http.get(url)
    assert (answer.status_code, answer.json()) == (503, {"error": "the store cannot be read"})
    assert (await http.get("/api/v1/integrations")).status_code == 200
    assert (await http.get("/metrics")).status_code == 200


# --- one job


async def test_a_job_with_its_records(bench: Bench, api: httpx.AsyncClient, acme: Org) -> None:
    """What became of each, in which request, and what was seen of it afterwards."""
    error_ids = permission_errors(acme, 3)
    await bench.notify(alert())
    await bench.work()
    shown = await got(api, f"{URL}/1")
    assert (shown["job"]["state"], shown["job"]["planned_records"], shown["job"]["planned_calls"]) == ("done", 3, 12)
    assert shown["job"]["proof"] == {"cured": 0, "came_back": 0, "unchanged": 0, "waiting": 3}
    assert [record["error_id"] for record in shown["records"]] == sorted(error_ids)
    first = shown["records"][0]
    assert (first["outcome"], first["reason"], first["attempts"], first["batch"]) == ("succeeded", "", 1, 1)
    assert (first["category"], first["error_type"]) == ("permissions", "salesforce_field_permissions")
    assert (first["record"].partition("/")[0], first["proof"], first["proved_at"]) == ("contacts", None, None)
    (batch,) = shown["batches"]
    assert (batch["number"], batch["records"], batch["succeeded"], batch["sent_at"]) == (1, 3, 3, NOW)
    await bench.later(bench.verify_after)
    await bench.crew.prover.look()
    shown = await got(api, f"{URL}/1", proof="cured")
    assert shown["job"]["proof"] == {"cured": 3, "came_back": 0, "unchanged": 0, "waiting": 0}
    assert len(shown["records"]) == 3
    assert (await got(api, f"{URL}/1", proof="unchanged"))["records"] == []


async def test_why_the_bridge_refused_a_record(bench: Bench, api: httpx.AsyncClient, acme: Org) -> None:
    """In its own words, with the time of the next attempt; and in the end why the job failed in part."""
    permission_errors(acme, 2)
    gone = acme.errors.get("e2")
    assert gone is not None
    await bench.notify(alert())
    job = await bench.claim()
    await bench.batches.list_records(job, [Listed("e1", "contacts/1"), Listed("e99", "contacts/99")], 8, 1.0)
    await bench.jobs.postpone(job, bench.clock.time(), 0.0, 0, "", "")
    await bench.work()
    (refused,) = (await got(api, f"{URL}/1", outcome="pending"))["records"]
    assert (refused["error_id"], refused["attempts"]) == ("e99", 1)
    assert refused["reason"]
    assert refused["retry_at"] > NOW
    for _ in range(6):
        await bench.later(3600)
        await bench.work()
    shown = await got(api, f"{URL}/1", outcome="failed")
    assert shown["job"]["state"] == "partly_failed"
    assert shown["job"]["message"] == "1 of 2 records failed"
    assert shown["job"]["failed_for"] == {refused["reason"]: 1}
    assert [record["reason"] for record in shown["records"]] == [refused["reason"]]


async def test_the_records_of_a_job_come_page_by_page(bench: Bench, api: httpx.AsyncClient) -> None:
    """A hundred by default, each once, filtered or not."""
    await bench.notify(alert())
    job = await bench.claim()
    ids = [f"e{number:04}" for number in range(250)]
    await bench.batches.list_records(job, [Listed(each, f"contacts/{each}") for each in ids], 1000, 1.0)
    listed: list[str] = []
    sizes: list[int] = []
    after: dict[str, str] = {}
    while True:
        page = await got(api, f"{URL}/1", outcome="pending", **after)
        listed += [record["error_id"] for record in page["records"]]
        sizes.append(len(page["records"]))
        if page["next_after"] is None:
            break
        after = {"after": page["next_after"]}
    assert (listed, sizes) == (ids, [100, 100, 50])


async def test_a_job_that_waits_says_for_what(bench: Bench, api: httpx.AsyncClient, acme: Org) -> None:
    """Among the refusals of the job too, and nothing of another's."""
    permission_errors(acme, 1)
    acme.suspend("salesforce_org_locked")
    await bench.poll()
    await bench.notify(sync_errors("picklists"), alert())
    await bench.work()
    shown = await got(api, f"{URL}/1")
    assert (shown["job"]["state"], shown["job"]["refused_for"]) == ("queued", "suspended")
    assert "salesforce_org_locked" in shown["job"]["message"]
    assert [(row["reason"], row["job_id"]) for row in shown["refusals"]] == [("suspended", 1)]


# --- notifications


async def test_notifications_are_listed(http: httpx.AsyncClient, post: Post) -> None:
    """Which came from where, and what was made of them: the newest first."""
    await post(notification(alert(), sync_errors("picklists"), alert(integration="gamma"), truncatedAlerts=2))
    await post(notification(alert()))
    await post(notification())
    listing = await got(http, "/api/v1/notifications", limit=2)
    assert [row["result"] for row in listing["notifications"]] == ["ignored", "duplicate"]
    (first,) = (await got(http, "/api/v1/notifications", before=listing["next_before"]))["notifications"]
    assert first == {
        "id": 1,
        "at": NOW,
        "result": "accepted",
        "receiver": "hubspot-salesforce-resync",
        "group_key": '{}/{remediation="resync"}:{}',
        "alerts": 3,
        "truncated": 2,
        "jobs": 1,
        "duplicates": 0,
        "ignored": 1,
        "refused": 1,
    }
