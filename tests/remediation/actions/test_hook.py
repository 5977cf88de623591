"""Remediation by a hook: what it is told, held against a receiver in Node, and what becomes of a job."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from exporter.clients.bridge import BridgeClient
from exporter.clients.hook import HookClient
from exporter.clients.http.upstream import Upstream
from exporter.config.secret import Secret
from exporter.config.settings import Config, Hook
from exporter.demo.simulator.org import Org
from exporter.errors import ResyncRefused
from exporter.remediation.actions.hook import HookResync
from exporter.remediation.worker import FIRST_RETRY
from exporter.store.job import Job
from tests.clients.canned import Canned, CannedTransport
from tests.clocks import ManualClock
from tests.remediation.actions.receiver import running_receiver
from tests.remediation.at_work import PERMISSIONS, permission_errors, records
from tests.remediation.bench import Bench, MakeAction
from tests.remediation.conftest import OpenBench
from tests.remediation.payloads import alert

SECRETS = {"new": "the-new-secret", "old": "the-old-secret", "other": "a-secret-of-somebody-else"}
JOB = Job(7, "acme", "AnAlert", "hook", frozenset({PERMISSIONS}), 60.0, 3, True, 0, "", 100.0)


@pytest.fixture(scope="module")
def receiver() -> Iterator[str]:
    with running_receiver(SECRETS) as url:
        yield url


async def acted(receiver: str) -> dict[str, list[str]]:
    """What the receiver has done so far."""
    async with httpx.AsyncClient(trust_env=False) as http:
        said: dict[str, list[str]] = (await http.get(receiver)).json()
        return said


class Between(httpx.AsyncBaseTransport):
    """The network, with somebody in it who may change a request, and keeps a copy of what goes on its way."""

    def __init__(self, change: Callable[[httpx.Request], httpx.Request]) -> None:
        self._change = change
        self._network = httpx.AsyncHTTPTransport()
        self.passed: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.passed.append(self._change(request))
        return await self._network.handle_async_request(self.passed[-1])

    async def aclose(self) -> None:
        await self._network.aclose()


def untouched(request: httpx.Request) -> httpx.Request:
    return request


def with_another_body(request: httpx.Request) -> httpx.Request:
    body = request.content.replace(b'"101"', b'"666"')
    return httpx.Request("POST", request.url, headers=request.headers, content=body)


def with_another_time(request: httpx.Request) -> httpx.Request:
    name = "HubSpot-Salesforce-Signature"
    moment, _, digests = request.headers[name].partition(",")
    headers = request.headers.copy()
    headers[name] = f"t={int(moment.removeprefix('t=')) + 1},{digests}"
    return httpx.Request("POST", request.url, headers=headers, content=request.content)


MakeHook = Callable[..., HookResync]


@pytest.fixture
async def hook_to(tmp_path: Path, clock: ManualClock) -> AsyncIterator[MakeHook]:
    """The action of an integration whose hook is behind a transport; the secrets are those of these names."""
    clients: list[httpx.AsyncClient] = []

    def made(url: str, transport: httpx.AsyncBaseTransport, *secrets: str, bridge: BridgeClient | None = None) -> Any:
        for name in secrets:
            (tmp_path / name).write_text(SECRETS[name] + "\n")
        settings = Hook(url, tuple(Secret(file=tmp_path / name) for name in secrets), timeout=10.0)
        clients.append(httpx.AsyncClient(transport=transport, trust_env=False))
        upstream = Upstream(clients[-1], clock, lambda: None)
        listing = bridge or BridgeClient("http://bridge", None, Upstream(clients[-1], clock, lambda: None))
        return HookResync(listing, HookClient(settings, upstream, clock))

    yield made
    for client in clients:
        await client.aclose()


def ids(number: int) -> list[str]:
    """As ``find`` gives them: two errors, of which the second has no record in Salesforce."""
    return [f"e{number};contacts;101;003A;other;unknown", f"e{number}-2;contacts;102;;other;unknown"]


class TestTheReceiverInNode:
    """It knows the document only, and takes nothing that is not ours and new."""

    @pytest.fixture(autouse=True)
    def _now(self, clock: ManualClock) -> None:
        """The receiver goes by the time of this machine."""
        clock.advance(time.time() - clock.time())

    async def test_a_good_delivery_is_taken(self, receiver: str, hook_to: MakeHook) -> None:
        """It says of each record what becomes of it, and the ledger learns of it by the job's own ids."""
        accepted, rejected = ids(1)
        outcomes = await hook_to(f"{receiver}/new", Between(untouched), "new").resync([rejected, accepted], JOB)
        assert outcomes == {accepted: None, rejected: "in Salesforce there is none"}
        assert {"e1", "e1-2"} <= set((await acted(receiver))["errors"])

    @pytest.mark.parametrize(
        ("change", "secret", "late", "reason"),
        [
            (with_another_body, "new", 0, "signature"),
            (with_another_time, "new", 0, "signature"),
            (untouched, "other", 0, "signature"),
            (untouched, "new", -305, "late"),
            (untouched, "new", 305, "late"),
        ],
        ids=["body", "time", "secret", "late", "from the future"],
    )
    async def test_any_other_is_refused(
        self,
        receiver: str,
        hook_to: MakeHook,
        clock: ManualClock,
        change: Callable[[httpx.Request], httpx.Request],
        secret: str,
        late: float,
        reason: str,
    ) -> None:
        """A changed body or time, another's secret, a time five minutes off: nothing is done, and the job ends."""
        clock.advance(late)
        before = await acted(receiver)
        with pytest.raises(ResyncRefused, match="the hook does not take the signature"):
            await hook_to(f"{receiver}/new", Between(change), secret).resync(ids(2), JOB)
        after = await acted(receiver)
        assert (after["acted"], after["errors"]) == (before["acted"], before["errors"])
        assert after["refused"] == [*before["refused"], reason]

    async def test_a_delivery_that_is_repeated_is_done_once(
        self, receiver: str, hook_to: MakeHook, clock: ManualClock
    ) -> None:
        """Sent again by the job after a lost answer, or word for word by an eavesdropper: answered alike, done once."""
        network = Between(untouched)
        hook = hook_to(f"{receiver}/new", network, "new")
        first = await hook.resync(ids(3), JOB)
        clock.advance(2)
        assert await hook.resync(ids(3), replace(JOB, failures=1)) == first
        async with httpx.AsyncClient(transport=network) as overheard:
            copy = network.passed[0]
            again = await overheard.send(httpx.Request("POST", copy.url, headers=copy.headers, content=copy.content))
        assert [entry["id"] for entry in again.json()["rejected"]] == ["e3-2"]
        bodies = [json.loads(request.content) for request in network.passed]
        assert [body["attempt"] for body in bodies] == [1, 2, 1]
        (delivery,) = {body["delivery_id"] for body in bodies}
        after = await acted(receiver)
        assert (after["acted"].count(delivery), after["repeated"].count(delivery)) == (1, 2)
        assert after["errors"].count("e3") == 1

    @pytest.mark.parametrize("knows", ["new", "old"])
    async def test_during_a_rotation_either_side_may_be_first(
        self, receiver: str, hook_to: MakeHook, knows: str
    ) -> None:
        """Signed with both secrets, a delivery is good for who knows the old one, and for who knows the new one."""
        outcomes = await hook_to(f"{receiver}/{knows}", Between(untouched), "new", "old").resync(
            ids(4), replace(JOB, id=len(knows))
        )
        assert list(outcomes.values()).count(None) == 1


