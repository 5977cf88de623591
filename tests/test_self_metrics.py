"""The exporter's own metrics."""

from __future__ import annotations

import pytest

from exporter import __version__
from exporter.clock import SystemClock
from exporter.exposition.page import Exposition
from exporter.self_metrics import HTTP_REFUSALS, WEBHOOK_RESULTS, SelfMetrics
from tests.pages import OPENMETRICS_ACCEPT, Page, openmetrics_page


def page(metrics: SelfMetrics) -> Page:
    exposition = Exposition(metrics, SystemClock())
    shown = Page(exposition.page("")[0].decode())
    strict = openmetrics_page(exposition.page(OPENMETRICS_ACCEPT)[0].decode())
    assert strict.series(integration="acme") == shown.series(integration="acme")
    return shown


@pytest.fixture
def metrics() -> SelfMetrics:
    """As they stand when the service has told them what there is."""
    known = SelfMetrics()
    known.know_source("sync_health")
    known.know_integration("acme", ["salesforce", "bridge"])
    known.know_action("acme", "bridge")
    return known


def test_what_rates_are_taken_of_stands_at_zero(metrics: SelfMetrics) -> None:
    """So that the first increase is one: an alert never sees a counter come into being at 1."""
    shown = page(metrics)
    for api in ("salesforce", "bridge"):
        assert shown.value("upstream_requests_total", integration="acme", api=api) == 0
    assert shown.value("resync_refusals_total", integration="acme", reason="circuit_open") == 0
    for outcome in ("succeeded", "failed"):
        assert shown.value("resync_records_total", integration="acme", action="bridge", outcome=outcome) == 0
    for proof in ("cured", "came_back", "unchanged"):
        assert shown.value("resync_verified_records_total", integration="acme", action="bridge", outcome=proof) == 0
    for result in WEBHOOK_RESULTS:
        assert shown.value("webhook_notifications_total", result=result) == 0
    for reason in HTTP_REFUSALS:
        assert shown.value("http_requests_refused_total", reason=reason) == 0
    assert shown.value("source_poll_duration_seconds_count", source="sync_health") == 0


def test_what_never_happened_is_absent(metrics: SelfMetrics) -> None:
    """Kinds of failures and reasons to refuse, most of which no integration ever sees; an API nobody talks to."""
    shown = page(metrics)
    assert not [name for name, _ in shown.samples if name.endswith("source_errors_total")]
    assert len([name for name, _ in shown.samples if name.endswith("refusals_total")]) == 1
    assert shown.value("upstream_requests_total", integration="acme", api="hubspot") is None


def test_everything_counts_where_it_belongs(metrics: SelfMetrics) -> None:
    """Each call moves its own series by as much as it says."""
    metrics.source_error("acme", "sync_health", "timeout")
    metrics.request("acme", "bridge")
    metrics.request("acme", "bridge")
    metrics.notification("duplicate")
    metrics.refused("busy")
    metrics.records("acme", "bridge", "failed", 7)
    metrics.verified("acme", "bridge", "cured", 3)
    metrics.refusal("acme", "cooldown")
    with metrics.poll_duration("sync_health"):
        pass
    shown = page(metrics)
    assert shown.value("source_errors_total", integration="acme", source="sync_health", kind="timeout") == 1
    assert shown.value("source_errors_total", integration="acme", source="sync_health", kind="auth") is None
    assert shown.value("upstream_requests_total", integration="acme", api="bridge") == 2
    assert shown.value("upstream_requests_total", integration="acme", api="salesforce") == 0
    assert shown.value("webhook_notifications_total", result="duplicate") == 1
    assert shown.value("http_requests_refused_total", reason="busy") == 1
    assert shown.value("resync_records_total", integration="acme", action="bridge", outcome="failed") == 7
    assert shown.value("resync_verified_records_total", integration="acme", action="bridge", outcome="cured") == 3
    assert shown.value("resync_refusals_total", integration="acme", reason="cooldown") == 1
    assert shown.value("source_poll_duration_seconds_count", source="sync_health") == 1


