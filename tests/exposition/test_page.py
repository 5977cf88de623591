"""The text of ``/metrics``."""

from __future__ import annotations

import asyncio
import gzip
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from math import inf
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter import __version__
from exporter.catalog.catalog import CATALOG
from exporter.config.settings import Config
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.exposition.escaping import escape
from exporter.exposition.page import Exposition
from exporter.model import (
    CanaryDirection,
    CanaryRounds,
    ErrorCount,
    Failure,
    HubSpotAccount,
    OrgLimits,
    OrgUsage,
    PartState,
    Storage,
    Suspension,
    SyncHealth,
    Unsynced,
    UnsyncedObject,
    UsageLog,
)
from exporter.self_metrics import SelfMetrics
from exporter.service import Service
from exporter.state.reading import Reading
from exporter.state.snapshot import Snapshot
from exporter.state.snapshots import Snapshots
from tests.clocks import ManualClock
from tests.pages import OPENMETRICS_ACCEPT, PREFIX, Page, Series, openmetrics_page, scrape

GOLDEN = Path(__file__).with_name("exposition.golden")
NOW = 1_800_000_000.0
OPENMETRICS_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
PLAIN_TYPE = "text/plain; version=0.0.4; charset=utf-8"

LIMITS = Reading(
    source="salesforce_limits",
    interval=300.0,
    attempted_at=NOW,
    part=OrgLimits(
        OrgUsage(used=41_300, limit=100_000, observed_at=NOW),
        (Storage("data", 100 * 2**20, 1024 * 2**20), Storage("file", 0, 1024 * 2**20)),
    ),
    succeeded_at=NOW,
)
HEALTH = Reading(
    source="sync_health",
    interval=60.0,
    attempted_at=NOW,
    part=SyncHealth(
        as_of=NOW - 3.25,
        api_calls_used=41_200,
        api_calls_allocated=60_000,
        limited_by_salesforce=100_000,
        suspension=Suspension(True, "salesforce_org_locked", NOW - 600.5),
        errors=(
            ErrorCount("picklists", "restricted_picklist_value", 12, 40),
            ErrorCount("permissions", "unknown", 3, None),
        ),
    ),
    succeeded_at=NOW,
)
LOG = Reading(
    source="salesforce_usage_log",
    interval=21_600.0,
    attempted_at=NOW,
    part=UsageLog(
        calls=40_100,
        as_of=NOW - 14_400.0,
        by_app=(("HubSpot", 40_100), ('Data "Loader"', 900), ("other", 0), ("unnamed", 77)),
    ),
    succeeded_at=NOW,
    parts=(PartState("hourly"),),
)
ACCOUNT = Reading(
    source="hubspot_account",
    interval=300.0,
    attempted_at=NOW,
    part=HubSpotAccount(123456, "app-eu1.hubspot.com", calls_used=1_250, calls_limit=650_000, resets_at=NOW + 36_000.0),
    succeeded_at=NOW,
    parts=(PartState("details"), PartState("api_usage")),
)
PROBE = Reading(
    source="canary",
    interval=1_800.0,
    attempted_at=NOW,
    part=CanaryRounds(
        (
            CanaryDirection(
                "to_salesforce",
                True,
                NOW,
                (("synced", 47), ("late", 1), ("failed", 0)),
                ((900.0, 40), (3_600.0, 47), (inf, 48)),
                36_000.5,
            ),
            CanaryDirection("to_hubspot", None, None, (("synced", 0), ("late", 0), ("failed", 2)), ((inf, 0),), 0.0),
        ),
        objective=0.99,
        deadline=3_600.0,
    ),
    succeeded_at=NOW,
)
UNSYNCED = Reading(
    source="hubspot_unsynced",
    interval=300.0,
    attempted_at=NOW,
    part=Unsynced((UnsyncedObject("contacts", 12, 3), UnsyncedObject("deals", 0, None))),
    succeeded_at=NOW,
    parts=(PartState("contacts"), PartState("deals")),
)
ACME = Snapshot("acme", "immediate", None, (HEALTH, LIMITS, LOG, ACCOUNT, PROBE, UNSYNCED))
BETA = Snapshot(
    "beta", "off", 5_000, (replace(HEALTH, part=None, succeeded_at=None, failure=Failure("auth", None, "")),)
)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def metrics() -> SelfMetrics:
    return SelfMetrics()


