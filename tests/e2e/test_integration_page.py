"""The page of one integration in a real browser, from a real process: looked at, filtered, ticked, sent."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from exporter.demo.processes import free_port, running
from exporter.demo.stage import ORG, Stage, exporter_program, simulator_program, write_exporter_config
from tests.e2e.browser import Browser, Tab, chromium

pytestmark = pytest.mark.asyncio(loop_scope="module")

PHONE, DESK = 375, 1280
NASTY = "<img src=x onerror=alert(1)><script>alert(2)</script>" + "unbreakable" * 40
WRONG = "not-the-token"
ROWS = "document.querySelectorAll('#errors tbody tr').length"
HIDDEN = "getComputedStyle(document.querySelector('{}')).display == 'none'"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """Errors of three categories, more of one than a page shows, some that a resync cures."""
    folder = tmp_path_factory.mktemp("stage")
    stage = Stage(folder, *(f"http://127.0.0.1:{free_port()}" for _ in range(4)))
    write_exporter_config(stage)
    async with running(simulator_program(stage), folder / "simulator.log"):
        async with httpx.AsyncClient(trust_env=False) as http:
            for category, error_type, count, more in (
                ("picklists", "restricted_picklist_value", 130, {"cause": "picklist"}),
                ("property_values", "string_too_long", 2, {"cause": "value", "details": NASTY}),
                ("other", "unknown", 5, {"affected_records": 3}),
            ):
                error = {"category": category, "error_type": error_type, "count": count, **more}
                await http.post(f"{stage.simulator}/control/{ORG}/add-errors", json=error)
        async with running(exporter_program(stage), folder / "exporter.log"):
            yield stage


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def url(stage: Stage) -> str:
    return f"{stage.exporter}/integrations/{ORG}"


@pytest.fixture(scope="module")
def token(stage: Stage) -> str:
    return (stage.folder / "webhook-token").read_text(encoding="utf-8")


async def ticked(tab: Tab) -> int:
    return int(await tab.tell("document.querySelectorAll('.tick :checked').length"))


async def answered(tab: Tab, words: str) -> str:
    """What the page says under the form, once it says something with these words."""
    return str(
        await tab.until(
            f"(() => {{ const told = document.getElementById('answer').textContent;"
            f" return told.includes({json.dumps(words)}) && told; }})()"
        )
    )


async def everything_kept(tab: Tab) -> str:
    """All that a page can leave behind, what it shows and what stands in its fields, and every address it asked for."""
    kept = await tab.tell(
        "(async () => JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href,"
        " history.state, window.name, await indexedDB.databases(), await caches.keys(),"
        " document.documentElement.outerHTML, [...document.querySelectorAll('input')].map((one) => one.value)]))()"
    )
    cookies = (await tab.ask("Network.getCookies"))["cookies"]
    return f"{kept} {cookies} {[one['url'] for one in tab.requests]}"


async def test_a_person_comes_from_the_status_page(stage: Stage, browser: Browser) -> None:
    """By its link; the browser has nothing to complain of, on either page."""
    tab = await browser.tab(DESK)
    await tab.open(f"{stage.exporter}/")
    await tab.follow(f"a[href='/integrations/{ORG}']")
    text = await tab.text()
    for said in (
        "Picklists",
        "130 errors",
        "Un-restrict the picklist",
        "Export errors (CSV)",
        "Resyncs",
        "15 affected",
    ):
        assert said in text
    link = await tab.tell("document.querySelector('#errors td a').href")
    assert link.startswith("https://app.hubspot.com/contacts/")
    assert tab.complaints == []


async def test_a_person_looks_at_one_type(browser: Browser, url: str) -> None:
    """By the card, or by the lists; what stands behind it page by page."""
    tab = await browser.tab(DESK)
    await tab.open(url)
    await tab.follow("dt a[href*='restricted_picklist_value']")
    assert await tab.tell(ROWS) == 100
    await tab.follow("a[rel=next]")
    assert await tab.tell(ROWS) == 30
    await tab.tell("document.querySelector('select[name=category]').value = 'other'")
    await tab.follow(".filter button")
    assert await tab.tell(ROWS) == 5
    assert "Single errors: Other" in await tab.text()
    assert tab.complaints == []


async def test_reading_needs_no_script(browser: Browser, url: str) -> None:
    """Errors, filter and resyncs are there; what only a script can do is not offered."""
    tab = await browser.tab(DESK, script=False)
    await tab.open(f"{url}?category=other")
    assert await tab.tell(ROWS) == 5
    assert await tab.tell(HIDDEN.format("#resync"))
    assert await tab.tell(HIDDEN.format(".tick"))
    assert await tab.tell(HIDDEN.format(".ticking"))
    assert "needs JavaScript" in await tab.text()
    await tab.follow("dt a[href*='string_too_long']")
    assert await tab.tell(ROWS) == 2


@pytest.mark.parametrize("width", [320, PHONE, DESK])
async def test_nobody_scrolls_sideways(browser: Browser, url: str, tmp_path: Path, width: int) -> None:
    """However long a word is, with something ticked and something said."""
    tab = await browser.tab(width)
    await tab.open(f"{url}?category=property_values")
    await tab.click(".tick input")
    await tab.click("#send")
    await answered(tab, "Type the API token.")
    assert await tab.tell("document.documentElement.scrollWidth") <= width
    picture = tmp_path / f"integration-{width}.png"
    await tab.photograph(picture)
    assert picture.stat().st_size > 10_000


async def test_what_others_write_runs_nowhere(browser: Browser, url: str) -> None:
    """It is text; and were it not, the browser would not run it."""
    tab = await browser.tab(DESK)
    await tab.open(f"{url}?category=property_values")
    assert "<script>alert(2)</script>" in await tab.text()
    assert await tab.tell("document.querySelectorAll('#errors img').length") == 0
    await tab.tell("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.ran = 1\">')")
    await tab.tell("document.body.append(Object.assign(document.createElement('script'), {text: 'window.ran = 1'}))")
    assert await tab.tell("window.ran") is None
    assert any("Content Security Policy" in one for one in tab.complaints)


async def test_by_the_keyboard_alone(browser: Browser, url: str) -> None:
    """The first key leads past what one has read; a space ticks; where one is can be seen."""
    tab = await browser.tab(DESK)
    await tab.open(f"{url}?category=other")
    await tab.press("Tab")
    assert await tab.tell("document.activeElement.textContent") == "To the errors"
    await tab.press("Enter")
    await tab.until("location.hash == '#errors'")
    for _ in range(20):
        if await tab.tell("document.activeElement.type == 'checkbox'"):
            break
        await tab.press("Tab")
    assert await tab.tell("parseFloat(getComputedStyle(document.activeElement).outlineWidth)") >= 2
    await tab.press(" ")
    assert await ticked(tab) == 1
    await tab.press("Enter")
    assert await answered(tab, "token") == "Type the API token."
    assert await tab.tell("document.activeElement.id") == "token"


async def test_everything_has_a_name(browser: Browser, url: str) -> None:
    """For who hears the page: what can be used says what it is, and the table stays a table on a phone."""
    tab = await browser.tab(PHONE)
    await tab.open(url)
    tree = (await tab.ask("Accessibility.getFullAXTree"))["nodes"]
    named = {(node["role"]["value"], node.get("name", {}).get("value", "")) for node in tree if not node.get("ignored")}
    used = {"checkbox", "button", "combobox", "textbox", "link"}
    assert not {role for role, name in named if role in used and not name.strip()}
    assert ("textbox", "API token") in named
    assert ("columnheader", "Affected records") in named
    assert ("status", "") in named


async def test_ticking_all_and_none(browser: Browser, url: str) -> None:
    """Never more than a hundred; the form stays in sight as long as something is ticked."""
    tab = await browser.tab(DESK)
    await tab.open(url)
    stuck = "document.getElementById('resync').classList.contains('stuck')"
    assert not await tab.tell(stuck)
    await tab.click("#all")
    assert await ticked(tab) == 100
    assert "100 ticked" in await tab.text()
    assert await tab.tell(stuck)
    await tab.click("#none")
    assert await ticked(tab) == 0
    await tab.click("#send")
    await answered(tab, "Tick the errors to resync first.")
    assert not [one for one in tab.requests if one["method"] == "POST"]


@pytest.mark.parametrize("typed", ["two words", "tökén"])
async def test_what_no_header_can_carry_is_not_sent(browser: Browser, url: str, typed: str) -> None:
    """It says so itself."""
    tab = await browser.tab(DESK)
    await tab.open(f"{url}?category=other")
    await tab.click(".tick input")
    await tab.type("#token", typed)
    await tab.click("#send")
    await answered(tab, "No header can carry this token")
    assert not [one for one in tab.requests if one["method"] == "POST"]


PLAN = {
    "action": "bridge",
    "records": 3,
    "batches": 1,
    "expected_api_calls": 12,
    "seconds": None,
    "refused": {"cooldown": 1, "max_attempts": 1},
    "waits_for": {"reason": "api_budget", "detail": "1,400 of 1,500 allocated API calls are used"},
    "needs_approval": True,
}


class TestSending:
    """What is sent, and what the page makes of the answers."""

    @pytest_asyncio.fixture(loop_scope="module")
    async def tab(self, browser: Browser, url: str) -> Tab:
        """Two errors ticked, a token typed; what is posted waits for an answer."""
        tab = await browser.tab(DESK)
        await tab.open(f"{url}?category=other")
        await tab.stop_requests("*/api/v1/resyncs")
        for number in (1, 2):
            await tab.click(f"#errors tbody tr:nth-child({number}) .tick input")
        await tab.type("#token", "a-token")
        return tab

    async def test_what_is_sent(self, tab: Tab) -> None:
        """The ticked errors with the token in its header, and a key that makes them one job; no cookie."""
        await tab.click("#send")
        request = await tab.answer(202, b'{"job": {"id": 7, "state": "queued"}}')
        sent = json.loads(request["postData"])
        assert (sent["integration"], sent["categories"], len(sent["error_ids"])) == (ORG, ["other"], 2)
        assert "dry_run" not in sent
        headers = {name.lower(): value for name, value in request["headers"].items()}
        assert headers["authorization"] == "Bearer a-token"
        assert headers["content-type"] == "application/json"
        assert len(headers["idempotency-key"]) > 30
        assert {"cookie", "referer"}.isdisjoint(headers)
        assert await answered(tab, "Job 7") == "Job 7 was made of 2 errors; it stands under Resyncs."
        assert await ticked(tab) == 0
        assert await tab.tell("document.getElementById('token').value") == ""

    async def test_a_plan_is_shown_first_to_who_presses_enter(self, tab: Tab) -> None:
        """It changes nothing; ticks and token stay for the resync itself."""
        await tab.click("#token")
        await tab.press("Enter")
        request = await tab.answer(200, json.dumps({"plan": PLAN}).encode())
        assert json.loads(request["postData"])["dry_run"] is True
        assert await answered(tab, "It would resync") == (
            "It would resync 3 of them by bridge in 1 batch, with up to 12 Salesforce API calls;"
            " left out: 1 for cooldown, 1 for max attempts; it would wait: 1,400 of 1,500 allocated API calls are used;"
            " somebody would have to approve it."
        )
        assert await ticked(tab) == 2
        assert await tab.tell("document.getElementById('token').value") == "a-token"

    async def test_a_refusal_is_said_with_its_reason(self, tab: Tab) -> None:
        """What was ticked stays ticked."""
        await tab.click("#send")
        await tab.answer(409, b'{"error": "remediation is disabled"}')
        assert await answered(tab, "Refused") == "Refused (409): remediation is disabled."
        assert await ticked(tab) == 2

    async def test_an_answer_that_says_nothing(self, tab: Tab) -> None:
        """As of a proxy in between, in its own format; nothing of it becomes markup."""
        await tab.click("#send")
        await tab.answer(502, b"<h1>Bad gateway</h1>")
        assert await answered(tab, "Refused") == "Refused (502): the exporter did not say why."

    async def test_what_an_error_says_is_text(self, tab: Tab) -> None:
        """Whoever wrote it."""
        await tab.click("#send")
        await tab.answer(400, json.dumps({"error": NASTY}).encode())
        await answered(tab, NASTY)
        assert await tab.tell("document.querySelectorAll('#answer *').length") == 0

    async def test_sent_again_after_no_answer_it_is_the_same_job(self, tab: Tab) -> None:
        """Nobody knows whether it arrived. Another choice is another job."""
        await tab.click("#send")
        first = await tab.break_off()
        await answered(tab, "did not answer")
        await tab.click("#send")
        second = await tab.answer(503, b'{"error": "the store is away"}')
        await answered(tab, "the store is away")
        await tab.click("#errors tbody tr:nth-child(3) .tick input")
        await tab.click("#send")
        third = await tab.answer(503, b"{}")
        keys = [one["headers"]["Idempotency-Key"] for one in (first, second, third)]
        assert keys[0] == keys[1]
        assert keys[1] != keys[2]

    async def test_pressed_twice_it_is_sent_once(self, tab: Tab) -> None:
        """While the exporter thinks."""
        await tab.click("#send")
        await tab.click("#send")
        await tab.answer(409, b"{}")
        await answered(tab, "Refused")
        assert tab.paused.empty()


class TestResync:
    """From the tick to the job, with the exporter itself."""

    async def test_a_wrong_token_is_said_to_be_one(self, browser: Browser, url: str) -> None:
        """The field is empty again and waits; what was ticked stays ticked; there is no job."""
        tab = await browser.tab(DESK)
        await tab.open(f"{url}?category=other")
        await tab.click(".tick input")
        await tab.type("#token", WRONG)
        await tab.click("#send")
        assert await answered(tab, "Refused") == "Refused (401): a valid bearer token is needed."
        assert await tab.tell("document.getElementById('token').value") == ""
        assert await tab.tell("document.activeElement.id") == "token"
        assert await ticked(tab) == 1
        assert WRONG not in await everything_kept(tab)

    async def test_ticked_errors_become_a_job_and_are_resynced(
        self, browser: Browser, stage: Stage, url: str, token: str
    ) -> None:
        """On a phone: those and no others. First the plan, then the job, which the page follows until it has ended;
        nothing of the token is left."""
        tab = await browser.tab(PHONE)
        await tab.open(f"{url}?category=other")
        records = await tab.tell(
            "[...document.querySelectorAll('#errors td[data-label=Record]')]"
            ".map((one) => one.firstChild.textContent.trim())"
        )
        for number in (1, 2):
            await tab.click(f"#errors tbody tr:nth-child({number}) .tick input")
        await tab.type("#token", token)
        await tab.click("#plan")
        assert (await answered(tab, "It would")).startswith(
            "It would resync 2 of them by bridge in 1 batch, with up to 8"
        )
        await tab.click("#send")
        assert "2 errors" in await answered(tab, "Job ")
        await tab.until("document.getElementById('resyncs').innerText.includes('2 succeeded')")
        await tab.until("!document.querySelector('#resyncs .active')")
        assert "an API request" in await tab.text()
        assert token not in await everything_kept(tab)
        await tab.follow("#resyncs tbody a")
        assert records[0] in await tab.text()
        assert "succeeded after 1 request" in await tab.text()
        assert token not in await everything_kept(tab)
        async with httpx.AsyncClient(trust_env=False) as http:
            resynced = (await http.get(f"{stage.simulator}/control/{ORG}/resyncs")).json()
        assert resynced["records"] == {record.split()[1]: 1 for record in records[:2]}
        assert tab.complaints == []
