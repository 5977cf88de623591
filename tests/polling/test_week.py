"""A healthy org of 2026, configured by default but for longer intervals: a simulated week in which nobody is called,
and the same org with each of the eleven causes of a suspension."""

from __future__ import annotations

from math import ceil
from pathlib import Path

import pytest

from exporter.catalog.catalog import CATALOG
from tests.polling.alerts import Alert, Expected, complaints
from tests.polling.causes import BEFORE, CAUSES, Cause, reported_at, suffered
from tests.polling.habits import DAY, HEALTHY, QUIET, SATURDAY, WEEK
from tests.polling.samples import Samples
from tests.polling.week import NAME, SELDOM, living, newcomers

EVALUATED = 10
"""Minutes. What a source said stands for 25 where it is read so seldom, and no source fails for longer than ten."""


def assert_healthy(samples: Samples) -> None:
    """No cause of a suspension is ever seen, and what fails is read again within ten minutes, where one hiccup follows
    the other. Eight causes can be judged: without configured fields and an allocation not those two, and missing
    mappings never."""
    conditions = samples.values("suspension_condition")
    assert len(conditions) == 8
    assert {one: values for one, values in conditions.items() if values != {0}} == {}
    assert len(samples.of("source_up")) == 8
    assert samples.longest("source_up", 0) <= 2


def complaints_of(samples: Samples, folder: Path, *fired: Alert) -> str:
    return complaints({NAME: (samples, Expected(fired))}, folder, EVALUATED)


@pytest.mark.binaries
async def test_a_week_of_a_healthy_org(tmp_path: Path) -> None:
    """No condition holds, no source fails for long, no alert fires; and every kind of failure that passes was met."""
    async with living(newcomers(tmp_path, SELDOM), HEALTHY, 0) as life:
        await life.until(WEEK)
    assert_healthy(life.samples)
    # By company and not by source: which of them asks first, and so takes the failure, is as random as polls are.
    failed = {
        (source.split("_")[0], kind) for source, kind in life.samples.grown("source_errors_total", "source", "kind")
    }
    assert failed >= {
        ("salesforce", "rate_limit"),
        ("salesforce", "server"),
        *(("hubspot", kind) for kind in ("auth", "rate_limit", "server")),
    }
    assert complaints_of(life.samples, tmp_path) == ""


@pytest.mark.binaries
async def test_a_weekend_without_any_sync(tmp_path: Path) -> None:
    """A lone change that never syncs is no suspension; it is left to the warning that says so."""
    async with living(newcomers(tmp_path, SELDOM), QUIET, 4 * DAY + 16) as life:
        await life.until(SATURDAY + 8)
    assert_healthy(life.samples)
    assert complaints_of(life.samples, tmp_path, ("SyncStale", "warning")) == ""


def test_every_reason_has_a_cause() -> None:
    """All eleven."""
    assert {cause.reason for cause in CAUSES} == set(CATALOG.reason_names)
    assert len(CATALOG.reason_names) == 11


@pytest.mark.binaries
async def test_every_cause_is_still_seen(tmp_path: Path) -> None:
    """With the same habits: its condition and no other, as soon as the source that tells it has been read; then what is
    reported; and the alerts that belong to both."""
    lives = {cause: await suffered(cause, _folder(tmp_path, number)) for number, cause in enumerate(CAUSES)}
    for cause, samples in lives.items():
        assert_seen(cause, samples)
    assert complaints({cause.key: (one, expected(cause)) for cause, one in lives.items()}, tmp_path, every=5) == ""


def _folder(parent: Path, number: int) -> Path:
    (folder := parent / str(number)).mkdir()
    return folder


def assert_seen(cause: Cause, samples: Samples) -> None:
    """The condition in time, the report at the next scrape, and nothing else."""
    conditions = samples.minutes_until("suspension_condition", 1)
    assert set(conditions) == cause.conditions, cause.key
    for minute in conditions.values():
        assert BEFORE < minute <= BEFORE + (cause.within or 0), cause.key
    reasons = samples.minutes_until("suspension_reason", 1)
    assert set(reasons) == {cause.reason}, cause.key
    assert reasons[cause.reason] == reported_at(cause) + 1, cause.key


def expected(cause: Cause) -> Expected:
    """The warning fires when the condition has held for ten minutes, the page as soon as the suspension is reported."""
    times: dict[float, Alert] = {reported_at(cause): (cause.alert, "critical")}
    if cause.within is not None:
        times[BEFORE + cause.within + 10] = (cause.alert, "warning")
    return Expected(cause.fired, {5.0 * (ceil(minute / 5) + 1): alert for minute, alert in times.items()}, cause.also)
