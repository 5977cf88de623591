"""``GET /integrations/{name}``."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import html
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from exporter.clients.connection import connect
from exporter.config.file import load_config
from exporter.config.settings import Config
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.service import Service
from exporter.store.database import open_database
from exporter.store.history import ResyncHistory
from exporter.web.pages.integration_page import integration_endpoint
from tests.clocks import ManualClock
from tests.conftest import SIMULATOR, Start, client_of
from tests.remediation.at_work import running
from tests.remediation.payloads import notification, sync_errors
from tests.web.conftest import Post, poll_all

URL = "/integrations/acme"
SECONDS = 30.0
NASTY = """<script>alert("x" & 'y')</script>"""
ESCAPED = "&lt;script&gt;alert(&#34;x&#34; &amp; &#39;y&#39;)&lt;/script&gt;"


def ticks(page: str) -> list[str]:
    """The ids of the errors that can be ticked."""
    return [html.unescape(one) for one in re.findall(r'<input type="checkbox" form="resync" value="([^"]*)"', page)]


def address(page: str, words: str) -> str:
    """Where the link of these words leads."""
    (found,) = re.findall(rf'<a [^>]*?href="([^"]*)"[^>]*>{re.escape(words)}</a>', page)
    return html.unescape(found)


class TestErrors:
    async def test_by_category_and_type(self, service: Service, http: httpx.AsyncClient, acme: Org) -> None:
        """How many, what they keep from syncing, what resolves them; as the newest page of Sync Health has them."""
        acme.add_errors("picklists", "restricted_picklist_value", 12, affected_records=2)
        await poll_all(service)
        page = (await http.get(URL)).text
        assert "12 errors, 24 affected records" in page
        assert "Un-restrict the picklist in Salesforce" in page
        assert "(Salesforce admin)" in page

    async def test_none_and_not_known(self, service: Service, http: httpx.AsyncClient) -> None:
        """Are told apart."""
        assert "Not known: no source states them." in (await http.get(URL)).text
        await poll_all(service)
        assert "<p>None.</p>" in (await http.get(URL)).text

    async def test_the_causes_that_are_looked_for(self, service: Service, http: httpx.AsyncClient) -> None:
        """As on the page of all; and that the page stays as it is."""
        await poll_all(service)
        page = (await http.get(URL)).text
        assert "Causes looked for" in page
        assert "there is storage left (salesforce_limits, 0 s ago)" in page
        assert "this page does not renew itself" in page

    async def test_each_with_what_is_known_of_it(self, http: httpx.AsyncClient, acme: Org, clock: ManualClock) -> None:
        """Its type, details, record, what it keeps from syncing, when it was last seen."""
        (error_id,) = acme.add_errors("other", "unknown", 1, affected_records=3, details="Salesforce said no")
        clock.advance(600)
        page = (await http.get(URL)).text
        assert ticks(page) == [error_id]
        for said in (
            "Salesforce said no",
            "contacts ",
            '<td role="cell" class="number" data-label="Affected records">3<',
        ):
            assert said in page
        assert 'datetime="2027-01-15T08:00:00.000Z" title="2027-01-15T08:00:00.000Z">10 min ago</time>' in page

    async def test_where_to_open_the_record(
        self,
        config_data: dict[str, Any],
        write_config: Callable[[dict[str, Any]], Path],
        tmp_path: Path,
        start: Start,
        acme: Org,
        clock: ManualClock,
    ) -> None:
        """In Salesforce by its My Domain; in HubSpot too, once it is known which account it is."""
        (tmp_path / "hubspot-token").write_text(acme.settings.hubspot_token)
        entry = config_data["integrations"][0]
        entry["salesforce"]["url"] = "https://acme.my.salesforce.com"
        entry["hubspot"] = {"url": f"{SIMULATOR}/acme/hubspot", "token_file": "hubspot-token"}
        acme.add_errors("other", "unknown", 1)
        async with start(load_config(write_config(config_data))) as service, client_of(service) as http:
            before = (await http.get(URL)).text
            (target,) = (one for one in service.poller.targets if one.source.name == "hubspot_account")
            await clock.pass_during(service.poller.poll(target))
            after = (await http.get(URL)).text
        assert 'href="https://acme.lightning.force.com/lightning/r/' in before
        assert "Open in HubSpot" not in before
        assert f'href="https://app.hubspot.com/contacts/{acme.portal_id}/record/0-1/' in after
        assert after.count('target="_blank" rel="noopener noreferrer">Open in ') == 2

    async def test_of_a_category_and_of_a_type(self, http: httpx.AsyncClient, acme: Org) -> None:
        """By plain parameters; what is chosen is said, and shown in the lists."""
        first = acme.add_errors("picklists", "restricted_picklist_value", 2)
        second = acme.add_errors("picklists", "mismatched_options", 2)
        acme.add_errors("other", "unknown", 1)
        page = (await http.get(URL, params={"category": "picklists"})).text
        assert ticks(page) == [*first, *second]
        assert "Single errors: Picklists</h2>" in page
        assert '<option value="picklists" selected>' in page
        assert ticks((await http.get(URL, params={"error_type": "mismatched_options"})).text) == second

    async def test_the_table_has_the_same(self, http: httpx.AsyncClient, acme: Org) -> None:
        """All of what is looked at, not only this page."""
        acme.add_errors("picklists", "restricted_picklist_value", 2)
        acme.add_errors("picklists", "mismatched_options", 230)
        page = (await http.get(URL, params={"error_type": "mismatched_options"})).text
        table = await http.get(address(page, "Export errors (CSV)"))
        assert table.headers["content-type"] == "text/csv; charset=utf-8"
        assert len(table.text.splitlines()) == 231

    async def test_a_hundred_at_a_time(self, http: httpx.AsyncClient, acme: Org) -> None:
        """As many as HubSpot resyncs at a time, whatever there are; page by page each comes once."""
        ids = acme.add_errors("other", "unknown", 230)
        acme.add_errors("picklists", "mismatched_options", 300)
        found, page = [], (await http.get(URL, params={"category": "other"})).text
        assert "First page" not in page
        while True:
            assert len(ticks(page)) <= 100
            found += ticks(page)
            if "Next page" not in page:
                break
            page = (await http.get(URL + address(page, "Next page"))).text
        assert found == ids
        assert ticks((await http.get(URL + address(page, "First page"))).text) == ids[:100]

    async def test_one_question_however_many_there_are(self, http: httpx.AsyncClient, acme: Org) -> None:
        """Ten thousand errors cost no more, and the page is no longer."""
        acme.add_errors("other", "unknown", 10_000)
        page = (await http.get(URL)).text
        assert acme.requests == {"bridge.sync_errors": 1}
        assert len(page) < 200_000

    @pytest.mark.parametrize("parameters", [{"category": NASTY}, {"error_type": NASTY}])
    async def test_a_filter_that_is_none(self, http: httpx.AsyncClient, acme: Org, parameters: dict[str, str]) -> None:
        """400, said in the page, with the rest of it; nobody is asked."""
        answer = await http.get(URL, params=parameters)
        assert answer.status_code == 400
        assert f"{next(iter(parameters))}: got" in answer.text
        assert "<script>alert" not in answer.text
        assert acme.requests == {}


class TestWhatCannotBeRead:
    async def test_a_bridge_that_fails(self, service: Service, http: httpx.AsyncClient, acme: Org, post: Post) -> None:
        """The cause, and the rest of the page."""
        acme.add_errors("other", "unknown", 3)
        await poll_all(service)
        await post(notification(sync_errors("other")))
        acme.faults.put(Fault("bridge", "server_error"))
        answer = await http.get(URL)
        assert answer.status_code == 200
        for said in ("No errors can be shown: the bridge cannot be read", "status 500", "3 errors", "(firing)"):
            assert said in answer.text

    async def test_a_bridge_that_never_answers(self, service: Service, config: Config, clock: ManualClock) -> None:
        """Nobody waits for long."""

        async def silence(_request: httpx.Request) -> httpx.Response:
            await asyncio.Event().wait()
            raise AssertionError("nobody ends this")

        async with httpx.AsyncClient(transport=httpx.MockTransport(silence)) as outside:
            connection = connect(config.integrations[0], outside, clock, lambda _name, _api: None)
            database = await open_database(config.store)
            history = ResyncHistory(database)
            endpoint = integration_endpoint(
                service.snapshots, service.poller, {"acme": connection}, history, clock, patience=0.05
            )
            app = Starlette(routes=[Route("/integrations/{name:path}", endpoint)])
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://exporter") as http:
                page = (await http.get(URL)).text
            await database.close()
        assert "the bridge cannot be read: it did not answer within 0.05 seconds" in page

    async def test_a_cursor_that_the_bridge_does_not_know(self, http: httpx.AsyncClient, acme: Org) -> None:
        """There is a way back to the start."""
        acme.add_errors("other", "unknown", 1)
        page = (await http.get(URL, params={"category": "other", "after": NASTY})).text
        assert "the bridge cannot be read" in page
        assert "<script>alert" not in page
        assert len(ticks((await http.get(URL + address(page, "From the start"))).text)) == 1

    async def test_no_bridge(
        self, config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path], start: Start
    ) -> None:
        """Nobody else lists single errors."""
        del config_data["integrations"][0]["sync_health"]
        async with start(load_config(write_config(config_data))) as service, client_of(service) as http:
            assert (
                "No errors can be shown: sync_health names neither a bridge nor exported errors"
                in (await http.get(URL)).text
            )

    async def test_a_store_that_cannot_be_read(self, config: Config, http: httpx.AsyncClient, acme: Org) -> None:
        """Of the resyncs it is said; the errors are shown."""
        acme.add_errors("other", "unknown", 1)
        with closing(sqlite3.connect(config.store.removeprefix("sqlite:///"))) as connection:
            connection.execute("ALTER TABLE jobs RENAME TO jobs_taken_away")
        answer = await http.get(URL)
        assert answer.status_code == 200
        assert "Not known: the store cannot be read." in answer.text
        assert len(ticks(answer.text)) == 1


class TestResyncs:
    async def test_jobs_and_refusals_of_this_integration(self, http: httpx.AsyncClient, post: Post) -> None:
        """With who asked; those of another are its own."""
        await post(notification(sync_errors("other"), sync_errors("picklists")))
        page = (await http.get(URL)).text
        assert "HubSpotSalesforceSyncErrors (firing)" in page
        assert "not retryable" in page
        assert "None yet." in (await http.get("/integrations/beta")).text

    async def test_alone(self, http: httpx.AsyncClient, acme: Org, post: Post) -> None:
        """What the page asks for again while a job is under way costs no request to the bridge."""
        await post(notification(sync_errors("other")))
        page = (await http.get(URL, params={"only": "resyncs"})).text
        assert '<section id="resyncs"' in page
        assert '<tr role="row" class="active">' in page
        assert acme.requests == {}

    async def test_twenty_at_a_time(self, http: httpx.AsyncClient, post: Post) -> None:
        """The older ones stand behind a link, without the refusals."""
        await post(notification(sync_errors("picklists")))
        for number in range(25):
            await post(notification(sync_errors("other", fingerprint=f"f{number}")))
        page = (await http.get(URL)).text
        assert re.findall(r'href="\?job=(\d+)"', page) == [str(number) for number in range(25, 5, -1)]
        page = (await http.get(URL + address(page, "Older resyncs"))).text
        assert re.findall(r'href="\?job=(\d+)"', page) == ["5", "4", "3", "2", "1"]
        assert "Older resyncs" not in page
        assert "newest refusals" not in page

    async def test_the_records_of_one(self, service: Service, http: httpx.AsyncClient, acme: Org, post: Post) -> None:
        """What became of each and why, a hundred at a time."""
        ids = acme.add_errors("other", "unknown", 130, details=NASTY)
        await poll_all(service)
        await post(notification(sync_errors("other")))
        async with running(service.worker), asyncio.timeout(SECONDS):
            while "succeeded" not in (page := (await http.get(URL)).text):  # noqa: ASYNC110  the page tells nobody
                await asyncio.sleep(0.01)
        page = (await http.get(URL + address(page, "1"))).text
        assert "succeeded</span>" in page
        assert page.count('data-label="Outcome"') == 100
        page = (await http.get(URL + address(page, "Next page"))).text
        assert page.count('data-label="Outcome"') == len(ids) - 100
        assert "First page" in page

    async def test_why_one_left_out_records(
        self, service: Service, http: httpx.AsyncClient, acme: Org, post: Post
    ) -> None:
        """Or has none at all: on its own page too."""
        await poll_all(service)
        await post(notification(sync_errors("other")))
        async with running(service.worker), asyncio.timeout(SECONDS):
            while "nothing to resync" not in (page := (await http.get(URL)).text):  # noqa: ASYNC110  as above
                await asyncio.sleep(0.01)
        page = (await http.get(URL + address(page, "1"))).text
        assert "Left out, or held up" in page
        assert "no records" in page

    @pytest.mark.parametrize("job", ["2", "0", "-1", "many", "", "9" * 5_000, NASTY])
    async def test_no_such_job(self, http: httpx.AsyncClient, post: Post, job: str) -> None:
        """A page that says so; one of another integration is none of this."""
        await post(notification(sync_errors("other"), sync_errors("other", integration="beta")))
        answer = await http.get(URL, params={"job": job})
        assert answer.status_code == 404
        assert "No such resync" in answer.text
        assert (await http.get("/integrations/beta", params={"job": "2"})).status_code == 200

    async def test_one_while_the_store_is_away(self, config: Config, http: httpx.AsyncClient) -> None:
        """503, with the cause."""
        with closing(sqlite3.connect(config.store.removeprefix("sqlite:///"))) as connection:
            connection.execute("ALTER TABLE jobs RENAME TO jobs_taken_away")
        answer = await http.get(URL, params={"job": "1"})
        assert (answer.status_code, "The store cannot be read." in answer.text) == (503, True)


class TestNames:
    async def test_nobody_has_this_name(self, http: httpx.AsyncClient) -> None:
        """A page that says so, and leads back."""
        answer = await http.get("/integrations/" + NASTY)
        assert (await http.get("/integrations/two%0Alines")).status_code == answer.status_code
        assert (await http.get("/integrations/two%0Alines")).headers["content-type"] == answer.headers["content-type"]
        assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert ESCAPED in answer.text
        assert "<script>alert" not in answer.text
        assert 'href="/"' in answer.text

    @pytest.mark.parametrize("name", ["eu/west", "a b", "?x=1#y", "100 %", NASTY, "ümläut", "a//b", "/"])
    async def test_any_name_has_its_page(
        self, config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path], start: Start, name: str
    ) -> None:
        """Where the status page says."""
        config_data["integrations"][1]["name"] = name
        async with start(load_config(write_config(config_data))) as service, client_of(service) as http:
            status = (await http.get("/")).text
            (found,) = [one for one in re.findall(r'<h2><a href="([^"]*)"', status) if one != URL]
            answer = await http.get(html.unescape(found))
        assert answer.status_code == 200
        assert f"<h1>{html.escape(name).replace('&quot;', '&#34;').replace('&#x27;', '&#39;')}</h1>" in answer.text
        assert "<script>alert" not in answer.text


class TestSafety:
    async def test_nothing_that_others_write_is_markup(
        self, service: Service, http: httpx.AsyncClient, acme: Org
    ) -> None:
        """Neither details nor types nor what a bridge makes up."""
        acme.add_errors("picklists", NASTY, 1, details=NASTY)
        await poll_all(service)
        page = (await http.get(URL)).text
        assert "<script>alert" not in page
        assert page.count(ESCAPED) >= 2

    @pytest.mark.parametrize(
        "path", ["/", URL, f"{URL}?only=resyncs", f"{URL}?category=x", f"{URL}?job=1", "/integrations/nobody"]
    )
    async def test_the_browser_is_told_to_run_nothing_else(self, http: httpx.AsyncClient, path: str) -> None:
        """Style and script of the page by their hashes, nothing from elsewhere, in nobody's frame, nothing kept."""
        answer = await http.get(path)
        rules = dict(rule.split(" ", 1) for rule in answer.headers["content-security-policy"].split("; "))
        assert (rules["default-src"], rules["frame-ancestors"], rules["base-uri"]) == ("'none'",) * 3
        for kind, tag in (("style-src", "style"), ("script-src", "script")):
            assert "unsafe" not in rules[kind]
            for text in re.findall(rf"<{tag}>(.*?)</{tag}>", answer.text, re.DOTALL):
                digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
                assert f"'sha256-{digest}'" in rules[kind].split()
        assert re.search(r"<[^>]*\s(?:style|on\w+)=", answer.text) is None
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert "set-cookie" not in answer.headers

    async def test_the_form_goes_nowhere_by_itself(self, http: httpx.AsyncClient, acme: Org) -> None:
        """Without the script nothing is sent, and the token has no name to be sent under."""
        acme.add_errors("other", "unknown", 1)
        page = (await http.get(URL)).text
        (form,) = re.findall(r'<form id="resync".*?</form>', page, re.DOTALL)
        assert 'method="dialog"' in form
        assert "action=" not in form
        assert not re.search(r"<(?:input|button)[^>]*\sname=", form)
        assert '<input id="token" type="password" autocomplete="off"' in form
        assert (await http.post(URL)).status_code == 405
