"""What a running exporter is asked, and what a person reads of its answers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from exporter.clients.http.upstream import Upstream
from exporter.clock import SystemClock
from exporter.commands.resync.remote import Remote
from exporter.commands.resync.wanted import Wanted
from exporter.config.secret import Secret
from exporter.errors import AuthError, ExporterError, InvalidAnswer, ServerError, UsageError

URL = "https://exporter.example/metrics-of-crm/"
JOB = {
    **{"id": 7, "integration": "acme", "action": "bridge", "state": "queued", "status": "requested"},
    **{"selected": False, "categories": ["picklists"], "error_types": ["option_limit_exceeded"]},
}
PLAN = {"action": "bridge", "records": 1, "batches": 1, "expected_api_calls": 4, "refused": {}}


@dataclass
class Exporter:
    """Answers everything with the next of its answers, the last one for ever."""

    answers: list[httpx.Response]
    asked: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(request.content) for request in self.asked]


def answer(status: int, body: Any = None, **more: Any) -> httpx.Response:
    return httpx.Response(status, json=body, **more)


OpenRemote = Callable[..., Any]


@pytest.fixture
def open_remote(tmp_path: Path) -> OpenRemote:
    (tmp_path / "token").write_text("secret-token\r\n")
    secret = Secret(file=tmp_path / "token")

    @asynccontextmanager
    async def opened(exporter: Exporter, token: Secret = secret) -> AsyncIterator[Remote]:
        async with httpx.AsyncClient(transport=httpx.MockTransport(exporter)) as http:
            yield Remote(URL, "--url=…", token, Upstream(http, SystemClock(), lambda: None))

    return opened


async def test_a_plan_is_a_dry_run(open_remote: OpenRemote) -> None:
    """Of what is named, with the token, below the path that the address has."""
    exporter = Exporter([answer(200, {"plan": PLAN})])
    async with open_remote(exporter) as remote:
        plan = await remote.plan(Wanted("acme", ("picklists",), action="touch"))
    (request,) = exporter.asked
    assert (plan.records, plan.seconds) == (1, None)
    assert str(request.url) == "https://exporter.example/metrics-of-crm/api/v1/resyncs"
    assert request.headers["authorization"] == "Bearer secret-token"
    assert exporter.bodies == [
        {"integration": "acme", "categories": ["picklists"], "action": "touch", "dry_run": True},
    ]


async def test_an_order_is_one_however_often_it_is_sent(open_remote: OpenRemote) -> None:
    """After an answer that says that the store is away it is sent again under the same key; the next has another."""
    away = answer(503, {"error": "the store failed"})
    exporter = Exporter([away, answer(202, {"job": JOB})])
    async with open_remote(exporter) as remote:
        assert await remote.place(Wanted("acme")) == 7
        assert await remote.place(Wanted("acme")) == 7
    keys = [request.headers["idempotency-key"] for request in exporter.asked]
    assert keys[0] == keys[1] != keys[2]


async def test_an_unfinished_job_is_looked_for_among_those_that_wait_and_those_at_work(open_remote: OpenRemote) -> None:
    """With the token: an exporter that has users lets nobody else read."""
    other = {**JOB, "id": 8, "categories": ["other"]}
    at_work = {**JOB, "state": "running"}
    exporter = Exporter([answer(200, {"jobs": [other]}), answer(200, {"jobs": [other, at_work]})])
    async with open_remote(exporter) as remote:
        found = await remote.unfinished(Wanted("acme", error_types=("option_limit_exceeded",)))
        assert await remote.unfinished(Wanted("acme")) is None
    assert found is not None
    assert (found.id, found.state) == (7, "running")
    assert [request.url.params["state"] for request in exporter.asked] == ["queued", "running"] * 2
    assert {request.headers["authorization"] for request in exporter.asked} == {"Bearer secret-token"}


async def test_without_a_token_a_job_is_looked_at(open_remote: OpenRemote) -> None:
    """Where everybody may read."""
    exporter = Exporter([answer(200, {"job": JOB})])
    async with open_remote(exporter, Secret(env="NOT_SET_ANYWHERE")) as remote:
        assert (await remote.job(7)).id == 7
    assert "authorization" not in exporter.asked[0].headers


async def test_approval_and_end_are_asked_for(open_remote: OpenRemote) -> None:
    """With the token."""
    exporter = Exporter([answer(202, {"job": JOB})])
    async with open_remote(exporter) as remote:
        await remote.approve(7)
        await remote.cancel(7)
    assert [request.url.path.rpartition("/resyncs")[2] for request in exporter.asked] == ["/7/approve", "/7/cancel"]
    assert {request.headers["authorization"] for request in exporter.asked} == {"Bearer secret-token"}


@pytest.mark.parametrize(
    ("response", "kind", "said"),
    [
        (answer(401, {"error": "a valid bearer token is needed"}), UsageError, "does not take the token of the file"),
        (answer(404, {"error": "integration: got 'x'"}), UsageError, "the exporter refuses: integration: got 'x' (st"),
        (answer(404), UsageError, "no exporter that takes orders is at https://exporter.example"),
        (httpx.Response(405, text="Method Not Allowed"), UsageError, "no exporter that takes orders is at"),
        (answer(409, {"error": "remediation.enabled is false"}), UsageError, "remediation.enabled is false"),
        (answer(422, {"error": "the key was used"}), UsageError, "the exporter refuses: the key was used"),
        (answer(400, {"error": "bad \x1b[31m"}), UsageError, "the exporter refuses: bad \ufffd[31m"),
        (answer(503, {"error": "the store failed"}), ServerError, "the exporter says: the store failed"),
        (answer(502, {"error": "not known"}), ServerError, "the exporter says: not known"),
        (httpx.Response(302, headers={"location": "https://login.example/"}), ExporterError, "sends to login.example"),
        (httpx.Response(200, html="<html>hello"), InvalidAnswer, "a web page instead of an answer"),
        (answer(200, []), InvalidAnswer, "is this the exporter's address?"),
        (answer(200, {"plan": {}}), InvalidAnswer, "is it of another version?"),
    ],
)
async def test_every_refusal_is_a_sentence(
    open_remote: OpenRemote, response: httpx.Response, kind: type[Exception], said: str
) -> None:
    """One line, without the token; what may pass is of a kind that is waited for."""
    async with open_remote(Exporter([response])) as remote:
        with pytest.raises(kind) as refused:
            await remote.plan(Wanted("acme"))
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "secret-token" not in str(refused.value)


async def test_a_token_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """By where it should stand."""
    exporter = Exporter([answer(200, {})])
    async with httpx.AsyncClient(transport=httpx.MockTransport(exporter)) as http:
        remote = Remote(URL, "", Secret(file=tmp_path / "gone"), Upstream(http, SystemClock(), lambda: None))
        with pytest.raises(AuthError, match=r"cannot read the exporter's API token in the file .*gone"):
            await remote.plan(Wanted("acme"))
    assert exporter.asked == []