@pytest.fixture
def exposition(metrics: SelfMetrics, clock: ManualClock) -> Exposition:
    return Exposition(metrics, clock)


def text(exposition: Exposition, accept: str = "") -> str:
    return exposition.page(accept)[0].decode()


def shown(exposition: Exposition) -> Page:
    openmetrics_page(text(exposition, OPENMETRICS_ACCEPT))
    return Page(text(exposition))


def golden_page() -> str:
    """The whole page of two known snapshots, without what differs from run to run."""
    metrics = SelfMetrics()
    for integration in ("acme", "beta"):
        metrics.know_integration(integration, ["salesforce", "bridge"])
        metrics.know_action(integration, "bridge")
        metrics.jobs(integration, {"done": 1}, None, 0)
    for source in ("salesforce_limits", "sync_health"):
        metrics.know_source(source)
    metrics.source_error("beta", "sync_health", "auth")
    exposition = Exposition(metrics, ManualClock(NOW))
    exposition.update(ACME)
    exposition.update(BETA)
    lines = [line for line in text(exposition).splitlines(True) if not re.match(r"(# \w+ )?process_", line)]
    return "".join(lines).replace(f'version="{__version__}"', 'version="VERSION"')


def test_the_golden_page() -> None:
    """Names, labels, help texts, order and numbers are a contract.

    To accept a change: ``python -m tests.exposition.test_page > tests/exposition/exposition.golden``.
    """
    assert golden_page() == GOLDEN.read_text(encoding="utf-8")


class TestUnknownIsAbsent:
    def test_nothing_is_known_at_first(self, exposition: Exposition) -> None:
        """Only that there is an integration; no number of it is 0."""
        exposition.update(Snapshot("acme", "daily", None))
        assert shown(exposition).series(integration="acme") == {
            (PREFIX + "integration_info", frozenset({("integration", "acme"), ("notify", "daily")})): 1.0
        }

    def test_a_known_zero_is_shown(self, exposition: Exposition) -> None:
        """Once the errors are known every pair of the catalogue is there, at 0 if need be."""
        exposition.update(ACME)
        page = shown(exposition)
        for category, error_type in CATALOG.pairs:
            value = 12 if error_type == "restricted_picklist_value" else 0
            labels = {"integration": "acme", "category": category, "error_type": error_type}
            assert page.value("sync_errors", **labels) == value
        assert page.value("storage_used_bytes", integration="acme", kind="file") == 0

    def test_half_a_count(self, exposition: Exposition) -> None:
        """An error without a number of records has errors and no records."""
        exposition.update(ACME)
        labels = {"integration": "acme", "category": "permissions", "error_type": "unknown"}
        assert shown(exposition).value("sync_errors", **labels) == 3
        assert shown(exposition).value("sync_error_affected_records", **labels) is None

    def test_a_suspension_for_no_known_reason(self, exposition: Exposition) -> None:
        """Suspended is 1, and no reason is said to be or not to be the one."""
        part = SyncHealth(NOW, None, None, None, Suspension(True, None, None), None)
        exposition.update(replace(ACME, readings=(replace(HEALTH, part=part),)))
        page = shown(exposition)
        assert page.value("suspended", integration="acme") == 1
        assert not [name for name, _ in page.samples if name.startswith(PREFIX + "suspension_")]

    def test_a_suspension_for_a_reason(self, exposition: Exposition) -> None:
        """1 for the reason, 0 for the other ten, and since when."""
        exposition.update(ACME)
        page = shown(exposition)
        reasons = {
            name: page.value("suspension_reason", integration="acme", reason=name) for name in CATALOG.reason_names
        }
        assert len(reasons) == 11
        assert [name for name, value in reasons.items() if value] == ["salesforce_org_locked"]
        assert page.value("suspension_start_timestamp_seconds", integration="acme") == NOW - 600.5

    def test_no_suspension(self, exposition: Exposition) -> None:
        """Suspended is 0, all eleven reasons are 0, and there is no start."""
        part = SyncHealth(NOW, None, None, None, Suspension(False, None, None), None)
        exposition.update(replace(ACME, readings=(replace(HEALTH, part=part),)))
        page = shown(exposition)
        assert page.value("suspended", integration="acme") == 0
        assert [page.value("suspension_reason", integration="acme", reason=name) for name in CATALOG.reason_names] == [
            0
        ] * 11
        assert page.value("suspension_start_timestamp_seconds", integration="acme") is None

    def test_a_source_that_never_worked(self, exposition: Exposition) -> None:
        """It is down, and has no time of a last success."""
        exposition.update(BETA)
        page = shown(exposition)
        assert page.value("source_up", integration="beta", source="sync_health") == 0
        assert page.value("source_last_success_timestamp_seconds", integration="beta", source="sync_health") is None
        assert page.value("integration_api_calls_allocated", integration="beta") == 5_000


