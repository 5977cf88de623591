"""Resync by touching the record: what is written, and what HubSpot's answers mean record by record."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from exporter.clients.connection import connect
from exporter.config.secret import Secret
from exporter.config.settings import HubSpot, Integration, OwnRemediation, SyncHealthFeed
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import Settings
from exporter.demo.simulator.world import World
from exporter.errors import Again, AuthError, RateLimited, ServerError, UpstreamError
from exporter.remediation.actions import Final
from exporter.remediation.actions.touch import KIND, Touch
from tests.clocks import ManualClock
from tests.remediation.at_work import A_JOB

PROPERTY = "salesforce_resync_requested_at"
JOB_TIME = "1800000000123"
"""Epoch milliseconds of ``A_JOB``."""

OTHER = ("other", "unknown")
FIT = {"name": PROPERTY, "type": "datetime", "modificationMetadata": {"readOnlyValue": False}}

Answer = Callable[[httpx.Request], httpx.Response]
Open = Callable[..., Touch]


class Script:
    """A HubSpot that answers batch updates in turn, the last answer for ever, and has the property unless told else."""

    def __init__(self, *answers: httpx.Response, definitions: Any = None) -> None:
        self._answers = list(answers)
        self._definitions = {"results": [FIT]} if definitions is None else definitions
        self.batches: list[list[str]] = []
        self.checks = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if "/properties/" in request.url.path:
            self.checks += 1
            return httpx.Response(200, json=self._definitions)
        self.batches.append([one["id"] for one in json.loads(request.content)["inputs"]])
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


@pytest.fixture
async def open_touch(clock: ManualClock, tmp_path: Path) -> AsyncIterator[Open]:
    """The action of an integration over a transport."""
    (tmp_path / "hubspot").write_text(Settings().hubspot_token)
    (tmp_path / "bridge").write_text(Settings().bridge_token)
    clients: list[httpx.AsyncClient] = []

    def opened(transport: httpx.AsyncBaseTransport | Answer, version: str = "2026-09") -> Touch:
        base = "http://127.0.0.1:1/acme"
        acme = Integration(
            "acme",
            None,
            HubSpot(f"{base}/hubspot", version, Secret(file=tmp_path / "hubspot"), None, (), ()),
            SyncHealthFeed(f"{base}/bridge", Secret(file=tmp_path / "bridge"), None),
            "immediate",
            {},
            OwnRemediation("touch", PROPERTY),
        )
        over = transport if isinstance(transport, httpx.AsyncBaseTransport) else httpx.MockTransport(transport)
        clients.append(httpx.AsyncClient(transport=over))
        touch = KIND.made_from(connect(acme, clients[-1], clock, lambda _name, _api: None))
        assert isinstance(touch, Touch)
        return touch

    yield opened
    for client in clients:
        await client.aclose()


def done(*ids: str, **more: Any) -> httpx.Response:
    return httpx.Response(200, json={"status": "COMPLETE", "results": [{"id": one} for one in ids], **more})


def partly(*ids: str, errors: list[dict[str, Any]], **more: Any) -> httpx.Response:
    body = {"results": [{"id": one} for one in ids], "numErrors": len(errors), "errors": errors, **more}
    return httpx.Response(207, json={name: value for name, value in body.items() if value is not None})


def error(category: str, *ids: str, message: str = "no", **more: Any) -> dict[str, Any]:
    return {"status": "error", "category": category, "message": message, "context": {"ids": list(ids)}, **more}


def refused(category: str = "VALIDATION_ERROR", status: int = 400, **more: Any) -> httpx.Response:
    return httpx.Response(status, json={"status": "error", "category": category, "message": "no", **more})


GONE = "OBJECT_NOT_FOUND: HubSpot has no such record; it is archived, deleted or merged"
RULE = "VALIDATION_ERROR: no"
SILENT = "HubSpot does not say what became of it"

ANSWERS: dict[str, tuple[list[httpx.Response], Mapping[str, str | None], int]] = {
    "all written": ([done("1", "2", "3")], {}, 1),
    "no results told of": ([httpx.Response(200, json={})], {}, 1),
    "merged into another": ([done("1", "2", "77")], {}, 1),
    "one without a result": ([done("1", "2")], {"3": SILENT}, 1),
    "no result at all": ([done()], {"1": SILENT, "2": SILENT, "3": SILENT}, 1),
    "errors under 200": ([done("1", "3", errors=[error("OBJECT_NOT_FOUND", "2")])], {"2": GONE}, 1),
    "errors under 207": ([partly("1", errors=[error("VALIDATION_ERROR", "2", "3")])], {"2": RULE, "3": RULE}, 1),
    "without numErrors": ([partly("1", "2", errors=[error("OBJECT_NOT_FOUND", "3")], numErrors=None)], {"3": GONE}, 1),
    "named by the trace": (
        [partly("1", "2", errors=[{"category": "VALIDATION_ERROR", "context": {"objectWriteTraceId": ["3"]}}])],
        {"3": "VALIDATION_ERROR"},
        1,
    ),
    "the rule's code is told": (
        [partly("1", "2", errors=[error("VALIDATION_ERROR", "3", errors=[{"code": "MISSING_REQUIRED_PROPERTY"}])])],
        {"3": "VALIDATION_ERROR: MISSING_REQUIRED_PROPERTY: no"},
        1,
    ),
    "one error, one record missing": ([partly("1", "2", errors=[error("VALIDATION_ERROR")])], {"3": RULE}, 1),
    "one error, two missing": (
        [partly("1", errors=[error("VALIDATION_ERROR")]), done("3"), refused()],
        {"2": RULE},
        3,
    ),
    "one locked": ([partly("1", "2", errors=[error("LOCKED", "3")]), done("3")], {}, 2),
    "locked for good": ([partly(errors=[error("LOCKED", "1", "2", "3")])], dict.fromkeys("123", "LOCKED: no"), 5),
    "a batch locked": ([refused("LOCKED", 423), done("1", "2", "3")], {}, 2),
    "ten-secondly limit": (
        [refused("RATE_LIMIT", 429, policyName="TEN_SECONDLY_ROLLING"), done("1", "2", "3")],
        {},
        2,
    ),
    "the edge": ([httpx.Response(502, html="<html>"), done("1", "2", "3")], {}, 2),
    "a batch refused, the record named": ([refused(context={"ids": ["2"]}), done("1", "3")], {"2": RULE}, 2),
    "a batch refused, found by halves": ([refused(), done("3"), refused(), done("2"), refused()], {"1": RULE}, 5),
    "a batch not found": ([refused("OBJECT_NOT_FOUND", 404, context={"ids": ["1"]}), done("2", "3")], {"1": GONE}, 2),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_an_answer_is_read_record_by_record(name: str, open_touch: Open, clock: ManualClock) -> None:
    """Whatever the status says of the whole: what is not refused is written, and each refusal has its reason."""
    answers, failed, requests = ANSWERS[name]
    hubspot = Script(*answers)
    ids = ["contacts/1", "contacts/2", "contacts/3"]
    outcomes = await clock.pass_during(open_touch(hubspot).resync(ids, A_JOB))
    assert outcomes == {f"contacts/{one}": failed.get(one) for one in "123"}
    assert len(hubspot.batches) == requests


@pytest.mark.parametrize("name", ["errors under 200", "a batch not found"])
async def test_a_record_that_is_gone_is_not_asked_for_again(name: str, open_touch: Open, clock: ManualClock) -> None:
    """A deleted record does not come back for the next attempt; what a rule refuses may be mended until then."""
    answers, failed, _requests = ANSWERS[name]
    outcomes = await clock.pass_during(open_touch(Script(*answers)).resync([f"contacts/{one}" for one in "123"], A_JOB))
    (gone,) = failed
    assert isinstance(outcomes[f"contacts/{gone}"], Final)


async def test_a_record_that_a_rule_refuses_may_be_asked_for_again(open_touch: Open, clock: ManualClock) -> None:
    """Somebody may mend the rule or the record."""
    hubspot = Script(partly("1", errors=[error("VALIDATION_ERROR", "2")]))
    outcomes = await clock.pass_during(open_touch(hubspot).resync(["contacts/1", "contacts/2"], A_JOB))
    assert outcomes["contacts/2"] == RULE
    assert not isinstance(outcomes["contacts/2"], Final)


FAILURES: dict[str, tuple[httpx.Response, type[UpstreamError], Again, float | None, int]] = {
    "daily limit": (refused("RATE_LIMIT", 429, policyName="DAILY"), RateLimited, Again.HOURLY, None, 1),
    "migration": (
        httpx.Response(477, headers={"Retry-After": "7200"}, json={}),
        ServerError,
        Again.LATER,
        7200.0,
        1,
    ),
    "token": (refused("INVALID_AUTHENTICATION", 401), AuthError, Again.LATER, None, 1),
    "locked for long": (refused("LOCKED", 423), RateLimited, Again.AT_ONCE, 2.0, 5),
}


@pytest.mark.parametrize("name", FAILURES)
async def test_what_is_not_about_records_is_the_jobs_to_wait_for(
    name: str, open_touch: Open, clock: ManualClock
) -> None:
    """Nothing is said of any record: the job goes on with all of them when the failure is over."""
    answer, kind, again, pause, requests = FAILURES[name]
    hubspot = Script(answer)
    with pytest.raises(kind) as caught:
        await clock.pass_during(open_touch(hubspot).resync(["contacts/1"], A_JOB))
    assert (caught.value.again, caught.value.retry_after) == (again, pause)
    assert len(hubspot.batches) == requests


async def test_a_lock_is_waited_for_two_seconds_at_least(open_touch: Open, clock: ManualClock) -> None:
    """Of a record and of a batch alike."""
    for answers in ([partly(errors=[error("LOCKED", "1")]), done("1")], [refused("LOCKED", 423), done("1")]):
        began = clock.time()
        await clock.pass_during(open_touch(Script(*answers)).resync(["contacts/1"], A_JOB))
        assert 2.0 <= clock.time() - began < 3.0


async def test_a_batch_full_of_bad_records_is_bounded(open_touch: Open, clock: ManualClock) -> None:
    """Those that were not asked for again fail, and say so."""
    hubspot = Script(refused())
    ids = [f"contacts/{number}" for number in range(100)]
    outcomes = await clock.pass_during(open_touch(hubspot).resync(ids, A_JOB))
    assert len(hubspot.batches) == 40
    assert set(outcomes) == set(ids)
    assert set(outcomes.values()) == {RULE, "not asked for again, after 40 requests for the batch it is in"}


UNFIT: dict[str, tuple[dict[str, Any] | None, str]] = {
    "missing": (None, "does not exist"),
    "archived": ({**FIT, "archived": True}, "is archived"),
    "of HubSpot's own": ({**FIT, "hubspotDefined": True}, "is HubSpot's own"),
    "of the integration": ({**FIT, "groupName": "salesforceinformation"}, "belongs to the Salesforce integration"),
    "a date": ({**FIT, "type": "date"}, "is of type date, not datetime"),
    "calculated": ({**FIT, "calculated": True}, "is calculated"),
    "read-only": ({**FIT, "modificationMetadata": {"readOnlyValue": True}}, "is read-only"),
    "unique": ({**FIT, "hasUniqueValue": True}, "must be unique"),
}


@pytest.mark.parametrize("name", UNFIT)
async def test_nothing_is_written_to_a_property_that_is_not_for_it(
    name: str, open_touch: Open, clock: ManualClock
) -> None:
    """Looked at before the first write; its records fail with what is wrong and what to do."""
    definition, trouble = UNFIT[name]
    hubspot = Script(done("1"), definitions={"results": [definition] if definition else [{"name": "email"}]})
    outcomes = await clock.pass_during(open_touch(hubspot).resync(["contacts/1"], A_JOB))
    assert f"the property {PROPERTY} of contacts {trouble}" in (outcomes["contacts/1"] or "")
    assert hubspot.batches == []


async def test_the_property_is_looked_at_once_while_it_is_fit(open_touch: Open, clock: ManualClock) -> None:
    """For every object type, not for every batch; again when a batch is refused as a whole, some seconds later."""
    hubspot = Script(done("1"), done("1"), done("2"), refused())
    touch = open_touch(hubspot)
    for ids in (["contacts/1"], ["contacts/1", "deals/2"]):
        await clock.pass_during(touch.resync(ids, A_JOB))
    assert hubspot.checks == 2
    clock.advance(60)
    await clock.pass_during(touch.resync(["contacts/1"], A_JOB))
    assert hubspot.checks == 3


async def test_each_object_type_has_its_own_requests_and_its_own_failures(
    open_touch: Open, transport: httpx.ASGITransport, acme: Org, clock: ManualClock
) -> None:
    """Contacts are written although the token may not write companies; which scope is missing is said."""
    acme.objects_out_of_scope = frozenset({"companies"})
    contact, company = (acme.records.by_type[name][0].hubspot_id for name in ("contacts", "companies"))
    ids = [f"contacts/{contact}", f"companies/{company}"]
    outcomes = await clock.pass_during(open_touch(transport).resync(ids, A_JOB))
    assert outcomes[ids[0]] is None
    assert "A scope is missing: crm.objects.companies.read" in (outcomes[ids[1]] or "")
    assert dict(acme.touches.records) == {contact: 1}


@pytest.mark.parametrize("version", ["2026-09", "v3"])
async def test_a_touched_record_syncs_and_its_error_is_gone_once_the_cause_is(
    version: str, open_touch: Open, transport: httpx.ASGITransport, acme: Org, world: World, clock: ManualClock
) -> None:
    """The value is the time of the job."""
    acme.add_errors(*OTHER, 1, cause="rule")
    touch = open_touch(transport, version)
    (found,) = await touch.find({OTHER})
    assert await clock.pass_during(touch.resync([found.id], A_JOB)) == {found.id: None}
    record = acme.records.by_id[found.id.removeprefix("contacts/")]
    assert record.written == {PROPERTY: JOB_TIME}
    world.tick()
    assert len(acme.errors) == 1
    acme.set_cause("rule", holds=False)
    await clock.pass_during(touch.resync([found.id], replace(A_JOB, created_at=A_JOB.created_at + 600)))
    world.tick()
    assert len(acme.errors) == 0


async def test_a_record_touched_twice_by_one_job_syncs_once(
    open_touch: Open, transport: httpx.ASGITransport, acme: Org, world: World, clock: ManualClock
) -> None:
    """After a crash a batch is sent again: the same value changes nothing."""
    touch = open_touch(transport)
    contact = acme.records.by_type["contacts"][0]
    await clock.pass_during(touch.resync([f"contacts/{contact.hubspot_id}"], A_JOB))
    clock.advance(60)
    world.tick()
    synced = contact.synced
    clock.advance(60)
    await clock.pass_during(touch.resync([f"contacts/{contact.hubspot_id}"], A_JOB))
    world.tick()
    assert (acme.touches.records[contact.hubspot_id], contact.synced) == (2, synced)


async def test_it_is_told_when_records_were_synced_last(
    open_touch: Open, transport: httpx.ASGITransport, acme: Org, clock: ManualClock
) -> None:
    """In requests of a hundred, of one object type each; nothing of a record that is not there, or of no record."""
    acme.add_records("contacts", 150 - len(acme.records.by_type["contacts"]))
    ids = [f"{name}/{one.hubspot_id}" for name in ("contacts", "deals") for one in acme.records.by_type[name]]
    synced = await clock.pass_during(open_touch(transport).synced_at([*ids, "deals/999", "?e3"]))
    assert synced == {each: acme.records.by_id[each.partition("/")[2]].synced for each in ids}
    assert acme.requests["hubspot.batch_read"] == 3


async def test_what_hubspot_does_not_tell_of_syncs_costs_only_that(
    open_touch: Open, transport: httpx.ASGITransport, acme: Org, clock: ManualClock
) -> None:
    """A scope that is missing is that of one object type; where nobody has the property, nobody was never synced."""
    acme.objects_out_of_scope = frozenset({"companies"})
    ids = [f"{name}/{acme.records.by_type[name][0].hubspot_id}" for name in ("companies", "deals")]
    touch = open_touch(transport)
    assert set(await clock.pass_during(touch.synced_at(ids))) == {ids[1]}
    acme.absent_properties = frozenset({"salesforcelastsynctime"})
    assert await clock.pass_during(open_touch(transport).synced_at(ids)) == {}


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, json={"results": [{"id": "1", "properties": {"salesforcelastsynctime": "soon"}}]}),
        refused(),
        refused("MISSING_SCOPES", 403),
    ],
)
async def test_an_answer_that_cannot_be_read_says_nothing_of_syncs(
    answer: httpx.Response, open_touch: Open, clock: ManualClock
) -> None:
    """The list of errors is the proof then."""
    hubspot = Script(answer, definitions={"results": [FIT, {"name": "salesforcelastsynctime", "type": "datetime"}]})
    assert await clock.pass_during(open_touch(hubspot).synced_at(["contacts/1"])) == {}
    assert hubspot.batches == [["1"]]


async def test_a_hubspot_that_is_away_is_asked_for_syncs_later(open_touch: Open, clock: ManualClock) -> None:
    """It may know."""
    hubspot = Script(
        refused("", 401), definitions={"results": [{"name": "salesforcelastsynctime", "type": "datetime"}]}
    )
    with pytest.raises(AuthError):
        await clock.pass_during(open_touch(hubspot).synced_at(["contacts/1"]))


async def test_a_record_is_found_once_and_an_error_without_one_keeps_its_own_id(open_touch: Open) -> None:
    """What cannot be touched is not left out in silence: it fails with the reason."""
    entries = [
        {"id": "e1", "category": "other", "object_type": "contacts", "hubspot_id": "7"},
        {"id": "e2", "category": "other", "object_type": "contacts", "hubspot_id": "7"},
        {"id": "e3", "category": "other", "salesforce_id": "003"},
        {"id": "e4", "category": "other", "object_type": "../x", "hubspot_id": "7"},
    ]
    touch = open_touch(lambda _request: httpx.Response(200, json={"results": entries}))
    found = [error.id for error in await touch.find({OTHER})]
    assert found == ["contacts/7", "?e3", "?e4"]
    outcomes = await touch.resync(found[1:], A_JOB)
    assert all("names no HubSpot record" in (why or "") for why in outcomes.values())


async def test_every_request_waits_when_the_ten_secondly_limit_was_met(
    open_touch: Open, transport: httpx.ASGITransport, acme: Org, clock: ManualClock
) -> None:
    """Other programs use the token too: nobody asks for five seconds, whatever it is about, then all goes on."""
    touch = open_touch(transport)
    first, second = (f"contacts/{acme.records.by_type['contacts'][number].hubspot_id}" for number in (0, 1))
    await clock.pass_during(touch.resync([first], A_JOB))
    acme.faults.put(Fault("hubspot", "ten_secondly_limit", count=1))
    began = clock.time()
    ended = [0.0, 0.0]

    async def resync(number: int, record: str) -> None:
        assert await touch.resync([record], A_JOB) == {record: None}
        ended[number] = clock.time() - began

    await clock.pass_during(_both(resync(0, first), resync(1, second)))
    assert all(5.0 <= seconds < 6.0 for seconds in ended)


async def _both(*work: Coroutine[Any, Any, None]) -> None:
    await asyncio.gather(*work)
