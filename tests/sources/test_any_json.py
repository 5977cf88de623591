"""Whatever JSON comes, it parses or is refused, and what parses can be scraped."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.errors import UpstreamError
from exporter.exposition.page import Exposition
from exporter.model import OrgLimits, Part, SyncHealth
from exporter.self_metrics import SelfMetrics
from exporter.sources import salesforce_limits, sync_health
from exporter.sources.source import Source
from exporter.state.reading import Reading
from exporter.state.snapshot import Snapshot
from tests.any_json import anything, scalars
from tests.clocks import ManualClock
from tests.examples import examples
from tests.pages import OPENMETRICS_ACCEPT, Page, openmetrics_page

FUZZ = settings(derandomize=True, deadline=None, max_examples=examples(300), suppress_health_check=list(HealthCheck))
CLOCK = ManualClock()
METRICS = SelfMetrics()


def mostly(usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """What the documentation promises, and once in a while something else."""
    return st.sampled_from([False] * 19 + [True]).flatmap(lambda spoiled: scalars if spoiled else usual)


def an_object(required: dict[str, Any], **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """An object with these fields, mostly."""
    return mostly(
        st.fixed_dictionaries(
            {name: mostly(field) for name, field in required.items()},
            optional={name: mostly(field) for name, field in optional.items()},
        )
    )


counts = st.integers(0, 10**6) | st.none() | st.integers(0, 10**6).map(float)
offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
times = st.sampled_from(["2026-11-21T10:00:00Z", "2026-11-21t10:00:00.5+02:00"]) | st.datetimes(timezones=offsets).map(
    lambda moment: moment.isoformat()
)

limit = an_object({"Max": st.integers(0, 10**6), "Remaining": st.integers(-(10**6), 10**6)}, App=scalars)
limits = an_object({"DailyApiRequests": limit}, DataStorageMB=limit, FileStorageMB=limit, PermissionSets=anything)
error = an_object(
    {"category": st.sampled_from(["picklists", "Custom code", 'we"ird\n\\', "other"]) | st.text(max_size=10)},
    error_type=st.sampled_from(["option_limit_exceeded", "Salesforce flow", None]) | st.text(max_size=10),
    errors=counts,
    affected_records=counts,
)
health = an_object(
    {"as_of": times},
    api_calls=an_object({}, used_24h=counts, allocated=counts, limited_by_salesforce=counts) | st.none(),
    suspension=an_object({}, suspended=st.booleans(), reason=st.text(max_size=20), since=times) | st.none(),
    errors=st.lists(error, max_size=5) | st.none(),
)


def parsed(source: Source, payload: Any) -> Part | None:
    """The part, ``None`` if the payload was refused; anything but an UpstreamError is a bug."""
    try:
        return source.parse(payload, CLOCK.time())
    except UpstreamError:
        return None


def check_page(source: Source, part: Part) -> Page:
    """Renders the part and reads it back in both formats."""
    exposition = Exposition(METRICS, CLOCK)
    now = CLOCK.time()
    reading = Reading(source.name, 60.0, now, part=part, succeeded_at=now)
    exposition.update(Snapshot('acme "\\\n', "immediate", None, (reading,)))
    openmetrics_page(exposition.page(OPENMETRICS_ACCEPT)[0].decode())
    return Page(exposition.page("")[0].decode())


def whole(value: Any) -> bool:
    """A number as JSON has it: true is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


@FUZZ
@given(anything)
def test_anything_at_all(payload: Any) -> None:
    """No JSON gets past the schemas and breaks what comes after them."""
    for source in (salesforce_limits.SOURCE, sync_health.SOURCE):
        part = parsed(source, payload)
        if part is not None:
            check_page(source, part)


@FUZZ
@given(limits)
def test_answers_like_limits(payload: Any) -> None:
    """Numbers come from numbers: what is null, text or missing never becomes one."""
    part = parsed(salesforce_limits.SOURCE, payload)
    if part is None:
        return
    assert isinstance(part, OrgLimits)
    daily = payload["DailyApiRequests"]
    assert whole(daily["Max"])
    assert whole(daily["Remaining"])
    assert part.usage.used == daily["Max"] - daily["Remaining"]
    for storage, name in (("data", "DataStorageMB"), ("file", "FileStorageMB")):
        assert (name in payload) == (storage in {stated.kind for stated in part.storage})
    page = check_page(salesforce_limits.SOURCE, part)
    assert page.value("org_api_calls_limit", integration='acme "\\\n') == daily["Max"]


@FUZZ
@given(health)
def test_answers_like_sync_health(payload: Any) -> None:
    """A count is there exactly if the answer had one, and has its value; so on the page."""
    part = parsed(sync_health.SOURCE, payload)
    if part is None:
        return
    assert isinstance(part, SyncHealth)
    calls = payload.get("api_calls") or {}
    assert part.api_calls_used == calls.get("used_24h")
    assert part.api_calls_allocated == calls.get("allocated")
    assert part.limited_by_salesforce == calls.get("limited_by_salesforce")
    assert (part.errors is None) == (payload.get("errors") is None)
    entries = payload.get("errors") or []
    for field in ("errors", "affected_records"):
        numbers = [entry.get(field) for entry in entries]
        shown = [getattr(count, field) for count in part.errors or ()]
        if None not in numbers:
            assert sum(shown) == sum(numbers)
        assert (None in shown) == (None in numbers)
    page = check_page(sync_health.SOURCE, part)
    assert page.value("integration_api_calls_used", integration='acme "\\\n') == part.api_calls_used
    assert any(name == "hubspot_salesforce_sync_errors" for name, _ in page.samples) == (part.errors is not None)