class TestLabels:
    @pytest.mark.parametrize(
        ("value", "written"),
        [
            ("plain", "plain"),
            ('"', r"\""),
            ("\\", r"\\"),
            ("\n", r"\n"),
            (r"\n", r"\\n"),
            ("é日", "é日"),
            ("{,}", "{,}"),
        ],
    )
    def test_what_is_escaped(self, value: str, written: str) -> None:
        """Backslash, quote and line feed, as both formats have it."""
        assert escape(value) == written

    @given(st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from('\\"\n'), min_size=1))
    @settings(derandomize=True, deadline=None, max_examples=300)
    def test_any_name_is_read_back(self, name: str) -> None:
        """Whatever an integration is called, both parsers find it under that name."""
        exposition = Exposition(SelfMetrics(), ManualClock(NOW))
        exposition.update(Snapshot(name, "immediate", 5))
        assert shown(exposition).value("integration_api_calls_allocated", integration=name) == 5


class TestNegotiation:
    @pytest.mark.parametrize(
        ("accept", "content_type"),
        [
            # Prometheus 2.42, Prometheus 3, a browser, curl, nobody.
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                OPENMETRICS_TYPE,
            ),
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
                "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
                "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
                OPENMETRICS_TYPE,
            ),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", PLAIN_TYPE),
            ("*/*", PLAIN_TYPE),
            ("", PLAIN_TYPE),
            ("Application/OpenMetrics-Text", OPENMETRICS_TYPE),
            ("text/plain;version=0.0.4;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5", PLAIN_TYPE),
            ("application/openmetrics-text;q=0", PLAIN_TYPE),
            ("text/plain, application/openmetrics-text", OPENMETRICS_TYPE),
        ],
    )
    def test_what_is_asked_for(self, exposition: Exposition, accept: str, content_type: str) -> None:
        """OpenMetrics for those who want it at least as much as text, text for all others."""
        exposition.update(ACME)
        body, given_type = exposition.page(accept)
        assert given_type == content_type
        parse = openmetrics_page if content_type == OPENMETRICS_TYPE else Page
        assert parse(body.decode()).value("suspended", integration="acme") == 1

    @pytest.mark.parametrize(("accept", "named"), [("", "canary_rounds_total"), (OPENMETRICS_ACCEPT, "canary_rounds")])
    def test_a_counter_is_named_as_the_format_names_it(self, exposition: Exposition, accept: str, named: str) -> None:
        """OpenMetrics leaves ``_total`` to the samples, which are the same in both."""
        exposition.update(ACME)
        page = text(exposition, accept)
        assert f"# TYPE {PREFIX}{named} counter\n" in page
        assert f"# TYPE {PREFIX}canary_latency_seconds histogram\n" in page
        sample = f'{PREFIX}canary_rounds_total{{integration="acme",direction="to_salesforce",outcome="late"}} 1.0\n'
        assert sample in page

    @pytest.mark.parametrize(
        "accept",
        ["garbage", ";;;,,,", ";q=", "application/openmetrics-text2", "q=1;q=1", "\x7f\xff" * 50, ", " * 5000, "*"],
    )
    async def test_garbage_gets_text(self, http: httpx.AsyncClient, accept: str) -> None:
        """A header nobody understands is no reason not to answer."""
        answer = await http.get("/metrics", headers=[(b"Accept", accept.encode("latin-1"))])
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, PLAIN_TYPE)
        Page(answer.text)

    @given(st.text())
    @settings(derandomize=True, deadline=None, max_examples=300)
    def test_any_header_gets_a_page(self, accept: str) -> None:
        """No Accept header breaks it."""
        assert Exposition(SelfMetrics(), ManualClock(NOW)).page(accept)[1] in (PLAIN_TYPE, OPENMETRICS_TYPE)

    async def test_gzip(self, service: Service, http: httpx.AsyncClient) -> None:
        """Who accepts it gets the same page smaller."""
        async with http.stream("GET", "/metrics", headers={"Accept-Encoding": "gzip"}) as answer:
            packed = b"".join([chunk async for chunk in answer.aiter_raw()])
        plain = await http.get("/metrics", headers={"Accept-Encoding": "identity"})
        assert answer.headers["Content-Encoding"] == "gzip"
        assert "Content-Encoding" not in plain.headers
        assert len(packed) < len(plain.content) / 3
        assert Page(gzip.decompress(packed).decode()).lines("acme") == Page(plain.text).lines("acme")


