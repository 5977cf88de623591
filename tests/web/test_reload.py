"""``POST /-/reload``: the configuration changes under a running service."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
import structlog

from exporter.config.file import load_config
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.world import World
from exporter.remediation.prover import LOOK_LEASE
from exporter.service import Service, open_service
from exporter.store.database import open_database
from tests.clocks import ManualClock
from tests.conftest import WEBHOOK_TOKEN, client_of
from tests.pages import look, scrape
from tests.remediation.payloads import alert, notification
from tests.web.conftest import bearer, poll_all, post_to

WriteConfig = Callable[[dict[str, Any]], Path]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with structlog.testing.capture_logs():
        yield


@pytest.fixture
async def service(
    config_data: dict[str, Any], write_config: WriteConfig, clock: ManualClock, transport: httpx.ASGITransport
) -> AsyncIterator[Service]:
    """With the lifecycle API, polled once."""
    file = write_config(config_data)
    async with open_service(load_config(file), clock, transport, file, lifecycle=True) as running:
        await poll_all(running)
        yield running


async def reload(http: httpx.AsyncClient) -> httpx.Response:
    return await http.post("/-/reload")


async def reloaded(http: httpx.AsyncClient) -> float | None:
    return (await look(http)).value("config_last_reload_successful")


def changed(data: dict[str, Any], number: int, **more: Any) -> dict[str, Any]:
    """The configuration with other settings of one integration."""
    data = copy.deepcopy(data)
    data["integrations"][number] |= more
    return data


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            with contextlib.suppress(TimeoutError):
                await asyncio.sleep(0.001)


async def finished_job(http: httpx.AsyncClient) -> dict[str, Any]:
    """The newest job, once it has ended."""
    async with asyncio.timeout(10):
        while True:
            job: dict[str, Any] = (await http.get("/api/v1/resyncs")).json()["jobs"][0]
            if job["finished_at"]:
                return job
            await asyncio.sleep(0.005)


async def test_it_must_be_allowed(
    config_data: dict[str, Any], write_config: WriteConfig, clock: ManualClock, transport: httpx.ASGITransport
) -> None:
    """403 with the flag that allows it; GET is no way to reload."""
    file = write_config(config_data)
    async with open_service(load_config(file), clock, transport, file) as service, client_of(service) as http:
        answer = await reload(http)
        assert (answer.status_code, "--web.enable-lifecycle" in answer.text) == (403, True)
        assert (await http.get("/-/reload")).status_code == 405


class TestUntouched:
    async def test_schedule_session_and_series_stay(
        self,
        service: Service,
        http: httpx.AsyncClient,
        config_data: dict[str, Any],
        write_config: WriteConfig,
        acme: Org,
        clock: ManualClock,
    ) -> None:
        """Beta changes; of acme not a byte does, and it does not log in again."""
        due = {target: service.poller.due_at(target) for target in service.poller.targets}
        before = (await scrape(http)).lines("acme")
        write_config(changed(config_data, 1, notify="weekly"))
        assert (await reload(http)).status_code == 200
        assert (await scrape(http)).lines("acme") == before
        kept = [target for target in service.poller.targets if target.integration == "acme"]
        assert kept == [target for target in due if target.integration == "acme"]
        assert all(service.poller.due_at(target) == due[target] for target in kept)
        clock.advance(3600)
        await poll_all(service)
        assert acme.requests["token"] == 1

    async def test_nothing_changed_at_all(self, service: Service, http: httpx.AsyncClient) -> None:
        """The same file again is good, and changes nothing."""
        targets, before = service.poller.targets, (await look(http)).lines("acme")
        assert (await reload(http)).status_code == 200
        assert service.poller.targets == targets
        assert (await look(http)).lines("acme") == before


class Cut(httpx.AsyncBaseTransport):
    """Answers nothing at paths that end as it ``holds`` until a client is closed; what was under way then breaks off,
    as on a network, unless it ``answers`` all the same."""

    def __init__(self, transport: httpx.AsyncBaseTransport, *, answers: bool = False) -> None:
        self._transport, self._answers = transport, answers
        self.holds: str | None = None
        self.reached, self._closed = asyncio.Event(), asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.holds is not None and request.url.path.endswith(self.holds):
            self.reached.set()
            await self._closed.wait()
            if not self._answers:
                raise httpx.ReadError("closed", request=request)
        return await self._transport.handle_async_request(request)

    async def aclose(self) -> None:
        self._closed.set()


async def test_a_look_whose_connections_are_replaced_is_made_anew(
    config_data: dict[str, Any],
    write_config: WriteConfig,
    clock: ManualClock,
    transport: httpx.ASGITransport,
    world: World,
) -> None:
    """Closing them under it costs that look and nothing else: the next uses the new ones."""
    world.orgs["beta"].add_errors("permissions", "salesforce_field_permissions", 3)
    file, cut = write_config(config_data), Cut(transport)
    opened = open_service(load_config(file), clock, cut, file, lifecycle=True)
    async with opened as service, client_of(service) as http:
        await poll_all(service)
        await post_to(http, notification(alert(integration="beta")))
        job = await service.worker.claim()
        assert job is not None
        await service.worker.do(job)
        clock.advance(3600)
        cut.holds = ""
        looking = asyncio.create_task(service.prover.look())
        await asyncio.wait_for(cut.reached.wait(), 10)
        write_config(changed(config_data, 1, notify="weekly"))
        assert (await reload(http)).status_code == 200
        assert await looking
        cut.holds = None
        clock.advance(LOOK_LEASE)
        assert await service.prover.look()
        labels = {"integration": "beta", "action": "bridge", "outcome": "cured"}
        assert (await look(http)).value("resync_verified_records_total", **labels) == 3


class TestRemoved:
    async def test_it_vanishes_completely(
        self, service: Service, http: httpx.AsyncClient, config_data: dict[str, Any], write_config: WriteConfig
    ) -> None:
        """From every page, its counters and a reported suspension included."""
        await http.post(
            "/api/v1/suspensions", json={"integration": "beta", "suspended": True}, headers=bearer(WEBHOOK_TOKEN)
        )
        assert (await look(http)).series(integration="beta")
        del config_data["integrations"][1]
        write_config(config_data)
        assert (await reload(http)).status_code == 200
        for path in ("/metrics", "/", "/api/v1/integrations"):
            assert "beta" not in (await http.get(path)).text
        assert {target.integration for target in service.poller.targets} == {"acme"}
        assert (await http.get("/-/ready")).status_code == 200

    async def test_its_jobs_end_as_failed(
        self,
        service: Service,
        http: httpx.AsyncClient,
        config_data: dict[str, Any],
        write_config: WriteConfig,
        world: World,
    ) -> None:
        """With a message that says why, and without bringing its series back."""
        world.orgs["beta"].add_errors("permissions", "salesforce_field_permissions", 3)
        await post_to(http, notification(alert(integration="beta")))
        write_config({**config_data, "integrations": config_data["integrations"][:1]})
        await reload(http)
        work = asyncio.create_task(service.worker.run())
        try:
            job = await finished_job(http)
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
        assert (job["state"], job["message"]) == ("failed", "the integration has no way to resync by bridge any more")
        assert not (await look(http)).series(integration="beta")

    @pytest.mark.parametrize("answered", [True, False], ids=["under way", "planned"])
    async def test_what_its_jobs_still_do_brings_no_series_back(
        self,
        config_data: dict[str, Any],
        write_config: WriteConfig,
        clock: ManualClock,
        transport: httpx.ASGITransport,
        world: World,
        answered: bool,
    ) -> None:
        """A request that is answered after the reload, and records that were listed before it and are never sent: both
        stand in the store, and are counted nowhere."""
        world.orgs["beta"].add_errors("permissions", "salesforce_field_permissions", 3)
        file, cut = write_config(config_data), Cut(transport, answers=answered)
        opened = open_service(load_config(file), clock, cut, file, lifecycle=True)
        async with opened as service, client_of(service) as http:
            await poll_all(service)
            await post_to(http, notification(alert(integration="beta")))
            cut.holds = "/resync"
            job = await service.worker.claim()
            assert job is not None
            doing = asyncio.create_task(service.worker.do(job))
            await asyncio.wait_for(cut.reached.wait(), 10)
            write_config({**config_data, "integrations": config_data["integrations"][:1]})
            assert (await reload(http)).status_code == 200
            await asyncio.wait_for(doing, 10)
            if not answered:
                clock.advance(3600)
                assert await service.worker.work_on(job.id)
            (done,) = (await http.get("/api/v1/resyncs")).json()["jobs"]
            assert (done["records"]["succeeded"], done["records"]["failed"]) == ((3, 0) if answered else (0, 3))
            clock.advance(3600)
            while await service.prover.look():
                pass
            assert not (await look(http)).series(integration="beta")

    async def test_when_it_comes_back_what_was_reported_is_known(
        self, http: httpx.AsyncClient, config_data: dict[str, Any], write_config: WriteConfig
    ) -> None:
        """As after a restart."""
        body = {"integration": "beta", "suspended": True}
        await http.post("/api/v1/suspensions", json=body, headers=bearer(WEBHOOK_TOKEN))
        for integrations in (config_data["integrations"][:1], config_data["integrations"]):
            write_config({**config_data, "integrations": integrations})
            assert (await reload(http)).status_code == 200
        assert (await look(http)).value("suspended", integration="beta") is not None


class TestAddedAndChanged:
    async def test_a_new_one_is_polled(
        self,
        http: httpx.AsyncClient,
        service: Service,
        config_data: dict[str, Any],
        write_config: WriteConfig,
        world: World,
        clock: ManualClock,
    ) -> None:
        """Its counters are there at once, its values appear with the first round, while the service runs; that it has
        not been tried yet makes nobody turn a webhook away."""
        world.orgs["gamma"] = Org("gamma", clock.time)
        gamma = copy.deepcopy(config_data["integrations"][0])
        gamma["name"] = "gamma"
        gamma["salesforce"] |= {"url": gamma["salesforce"]["url"].replace("acme", "gamma")}
        gamma["sync_health"] |= {"url": gamma["sync_health"]["url"].replace("acme", "gamma")}
        config_data["integrations"].append(gamma)
        write_config(config_data)
        running = asyncio.create_task(service.poller.run())
        try:
            await asyncio.sleep(0)
            assert (await http.get("/-/ready")).status_code == 200
            assert (await reload(http)).status_code == 200
            page = await look(http)
            assert page.value("upstream_requests_total", integration="gamma", api="bridge") is not None
            assert (await http.get("/-/ready")).status_code == 200
            await eventually(lambda: service.snapshots["gamma"].reading("sync_health") is not None)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        assert (await look(http)).value("suspended", integration="gamma") == 0

    async def test_a_changed_one_connects_anew(
        self,
        http: httpx.AsyncClient,
        service: Service,
        config_data: dict[str, Any],
        write_config: WriteConfig,
        acme: Org,
    ) -> None:
        """Its settings show at once, its session is a new one, its counters go on."""
        acme_config = copy.deepcopy(config_data["integrations"][0])
        acme_config["salesforce"]["max_api_calls_per_day"] = 100
        write_config(changed(config_data, 0, notify="off", salesforce=acme_config["salesforce"]))
        before = (await look(http)).value("upstream_requests_total", integration="acme", api="salesforce")
        assert (await reload(http)).status_code == 200
        page = await look(http)
        assert page.value("integration_info", integration="acme", notify="off", salesforce_instance="SIM1") == 1
        assert (
            page.value("integration_info", integration="acme", notify="immediate", salesforce_instance="SIM1") is None
        )
        assert page.value("upstream_requests_total", integration="acme", api="salesforce") == before
        await poll_all(service)
        assert acme.requests["token"] == 2

    async def test_a_source_that_is_gone_says_nothing_more(
        self, http: httpx.AsyncClient, config_data: dict[str, Any], write_config: WriteConfig
    ) -> None:
        """Without the bridge nobody states errors; what Salesforce said stays."""
        del config_data["integrations"][0]["sync_health"]
        write_config(config_data)
        await reload(http)
        page = await look(http)
        assert page.value("source_up", integration="acme", source="sync_health") is None
        assert page.value("suspended", integration="acme") is None
        assert page.value("source_up", integration="acme", source="salesforce_limits") == 1
        assert (await http.get("/api/v1/sync-errors?integration=acme")).status_code == 404

    async def test_another_webhook_token_applies(
        self, http: httpx.AsyncClient, config_data: dict[str, Any], write_config: WriteConfig, tmp_path: Path
    ) -> None:
        """The old one is refused from then on."""
        (tmp_path / "other-token").write_text("another-token")
        config_data["remediation"]["webhook_token_file"] = "other-token"
        write_config(config_data)
        assert (await reload(http)).status_code == 200
        body = {"integration": "acme", "suspended": True}
        codes = [
            (await http.post("/api/v1/suspensions", json=body, headers=bearer(token))).status_code
            for token in (WEBHOOK_TOKEN, "another-token")
        ]
        assert codes == [401, 202]


class TestABadFile:
    async def test_it_changes_nothing_and_every_problem_is_told(
        self, http: httpx.AsyncClient, service: Service, config_data: dict[str, Any], write_config: WriteConfig
    ) -> None:
        """400; the gauge says so until the next good file."""
        targets, before = service.poller.targets, (await look(http)).lines("acme")
        write_config(changed(changed(config_data, 0, notify="hourly"), 1, colour="red"))
        answer = await reload(http)
        assert answer.status_code == 400
        assert "integrations[0].notify" in answer.text
        assert "integrations[1].colour" in answer.text
        assert await reloaded(http) == 0
        assert service.poller.targets == targets
        assert (await look(http)).lines("acme") == before
        write_config(config_data)
        assert (await reload(http)).status_code == 200
        assert await reloaded(http) == 1

    async def test_a_file_whose_name_is_no_text(
        self,
        config_data: dict[str, Any],
        write_config: WriteConfig,
        clock: ManualClock,
        transport: httpx.ASGITransport,
        tmp_path: Path,
    ) -> None:
        """The answer is the same, and the name stands in it as it can be written."""
        file = tmp_path / os.fsdecode(b"\xff.json")
        write_config(config_data).rename(file)
        async with open_service(load_config(file), clock, transport, file, lifecycle=True) as running:
            file.write_text(json.dumps(changed(config_data, 0, notify="\U0001f600")))
            async with client_of(running) as http:
                answer = await reload(http)
        assert answer.status_code == 400
        assert "\\udcff.json:1: integrations[0].notify" in answer.text
        assert "\U0001f600" in answer.text

    async def test_a_file_that_is_gone(self, http: httpx.AsyncClient, tmp_path: Path) -> None:
        """It is named."""
        (tmp_path / "exporter.yml").unlink()
        answer = await reload(http)
        assert (answer.status_code, "exporter.yml" in answer.text) == (400, True)
        assert await reloaded(http) == 0

    async def test_another_store_needs_a_restart(
        self, http: httpx.AsyncClient, config_data: dict[str, Any], write_config: WriteConfig
    ) -> None:
        """Refused, for what is in the old one cannot follow."""
        write_config({**config_data, "store": "sqlite:///other.db"})
        answer = await reload(http)
        assert answer.status_code == 400
        assert "the same store until the next restart" in answer.text
        assert await reloaded(http) == 0

    async def test_a_store_that_is_away(
        self, http: httpx.AsyncClient, service: Service, config_data: dict[str, Any], write_config: WriteConfig
    ) -> None:
        """503; nothing has changed, the gauge says so, and once it is back the same file is applied whole."""
        targets = service.poller.targets
        del config_data["integrations"][1]
        database = await open_database(load_config(write_config(config_data)).store)
        try:
            async with database.transaction() as connection:
                await connection.execute(sa.text("ALTER TABLE suspension_reports RENAME TO elsewhere"))
            assert (await reload(http)).status_code == 503
            assert await reloaded(http) == 0
            assert service.poller.targets == targets
            assert (await look(http)).series(integration="beta")
            async with database.transaction() as connection:
                await connection.execute(sa.text("ALTER TABLE elsewhere RENAME TO suspension_reports"))
        finally:
            await database.close()
        assert (await reload(http)).status_code == 200
        assert await reloaded(http) == 1
        assert not (await look(http)).series(integration="beta")


async def test_many_reloads_at_once(
    http: httpx.AsyncClient, service: Service, config_data: dict[str, Any], write_config: WriteConfig
) -> None:
    """One after the other: each ends well, and the last file counts."""
    write_config(changed(config_data, 1, notify="off"))
    answers = await asyncio.gather(*(reload(http) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(service.poller.targets) == len(set(service.poller.targets))
    assert "off" in (await look(http)).lines("beta")


async def test_a_source_that_is_switched_off_leaves_no_series(
    http: httpx.AsyncClient, service: Service, config_data: dict[str, Any], write_config: WriteConfig
) -> None:
    """Neither its values nor its state nor its counters; it is not polled, and readiness does not wait for it."""
    assert (await look(http)).series(integration="acme", source="salesforce_status")
    write_config(changed(config_data, 0, intervals={"salesforce_status": "off"}))
    assert (await reload(http)).status_code == 200
    page = await look(http)
    assert not page.series(integration="acme", source="salesforce_status")
    assert page.value("trust_status", integration="acme", status="OK") is None
    assert page.series(integration="beta", source="salesforce_status")
    assert ("acme", "salesforce_status") not in {target.key for target in service.poller.targets}
    assert (await http.get("/-/ready")).status_code == 200