def test_the_page_follows(metrics: SelfMetrics) -> None:
    """What moves after the page was first looked at stands on the next."""
    exposition = Exposition(metrics, SystemClock())
    for count in (1, 2):
        metrics.source_error("acme", "sync_health", "timeout")
        shown = Page(exposition.page("")[0].decode())
        assert shown.value("source_errors_total", integration="acme", source="sync_health", kind="timeout") == count


def test_a_source_that_is_no_longer_polled_leaves_nothing(metrics: SelfMetrics) -> None:
    """Its failures go, those of the others stay."""
    metrics.source_error("acme", "sync_health", "timeout")
    metrics.source_error("acme", "mailbox", "auth")
    metrics.forget_source("acme", "sync_health")
    shown = page(metrics)
    assert shown.value("source_errors_total", integration="acme", source="sync_health", kind="timeout") is None
    assert shown.value("source_errors_total", integration="acme", source="mailbox", kind="auth") == 1


def test_a_failed_poll_takes_time_too(metrics: SelfMetrics) -> None:
    """An exception does not keep its duration from being seen."""
    with pytest.raises(ValueError, match="broken"), metrics.poll_duration("sync_health"):
        raise ValueError("broken")
    assert page(metrics).value("source_poll_duration_seconds_count", source="sync_health") == 1


def test_the_queue(metrics: SelfMetrics) -> None:
    """Every state is shown; the oldest job has a time only while there is one."""
    metrics.jobs("acme", {"queued": 2, "done": 1}, 1000.0, 3)
    shown = page(metrics)
    assert [shown.value("resync_jobs", integration="acme", state=state) for state in ("queued", "running", "done")] == [
        *(2, 0, 1)
    ]
    assert shown.value("resync_oldest_queued_timestamp_seconds", integration="acme") == 1000
    assert shown.value("resync_jobs_needing_approval", integration="acme") == 3
    for _ in range(2):
        metrics.jobs("acme", {"done": 3}, None, 0)
        shown = page(metrics)
        assert shown.value("resync_jobs", integration="acme", state="queued") == 0
        assert shown.value("resync_oldest_queued_timestamp_seconds", integration="acme") is None


def test_nothing_is_left_of_an_integration_that_is_forgotten(metrics: SelfMetrics) -> None:
    """No metric keeps a series of it, and none of another integration goes with it."""
    metrics.know_integration("beta", ["bridge"])
    metrics.know_action("beta", "bridge")
    metrics.jobs("beta", {"queued": 1}, 1000.0, 0)
    metrics.source_error("beta", "sync_health", "timeout")
    before = page(metrics).samples
    metrics.forget("beta")
    beta = {series for series in before if ("integration", "beta") in series[1]}
    assert len({name for name, _ in beta}) == 8
    assert page(metrics).samples.keys() == before.keys() - beta


def test_what_is_counted_of_no_integration_is_nowhere(metrics: SelfMetrics) -> None:
    """Its jobs may outlive it; when it is configured again it begins at 0."""
    metrics.know_action("beta", "bridge")
    metrics.forget("beta")
    before = page(metrics).samples
    metrics.records("beta", "bridge", "failed", 7)
    metrics.verified("beta", "bridge", "cured", 3)
    metrics.refusal("beta", "cooldown")
    metrics.request("beta", "bridge")
    metrics.source_error("beta", "sync_health", "timeout")
    metrics.jobs("beta", {"failed": 1}, None, 0)
    assert page(metrics).samples.keys() == before.keys()
    metrics.know_action("beta", "bridge")
    assert page(metrics).value("resync_records_total", integration="beta", action="bridge", outcome="failed") == 0


def test_the_build_and_the_configuration(metrics: SelfMetrics) -> None:
    """Which version runs, and that its configuration was read."""
    shown = page(metrics)
    assert shown.value("exporter_build_info", version=__version__) == 1
    assert shown.value("config_last_reload_successful") == 1
    assert shown.value("store_up") == 1


def test_no_series_of_its_own_says_when_a_counter_began(metrics: SelfMetrics) -> None:
    """``_created`` would double the counters and tell nobody anything."""
    assert not [name for name, _ in page(metrics).samples if name.endswith("_created")]
