"""``POST /api/v1/suspensions``."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
import structlog

from exporter.config.file import load_config
from exporter.config.settings import Config
from exporter.demo.simulator.org import Org
from exporter.service import Service
from exporter.store.database import open_database
from exporter.store.reports import ReportStore
from tests.clocks import ManualClock
from tests.conftest import WEBHOOK_TOKEN, Start, client_of
from tests.pages import Page, look
from tests.web.conftest import bearer, poll_all

URL = "/api/v1/suspensions"
Report = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with structlog.testing.capture_logs():
        yield


async def report_to(http: httpx.AsyncClient, **body: Any) -> httpx.Response:
    return await http.post(URL, json={"integration": "acme", **body}, headers=bearer(WEBHOOK_TOKEN))


@pytest.fixture
def report(http: httpx.AsyncClient) -> Report:
    async def reported(**body: Any) -> httpx.Response:
        return await report_to(http, **body)

    return reported


def suspended(page: Page) -> float | None:
    return page.value("suspended", integration="acme")


class TestAReport:
    async def test_a_suspension_shows_at_once(self, http: httpx.AsyncClient, report: Report) -> None:
        """202, and state, reason and since are on the page and in the API with who said so."""
        answer = await report(suspended=True, reason="salesforce_org_locked", since="2027-01-15T07:00:00Z")
        assert (answer.status_code, answer.json()) == (202, {"accepted": True})
        page = await look(http)
        assert suspended(page) == 1
        assert page.value("suspension_reason", integration="acme", reason="salesforce_org_locked") == 1
        assert page.value("suspension_reason", integration="acme", reason="unknown_error") == 0
        assert page.value("suspension_start_timestamp_seconds", integration="acme") == 1_799_996_400
        acme, beta = (await http.get("/api/v1/integrations")).json()["integrations"]
        assert (acme["stated_by"]["suspension"], beta["suspension"]) == ("report", None)
        assert "SUSPENDED: Salesforce organization locked" in (await http.get("/")).text

    async def test_it_is_no_source_that_is_polled(self, http: httpx.AsyncClient, report: Report) -> None:
        """It has no ``source_up``, no age, and no row on the status page."""
        await report(suspended=True)
        page = await look(http)
        assert {name for name, _ in page.series(integration="acme", source="report")} == {
            "hubspot_salesforce_fact_timestamp_seconds"
        }
        assert (await http.get("/api/v1/integrations")).json()["integrations"][0]["sources"] == []

    async def test_without_reason_and_since(self, http: httpx.AsyncClient, report: Report, clock: ManualClock) -> None:
        """The reason is not known, so no reason is on the page; it began when it was reported."""
        assert (await report(suspended=True, reason=None, since=None)).status_code == 202
        page = await look(http)
        assert suspended(page) == 1
        assert "suspension_reason{" not in page.lines("acme")
        assert page.value("suspension_start_timestamp_seconds", integration="acme") == clock.time()

    async def test_a_clock_that_is_somewhat_ahead_does_no_harm(self, report: Report) -> None:
        """Who reports what has just begun need not agree with the exporter on the minute."""
        assert (await report(suspended=True, since="2027-01-15T08:05:00Z")).status_code == 202

    async def test_a_clearance(self, http: httpx.AsyncClient, report: Report) -> None:
        """Whatever reason comes with it: not suspended, for no reason, since no time."""
        await report(suspended=True, reason="unknown_error")
        assert (await report(suspended=False, reason="unknown_error", since="2027-01-15T07:00:00Z")).status_code == 202
        page = await look(http)
        assert suspended(page) == 0
        assert page.value("suspension_reason", integration="acme", reason="unknown_error") == 0
        assert page.value("suspension_start_timestamp_seconds", integration="acme") is None

    @pytest.mark.parametrize("reason", ["missing_field_mappings", "Missing field mappings", "MISSING FIELD MAPPINGS"])
    async def test_the_reason_by_name_or_title(self, http: httpx.AsyncClient, report: Report, reason: str) -> None:
        """As the catalogue or as HubSpot's page calls it."""
        assert (await report(suspended=True, reason=reason)).status_code == 202
        page = await look(http)
        assert page.value("suspension_reason", integration="acme", reason="missing_field_mappings") == 1


class TestWhoSaidItLast:
    async def test_a_report_overrides_an_older_page(
        self, service: Service, http: httpx.AsyncClient, report: Report, clock: ManualClock
    ) -> None:
        """The bridge said it is fine; a minute later somebody knows better."""
        await poll_all(service)
        clock.advance(60)
        await report(suspended=True)
        assert suspended(await look(http)) == 1

    async def test_a_newer_page_overrides_a_report(
        self, service: Service, http: httpx.AsyncClient, report: Report, acme: Org, clock: ManualClock
    ) -> None:
        """Both ways: it clears a reported suspension and reports one after a clearance."""
        await report(suspended=True)
        clock.advance(60)
        await poll_all(service)
        assert suspended(await look(http)) == 0
        await report(suspended=False)
        acme.suspend("unknown_error")
        clock.advance(60)
        await poll_all(service)
        assert suspended(await look(http)) == 1
        clock.advance(1)
        await report(suspended=False)
        assert suspended(await look(http)) == 0

    async def test_it_lasts_until_somebody_says_otherwise(
        self, http: httpx.AsyncClient, report: Report, clock: ManualClock
    ) -> None:
        """It has no interval after which it would be too old."""
        await report(suspended=True)
        clock.advance(30 * 86_400)
        assert suspended(await look(http)) == 1