class TestWhatIsFound:
    async def test_an_error_keeps_what_the_hook_is_told_of_it(self, hook_to: MakeHook) -> None:
        """In its id, so a job taken up after a restart needs no list; what does not fit in there is left out."""
        entries = [
            {"id": "e;1 %3B", "category": "Permissions", "error_type": "Salesforce field permissions"},
            {"id": "é%25", "category": "permissions", "object_type": "deals", "hubspot_id": "9;9"},
            {"id": "x" * 400, "category": "permissions", "hubspot_id": "9" * 99},
        ]
        transport = CannedTransport(Canned(200, {"results": entries, "next_after": None}), Canned(204, b""))
        hook = hook_to("http://hook", transport, "new")
        found = await hook.find({PERMISSIONS, ("permissions", "unknown")})
        await hook.resync([error.id for error in found], JOB)
        told = json.loads(transport.requests[1].content)["records"]
        nothing = {"object_type": None, "hubspot_id": None, "salesforce_id": None}
        assert sorted(told, key=lambda record: record["error_type"]) == [
            {**nothing, "error_id": "e;1 %3B", "category": "permissions", "error_type": "salesforce_field_permissions"},
            {
                **{**nothing, "object_type": "deals", "hubspot_id": "9;9"},
                **{"error_id": "é%25", "category": "permissions", "error_type": "unknown"},
            },
        ]
        assert [error.record for error in found] == ["record/e;1 %3B", "deals/9;9"]