@pytest.mark.binaries
async def test_promtool_has_no_complaint(service: Service, http: httpx.AsyncClient, acme: Org) -> None:
    """The real linter is silent about a page of two integrations, one of them suspended and with failures counted."""
    acme.suspend("unknown_error", cause_holds=True)
    acme.add_errors("picklists", "A type HubSpot has just invented", 3)
    for _ in range(2):
        for target in service.poller.targets:
            await service.poller.poll(target)
        acme.faults.put(Fault("bridge", "cut_json"))
    page = (await http.get("/metrics")).content
    check = await asyncio.to_thread(
        subprocess.run, ["promtool", "check", "metrics"], input=page, capture_output=True, check=False
    )
    assert (check.returncode, check.stdout.decode(), check.stderr.decode()) == (0, "", "")


class _Counted(tuple[Reading, ...]):
    """Readings that know how often somebody went through them."""

    looks = 0

    def __iter__(self) -> Iterator[Reading]:
        self.looks += 1
        return super().__iter__()


class TestRendering:
    def test_the_first_scrape_does_it(self, exposition: Exposition, metrics: SelfMetrics) -> None:
        """Before that nothing is, so that a process that starts is there at once; and what was counted is not lost."""
        readings = _Counted((HEALTH, LIMITS))
        metrics.know_integration("acme", ["bridge"])
        metrics.request("acme", "bridge")
        exposition.update(replace(ACME, readings=readings))
        metrics.request("acme", "bridge")
        assert readings.looks == 0
        page = shown(exposition)
        assert page.value("upstream_requests_total", integration="acme", api="bridge") == 2
        assert page.value("suspended", integration="acme") == 1

    def test_afterwards_it_happens_when_a_snapshot_changes(self, exposition: Exposition) -> None:
        """A hundred scrapes in either format do not look at the snapshot again."""
        exposition.update(replace(BETA, integration="acme"))
        text(exposition)
        readings = _Counted((HEALTH, LIMITS))
        exposition.update(replace(ACME, readings=readings))
        looks = readings.looks
        assert looks > 0
        pages = {text(exposition, accept) for accept in ("", OPENMETRICS_ACCEPT) for _ in range(50)}
        assert len({Page(page).lines("acme") for page in pages if not page.endswith("# EOF\n")}) == 1
        assert readings.looks == looks

    def test_a_change_of_one_does_not_render_the_other(self, exposition: Exposition) -> None:
        """Each integration has its own text."""
        readings = _Counted((HEALTH, LIMITS))
        exposition.update(replace(ACME, readings=readings))
        text(exposition)
        looks = readings.looks
        exposition.update(BETA)
        assert shown(exposition).value("source_up", integration="beta", source="sync_health") == 0
        assert readings.looks == looks

    def test_what_grows_too_old_is_rendered_anew_once(self, exposition: Exposition, clock: ManualClock) -> None:
        """Though nothing was polled: after three intervals the series go, at the first scrape that sees it."""
        readings = _Counted((HEALTH, LIMITS))
        exposition.update(replace(ACME, readings=readings))
        text(exposition)
        looks = readings.looks
        clock.advance(3 * 60)
        assert shown(exposition).value("suspended", integration="acme") is None
        assert readings.looks > looks
        looks = readings.looks
        text(exposition)
        assert readings.looks == looks

    def test_each_part_goes_in_its_own_time(self, exposition: Exposition, clock: ManualClock) -> None:
        """Sync Health after three minutes, the limits after fifteen, up and the time of the last success never."""
        exposition.update(ACME)
        clock.advance(179)
        assert shown(exposition).value("suspended", integration="acme") == 1
        clock.advance(1)
        page = shown(exposition)
        assert page.value("suspended", integration="acme") is None
        assert page.value("org_api_calls_used", integration="acme") == 41_300
        clock.advance(720)
        page = shown(exposition)
        assert page.value("org_api_calls_used", integration="acme") is None
        assert page.value("source_up", integration="acme", source="sync_health") == 1
        assert page.value("source_last_success_timestamp_seconds", integration="acme", source="sync_health") == (
            NOW - 3.25
        )


