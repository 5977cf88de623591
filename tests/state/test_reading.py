"""What one source last said."""

from __future__ import annotations

import dataclasses
import math

import pytest

from exporter.model import Failure, OrgLimits, OrgUsage, UsageLog
from exporter.state.reading import INTERVALS_VISIBLE, OLD_AFTER, OLD_AFTER_OF, Reading
from tests.shipped import rules

PART = OrgLimits(OrgUsage(1, 2, 1000.0), ())
GOOD = Reading("salesforce_limits", 60.0, 1000.0, part=PART, succeeded_at=1000.0, header_usage=OrgUsage(3, 4, 1010.0))


def test_a_part_is_visible_for_three_intervals() -> None:
    """From the moment it was read, up to but not at the end."""
    assert INTERVALS_VISIBLE == 3
    assert GOOD.expires_at == 1180.0
    assert GOOD.visible_part(1000.0) is PART
    assert GOOD.visible_part(math.nextafter(1180.0, 0)) is PART
    assert GOOD.visible_part(1180.0) is None


def test_a_failure_does_not_shorten_it() -> None:
    """What was read before a failure stays as long as it would have."""
    failed = dataclasses.replace(GOOD, attempted_at=1060.0, failure=Failure("timeout", None, "slow"))
    assert not failed.up
    assert failed.visible_part(1179.0) is PART
    assert failed.visible_part(1180.0) is None


def test_an_outcome_says_how_things_are_for_as_long() -> None:
    """Good or bad, counted from the attempt."""
    assert dataclasses.replace(GOOD, attempted_at=1060.0, failure=Failure("auth", None, "")).attempt_expires_at == 1240


def test_usage_has_a_time_of_its_own() -> None:
    """Three intervals from when an answer stated it."""
    assert GOOD.usage_expires_at == 1190.0
    assert GOOD.visible_usage(1189.0) == OrgUsage(3, 4, 1010.0)
    assert GOOD.visible_usage(1190.0) is None


def test_what_was_never_read_is_not_visible() -> None:
    """A source that has only failed has nothing to show, and nothing to expire."""
    never = Reading("salesforce_limits", 60.0, 1000.0, failure=Failure("connect", None, "refused"))
    assert (never.expires_at, never.usage_expires_at) == (None, None)
    assert (never.visible_part(0.0), never.visible_usage(0.0)) == (None, None)


def test_it_is_not_changed_after_it_is_built() -> None:
    """It is frozen."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        GOOD.source = "mailbox"  # type: ignore[misc]


def test_what_is_said_is_as_old_as_it_says_itself() -> None:
    """Else as when it was read; what lies ahead is from a wrong clock."""
    assert (GOOD.as_of, GOOD.true_at) == (None, 1000.0)
    for as_of, true_at in ((400.0, 400.0), (1400.0, 1000.0)):
        log = dataclasses.replace(GOOD, part=UsageLog(1, as_of))
        assert (log.as_of, log.true_at) == (as_of, true_at)
    never = Reading("sync_health", 60.0, 1000.0)
    assert (never.as_of, never.true_at, never.is_old(1e12)) == (None, None, False)


@pytest.mark.parametrize(
    ("source", "interval", "after"),
    [
        ("sync_health", 60.0, 1800.0),
        ("sync_health", 900.0, 2700.0),
        ("salesforce_access", 3600.0, 14_400.0),
        ("salesforce_limits", 1200.0, 5400.0),
        ("salesforce_heartbeat", 1380.0, 5400.0),
        ("salesforce_usage_log", 21_600.0, 172_800.0),
    ],
)
def test_each_source_has_its_time_to_grow_old(source: str, interval: float, after: float) -> None:
    """At least three of its intervals."""
    reading = dataclasses.replace(GOOD, source=source, interval=interval)
    assert not reading.is_old(1000.0 + after)
    assert reading.is_old(1000.0 + after + 1)


def test_what_is_old_is_old_to_the_rules_too() -> None:
    """The numbers are those the alert DataStale ships with."""
    shipped = {
        rule["labels"]["source"]: math.prod(map(float, rule["expr"].removeprefix("vector(").rstrip(")").split("*")))
        for rule in rules()
        if rule.get("record") == "source:hubspot_salesforce_source_age_seconds:threshold"
    }
    assert shipped == {"default": OLD_AFTER, **OLD_AFTER_OF}