class TestAJob:
    """On the ledger of every job, with the worker of every job."""

    @pytest.fixture
    def by_hook(self, hook_to: MakeHook) -> Callable[[CannedTransport], MakeAction]:
        """Makes the action of a bench whose hook answers as a transport says."""

        def made(transport: CannedTransport) -> MakeAction:
            return lambda bridge: hook_to("http://127.0.0.1:1/hook", transport, "new", bridge=bridge)

        return made

    async def notified(self, bench: Bench) -> dict[str, Any]:
        """One alert, and its job after the worker has had it."""
        await bench.poll()
        await bench.notify(alert())
        await bench.work()
        (job,) = await bench.listed()
        return job

    async def test_a_hundred_records_a_delivery(
        self, open_on: OpenBench, config: Config, acme: Org, by_hook: Callable[[CannedTransport], MakeAction]
    ) -> None:
        """Each record once, counted under the action's name; rejected ones fail with the hook's reason."""
        permission_errors(acme, 250)
        hook = CannedTransport(Canned(422, {"reason": "frozen"}), Canned(202, b""))
        async with open_on(config, make_action=by_hook(hook)) as bench:
            job = await self.notified(bench)
            assert (job["state"], job["records"]) == ("partly_failed", records(succeeded=150, failed=100))
            bodies = [json.loads(request.content) for request in hook.requests]
            assert [len(body["records"]) for body in bodies] == [100, 100, 50]
            assert len({record["hubspot_id"] for body in bodies for record in body["records"]}) == 250
            assert len({body["delivery_id"] for body in bodies}) == 3
            assert {body["alert"] for body in bodies} == {"HubSpotSalesforceFieldPermissionsMissing"}
            assert bench.sample("resync_records_total", action="hook", outcome="failed") == 100

    @pytest.mark.parametrize(
        ("failure", "pause"),
        [
            (Canned(500, {}), FIRST_RETRY),
            (Canned(503, {}, {"Retry-After": "600"}), 600.0),
            (Canned(429, {}, {"Retry-After": "600"}), 600.0),
            (httpx.ReadTimeout("slow"), FIRST_RETRY),
        ],
        ids=["500", "503", "429", "timeout"],
    )
    async def test_a_failure_that_passes_is_tried_again(
        self,
        open_on: OpenBench,
        config: Config,
        acme: Org,
        by_hook: Callable[[CannedTransport], MakeAction],
        failure: Canned | Exception,
        pause: float,
    ) -> None:
        """After the pause, by any process: the same delivery of the same records, though one is gone by then."""
        error_id, _ = permission_errors(acme, 2)
        hook = CannedTransport(failure, Canned(202, b""))
        async with open_on(config, make_action=by_hook(hook)) as bench:
            job = await self.notified(bench)
            assert (job["state"], job["failures"], job["records"]) == ("queued", 1, records(sending=2))
        acme.resync([error_id])
        async with open_on(config, make_action=by_hook(hook)) as bench:
            await bench.later(pause - 0.001)
            assert await bench.work() == 0
            await bench.later(0.001)
            await bench.work()
            (job,) = await bench.listed()
            assert (job["state"], job["records"]) == ("done", records(succeeded=2))
        first, second = (json.loads(request.content) for request in hook.requests)
        for key in ("delivery_id", "records", "job"):
            assert first[key] == second[key]
        assert (first["attempt"], second["attempt"]) == (1, 2)
        assert first["requested_at"] < second["requested_at"]

    @pytest.mark.parametrize(
        ("status", "words"),
        [(410, "the hook is gone"), (401, "the hook does not take the signature"), (404, "nothing takes deliveries")],
    )
    async def test_a_refusal_ends_the_job(
        self,
        open_on: OpenBench,
        config: Config,
        acme: Org,
        by_hook: Callable[[CannedTransport], MakeAction],
        status: int,
        words: str,
    ) -> None:
        """It is failed with the reason, all its records with it, and nothing more is sent."""
        permission_errors(acme, 150)
        hook = CannedTransport(Canned(status, {}))
        async with open_on(config, make_action=by_hook(hook)) as bench:
            job = await self.notified(bench)
            assert (job["state"], job["records"]) == ("failed", records(failed=150))
            assert job["message"].startswith(words)
            await bench.later(86_400)
            assert (await bench.work(), len(hook.requests)) == (0, 1)
            assert bench.sample("resync_jobs", state="failed") == 1