async def test_series_vanish_and_come_back(
    service: Service, http: httpx.AsyncClient, acme: Org, clock: ManualClock
) -> None:
    """A source that fails shows its last values for three intervals, then none, and all of them once it works again."""
    (target,) = (
        each for each in service.poller.targets if (each.integration, each.source.name) == ("acme", "sync_health")
    )
    await service.poller.poll(target)
    full = await scrape(http)
    acme.faults.put(Fault("bridge", "server_error"))
    for _ in range(2):
        clock.advance(target.interval)
        await service.poller.poll(target)
        page = await scrape(http)
        assert page.value("source_up", integration="acme", source="sync_health") == 0
        assert page.value("suspended", integration="acme") == 0
        assert _facts(page) == _facts(full)
    clock.advance(target.interval)
    page = await scrape(http)
    assert page.value("suspended", integration="acme") is None
    assert page.value("source_last_success_timestamp_seconds", integration="acme", source="sync_health") == NOW
    assert not [name for name, _ in page.series(integration="acme") if name.startswith(PREFIX + "sync_error")]
    acme.faults.clear()
    await service.poller.poll(target)
    assert _facts(await scrape(http)) == _facts(full)


def _facts(page: Page) -> set[Series]:
    """What is said of acme, but for failures that were counted."""
    return {series for series in page.series(integration="acme") if not series[0].endswith("source_errors_total")}


async def test_one_failure_leaves_the_others_lines_alone(
    service: Service, http: httpx.AsyncClient, acme: Org, clock: ManualClock
) -> None:
    """Byte by byte: beta's lines are the same whether acme works, fails or has been silent for an hour."""
    for target in service.poller.targets:
        await service.poller.poll(target)
    before = (await scrape(http)).lines("beta")
    for api in ("bridge", "salesforce"):
        acme.faults.put(Fault(api, "unavailable_html"))
    clock.advance(100)
    for target in service.poller.targets:
        if target.integration == "acme":
            await service.poller.poll(target)
    page = await scrape(http)
    assert page.value("source_up", integration="acme", source="sync_health") == 0
    assert page.lines("beta") == before


def test_integrations_stand_in_the_order_of_the_configuration(config: Config, exposition: Exposition) -> None:
    """Whatever is polled first."""
    snapshots = Snapshots(config.integrations)
    snapshots.watch(exposition.update, exposition.forget)
    snapshots.put("beta", HEALTH)
    snapshots.put("acme", HEALTH)
    owners = re.findall(rf'^{PREFIX}suspended{{integration="(\w+)"', text(exposition), re.MULTILINE)
    assert owners == ["acme", "beta"]


if __name__ == "__main__":
    sys.stdout.write(golden_page())
