"""``GET /``."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from exporter.config.defaults import INTERVALS
from exporter.config.file import load_config
from exporter.demo.simulator.org import Org
from exporter.model import (
    ErrorCount,
    Failure,
    Heartbeat,
    ObjectHeartbeat,
    OrgLimits,
    OrgUsage,
    Part,
    Suspension,
    SyncHealth,
    TrustStatus,
    Unsynced,
    UnsyncedObject,
)
from exporter.service import Service
from exporter.state.reading import Reading
from exporter.state.snapshot import Snapshot
from exporter.state.statement import REPORT
from exporter.web.pages.source_lines import age
from exporter.web.pages.status_page import BacklogLine, render, status_row
from tests.clocks import ManualClock
from tests.conftest import Start, client_of
from tests.web.conftest import poll_all

NOW = 1_800_000_000.0
DAY = 86_400.0
NASTY = """<script>alert("x" & 'y')</script>"""
ESCAPED = "&lt;script&gt;alert(&#34;x&#34; &amp; &#39;y&#39;)&lt;/script&gt;"
GOOD = ("good", "Syncs")
HEALTH = SyncHealth(NOW, 1_300, 1_500, 3_000, Suspension(False, None, None), ())


def reading(part: SyncHealth | OrgLimits | None = HEALTH, failure: Failure | None = None) -> Reading:
    succeeded_at = None if part is None else NOW - 90
    return Reading("sync_health", 60.0, NOW, failure, part, succeeded_at)


def snapshot(*readings: Reading, name: str = "acme") -> Snapshot:
    return Snapshot(name, "immediate", None, readings)


def health(**changed: object) -> Snapshot:
    return snapshot(reading(replace(HEALTH, **changed)))  # type: ignore[arg-type]


def of_days_ago(days: float, **changed: object) -> Snapshot:
    """Read 90 seconds ago; what it says was true days ago."""
    return health(as_of=NOW - days * DAY, **changed)


def read(source: str, part: Part) -> Reading:
    return Reading(source, 60.0, NOW, None, part, NOW)


def page(*snapshots: Snapshot) -> str:
    return render([status_row(one, NOW, ["salesforce_limits"]) for one in snapshots], NOW)


FULL = snapshot(Reading("salesforce_limits", 60.0, NOW, None, OrgLimits(OrgUsage(9, 9, NOW), ()), NOW))
LEFT = snapshot(read("salesforce_limits", OrgLimits(OrgUsage(1, 9, NOW), ())))
FAILING = snapshot(reading(None, Failure("auth", None, "refused")))


class TestLevels:
    @pytest.mark.parametrize(
        ("seen", "level", "state"),
        [
            (snapshot(), "unknown", "Nothing known yet"),
            (health(), "good", "Syncs"),
            (health(suspension=Suspension(True, "unknown_error", NOW)), "suspended", "SUSPENDED: Unknown error"),
            (health(suspension=Suspension(True, None, NOW)), "suspended", "SUSPENDED: reason not known"),
            (FULL, "trouble", "Not suspended yet, but: Salesforce organization API limit exceeded"),
            (FAILING, "trouble", "Cannot be read: sync_health"),
            (health(errors=(ErrorCount("picklists", "unknown", 1_234, 5),)), "trouble", "Sync errors: 1,234"),
            (
                health(errors=(ErrorCount("picklists", "unknown", None, 5),)),
                "trouble",
                "Sync errors: not known how many",
            ),
        ],
    )
    def test_the_state_in_words(self, seen: Snapshot, level: str, state: str) -> None:
        """The worst that is known, with its name."""
        row = status_row(seen, NOW, ["sync_health"])
        assert (row.level, row.state) == (level, state)
        assert f'<article class="{level}"' in page(seen)
        assert state in page(seen)

    def test_worst_first(self) -> None:
        """Then by name, and the title counts who is in trouble."""
        suspended = health(suspension=Suspension(True, None, None))
        rows = [
            replace(one, integration=name)
            for name, one in (("a", health()), ("b", snapshot()), ("c", FULL), ("e", suspended), ("d", suspended))
        ]
        text = page(*rows)
        positions = [text.index(f'">{name}</a></h2>') for name in ("d", "e", "c", "b", "a")]
        assert positions == sorted(positions)
        assert "<title>3 of 5 in trouble" in text
        assert "5 integrations, 3 in trouble" in text

    def test_what_to_do_first_is_said(self) -> None:
        """For a reported reason and for a cause that is seen."""
        for one in (FULL, health(suspension=Suspension(True, "salesforce_org_locked", NOW))):
            why = status_row(one, NOW).why[-1]
            assert len(why) > 20
            assert why[:20] in page(one)


class TestWhatMakesItGreen:
    """Only what HubSpot says or shows of today."""

    UNKNOWN = ("unknown", "No trouble seen; whether it syncs is not known")

    @pytest.mark.parametrize(
        ("seen", "state"),
        [
            (LEFT, UNKNOWN),
            (health(suspension=None), UNKNOWN),
            (snapshot(Reading(REPORT, math.inf, NOW, None, HEALTH, NOW)), UNKNOWN),
            (snapshot(read("hubspot_heartbeat", Heartbeat((ObjectHeartbeat("contacts", None, None, None),)))), UNKNOWN),
            (snapshot(read("hubspot_heartbeat", Heartbeat((ObjectHeartbeat("contacts", NOW, NOW, None),)))), GOOD),
            (of_days_ago(29 / 1440), GOOD),
            (of_days_ago(31 / 1440), ("trouble", "Old: sync_health")),
            (of_days_ago(-6), GOOD),
        ],
    )
    def test_that_it_syncs_is_said_only_where_it_is_known(self, seen: Snapshot, state: tuple[str, str]) -> None:
        """By a page of the last half hour or by records; neither Salesforce nor a report nor an old page knows."""
        row = status_row(seen, NOW)
        assert (row.level, row.state) == state

    def test_an_old_suspension_is_one_still_and_says_of_when(self) -> None:
        """Nobody has said that it is over."""
        row = status_row(of_days_ago(6, suspension=Suspension(True, None, None)), NOW)
        assert (row.level, row.state) == ("suspended", "SUSPENDED: reason not known, as of 6 d ago")


class TestUnknown:
    def test_where_everything_is_switched_off_nothing_is_waited_for(self) -> None:
        """Neither as a state nor among the sources."""
        text = render([status_row(snapshot(), NOW)], NOW)
        assert "Nothing is known: everything is switched off" in text
        assert text.count("everything is switched off") == 2
        assert " yet" not in text

    def test_before_the_first_poll_nothing_is_claimed(self) -> None:
        """No number, no bar, no condition."""
        text = page(snapshot())
        for said in ("HubSpot: not known", "Whole org: not known", "no source states them", "not read yet"):
            assert said in text
        assert "<meter" not in text
        assert "Causes looked for" not in text

    def test_an_unknown_number_is_no_zero(self) -> None:
        """A category with errors nobody counted is listed, not left out."""
        row = status_row(
            health(errors=(ErrorCount("picklists", "unknown", None, None), ErrorCount("other", "unknown", 0, 0))), NOW
        )
        assert row.errors is not None
        (line,) = row.errors
        assert (line.title, line.errors) == ("Picklists", "not known how many")

    def test_types_without_errors_say_nothing_of_the_records_of_others(self) -> None:
        """An export need not tell how many records an error keeps from syncing; its other types have none."""
        counts = (
            ErrorCount("picklists", "mismatched_options", 20, None),
            ErrorCount("picklists", "option_limit_exceeded", 0, 0),
        )
        row = status_row(health(errors=counts), NOW)
        assert row.errors is not None
        assert [(line.errors, line.records) for line in row.errors] == [("20", "not known how many records")]

    def test_use_without_a_limit_has_no_bar(self) -> None:
        """And a limit without use says so."""
        used, _ = status_row(health(api_calls_allocated=None), NOW).uses
        assert (used.text, used.share) == ("1,300 used, limit not known", None)
        unused, _ = status_row(health(api_calls_used=None), NOW).uses
        assert (unused.text, unused.share) == ("not known; 1,500 allocated", None)

    def test_an_allocation_of_nothing_divides_nothing(self) -> None:
        """0 is a number."""
        used, _ = status_row(health(api_calls_allocated=0), NOW).uses
        assert (used.text, used.share) == ("1,300 of 0 allocated", None)

    def test_no_errors_is_known(self) -> None:
        """None is something else than not known."""
        assert status_row(health(errors=()), NOW).errors == ()
        assert "<p>none</p>" in page(health(errors=()))


class TestBacklog:
    COUNTED = Unsynced((UnsyncedObject("contacts", 1_200, None), UnsyncedObject("companies", 0, 0)))

    def test_what_waits_is_shown_by_object(self) -> None:
        """Without those of which nothing does; what could not be counted is said to be unknown."""
        found = snapshot(reading(), Reading("hubspot_unsynced", 300.0, NOW, part=self.COUNTED, succeeded_at=NOW))
        assert status_row(found, NOW).backlog == (BacklogLine("Contacts", "1,200", "not known how many"),)
        text = page(found)
        assert "<td>Contacts</td><td>1,200</td><td>not known how many</td>" in text
        assert "at most: not every change is one that syncs" in text

    def test_nothing_that_waits_is_known(self) -> None:
        """It is something else than that nobody looks."""
        none = replace(self.COUNTED, objects=self.COUNTED.objects[1:])
        found = snapshot(reading(), Reading("hubspot_unsynced", 300.0, NOW, part=none, succeeded_at=NOW))
        assert (status_row(found, NOW).backlog, status_row(snapshot(), NOW).backlog) == ((), None)
        assert "<p>no record</p>" in page(found)
        assert "HubSpot is not searched" in page(snapshot())


class TestTrust:
    @pytest.mark.parametrize(
        ("trust", "text"),
        [
            (TrustStatus("NA1", "MAINTENANCE_CORE"), "5 s ago"),
            (TrustStatus("NA1", None, "UNPLANNED_<b>"), "5 s ago, unknown status: UNPLANNED_<b>"),
            (TrustStatus("NA1", None), "5 s ago, no status"),
        ],
    )
    def test_words_that_no_metric_can_hold_stand_here(self, trust: TrustStatus, text: str) -> None:
        """The source works all the same."""
        seen = snapshot(Reading("salesforce_status", 60.0, NOW, None, trust, NOW))
        (line,) = status_row(seen, NOW + 5).sources
        assert (line.good, line.text) == (True, text)
        assert "<b>" not in page(seen)


class TestEscaping:
    def test_nothing_that_others_write_is_markup(self) -> None:
        """Neither a name nor a message."""
        failing = replace(FAILING, integration=NASTY, readings=(reading(None, Failure("auth", None, NASTY)),))
        text = page(failing)
        assert "<script" not in text
        assert text.count(ESCAPED) >= 3


class TestSources:
    def test_age_and_failure_of_each(self) -> None:
        """With the message, which holds no secret."""
        (line,) = status_row(health(), NOW).sources
        assert (line.good, line.text, line.problem) == (True, "90 s ago", "")
        (line,) = status_row(snapshot(reading(HEALTH, Failure("auth", None, "refused"))), NOW).sources
        assert (line.good, line.text, line.problem) == (False, "FAILS, last read 90 s ago", "refused")
        (line,) = status_row(FAILING, NOW).sources
        assert line.text == "FAILS, never read"

    def test_the_age_is_that_of_what_was_said(self) -> None:
        """A page read just now may be an old one; then it is said to be, also beside the causes it speaks of."""
        (line,) = status_row(of_days_ago(0.01), NOW).sources
        assert (line.good, line.text) == (True, "14 min ago")
        row = status_row(of_days_ago(6), NOW)
        (line,) = row.sources
        assert (line.good, line.text) == (False, "old: says what was true 6 d ago")
        assert [condition.detail for condition in row.conditions] == [
            "1,300 of 1,500 allocated API calls are used (sync_health, 6 d ago)"
        ]

    def test_an_old_page_that_cannot_be_read_any_more_is_old_too(self) -> None:
        """Both ages are told."""
        failing = reading(replace(HEALTH, as_of=NOW - 6 * DAY), Failure("auth", None, "refused"))
        (line,) = status_row(snapshot(failing), NOW).sources
        assert line.text == "FAILS, last read 90 s ago, says what was true 6 d ago"

    def test_what_has_not_been_read_for_long_is_old(self) -> None:
        """As where the polls stand still."""
        (line,) = status_row(LEFT, NOW + 3 * 3600).sources
        assert (line.good, line.text) == (False, "old: read 3 h ago")

    @pytest.mark.parametrize(
        ("seconds", "said"),
        [(-5, "0 s ago"), (0, "0 s ago"), (119, "119 s ago"), (120, "2 min ago"), (7200, "2 h ago"), (2e5, "2 d ago")],
    )
    def test_how_long_ago(self, seconds: float, said: str) -> None:
        """In the largest unit that says it."""
        assert age(seconds) == said


async def test_the_running_service_shows_it(
    service: Service, http: httpx.AsyncClient, acme: Org, clock: ManualClock
) -> None:
    """HTML, from the newest readings, with who saw what and when."""
    assert "Nothing known yet" in (await http.get("/")).text
    acme.use_api_calls("Data loader", 100_000)
    await poll_all(service)
    clock.advance(30)
    answer = await http.get("/")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "2 integrations, 1 in trouble" in answer.text
    assert "of the org&#39;s 100,000 API calls are used (salesforce_limits, 30 s ago)" in answer.text


async def test_the_running_service_knows_what_is_switched_off(
    config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path], start: Start
) -> None:
    """It says so of that integration; the other has only not been read yet."""
    config_data["integrations"][0]["intervals"] = dict.fromkeys(INTERVALS, "off")
    async with start(load_config(write_config(config_data))) as service, client_of(service) as http:
        text = (await http.get("/")).text
    assert text.count("Nothing is known: everything is switched off") == 1
    assert text.count("not read yet") == len(service.poller.targets)


def test_thousands_of_integrations() -> None:
    """A page of 3,000 is made while one waits."""
    rows = [replace(FULL, integration=f"org-{number:04d}") for number in range(3000)]
    started = time.monotonic()
    text = page(*rows)
    assert time.monotonic() - started < 10
    assert text.count("<article") == 3000