async def test_it_outlives_a_restart(start: Start, config: Config, clock: ManualClock) -> None:
    """The newest report of each integration is there again; one of an integration that is gone harms nobody."""
    async with start(config) as service, client_of(service) as http:
        await report_to(http, suspended=False)
        await report_to(http, suspended=True, reason="unknown_error")
        await report_to(http, integration="beta", suspended=True)
        before = (await look(http)).lines("acme")
    clock.advance(3600)
    without_beta = Config(config.store, config.integrations[:1], config.remediation, config.notes)
    async with start(without_beta) as service, client_of(service) as http:
        page = await look(http)
        assert suspended(page) == 1
        assert "hubspot_salesforce_suspension_reason" in before
        assert not page.series(integration="beta")


async def test_it_works_without_a_bridge(
    start: Start, config_data: dict[str, Any], write_config: Callable[..., Any]
) -> None:
    """Then it is all there is."""
    del config_data["integrations"][0]["sync_health"]
    async with start(load_config(write_config(config_data))) as service, client_of(service) as http:
        await poll_all(service)
        assert suspended(await look(http)) is None
        await report_to(http, suspended=True)
        assert suspended(await look(http)) == 1


class TestRefusals:
    @pytest.mark.parametrize("headers", [{}, bearer("wrong"), {"Authorization": WEBHOOK_TOKEN}])
    async def test_without_the_token(self, http: httpx.AsyncClient, headers: dict[str, str]) -> None:
        """401 and the scheme that is wanted; nothing changes."""
        answer = await http.post(URL, json={"integration": "acme", "suspended": True}, headers=headers)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert suspended(await look(http)) is None

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            ({"suspended": True, "reason": "bad_weather"}, "reason: got 'bad_weather'; expected one of salesforce_org"),
            ({"suspended": True, "since": "yesterday"}, "since: got 'yesterday'; expected an RFC 3339 time with a"),
            ({"suspended": True, "since": "2027-01-15T07:00:00"}, "expected an RFC 3339 time with a zone"),
            ({"suspended": True, "since": "0001-01-01T00:00:00+23:00"}, "expected an RFC 3339 time with a zone"),
            ({"suspended": True, "since": "9999-12-31T23:59:59-23:00"}, "from 1970 to 2999"),
            (
                {"suspended": True, "since": "2027-01-15T08:05:01Z"},
                "since: got '2027-01-15T08:05:01Z', which is yet to c",
            ),
            ({"suspended": True, "since": 5}, "since"),
            ({"suspended": "yes"}, "suspended"),
            ({"suspended": None}, "suspended"),
            ({}, "suspended"),
            ({"integration": 7, "suspended": True}, "integration"),
            ({"integration": "", "suspended": True}, "integration"),
            ({"suspended": True, "reason": ""}, "reason"),
        ],
    )
    async def test_a_bad_body_is_explained(self, report: Report, body: dict[str, Any], said: str) -> None:
        """400 naming the key."""
        answer = await report(**body)
        assert answer.status_code == 400
        assert said in answer.json()["error"]

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b'"text"', b"[" * 60_000])
    async def test_what_is_no_object_is_refused(self, http: httpx.AsyncClient, body: bytes) -> None:
        """400 with a sentence, however odd it is."""
        answer = await http.post(URL, content=body, headers=bearer(WEBHOOK_TOKEN))
        assert answer.status_code == 400
        assert answer.json()["error"]

    async def test_an_unknown_integration(self, report: Report) -> None:
        """404 with its name."""
        answer = await report(integration="gamma", suspended=True)
        assert answer.status_code == 404
        assert answer.json() == {"error": "integration: got 'gamma'; no integration has this name"}

    async def test_a_body_that_is_too_long(self, http: httpx.AsyncClient) -> None:
        """413, and it is not read to its end."""
        body = json.dumps({"integration": "acme", "suspended": True, "more": "x" * 70_000}).encode()
        answer = await http.post(URL, content=body, headers=bearer(WEBHOOK_TOKEN))
        assert answer.status_code == 413

    async def test_get_is_no_way_to_report(self, http: httpx.AsyncClient) -> None:
        """405."""
        assert (await http.get(URL)).status_code == 405

    async def test_a_store_that_is_away(self, http: httpx.AsyncClient, report: Report, config: Config) -> None:
        """503, and the report does not count: the sender must send it again."""
        database = await open_database(config.store)
        try:
            async with database.transaction() as connection:
                await connection.execute(sa.text("ALTER TABLE suspension_reports RENAME TO elsewhere"))
            answer = await report(suspended=True)
            assert answer.status_code == 503
            assert suspended(await look(http)) is None
            async with database.transaction() as connection:
                await connection.execute(sa.text("ALTER TABLE elsewhere RENAME TO suspension_reports"))
            assert (await report(suspended=True)).status_code == 202
            (stored,) = await ReportStore(database).all()
        finally:
            await database.close()
        assert stored.suspension.suspended
