"""A simulated day without a bridge: what a mailbox, searches and the last writes tell, and what follows from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.polling.alerts import Expected, complaints
from tests.polling.no_bridge import ALERT, CLEARED, LOST, REASON, WITHDRAWN, Day, a_day
from tests.polling.week import NAME

pytestmark = [pytest.mark.binaries, pytest.mark.faults]

MOST_CALLS = 350
UNMAPPED = 4
"""Records of which properties have changed within the window that are not mapped: they look stale, and are not."""
OBJECTS = ("contacts", "companies", "deals")
_NAME = ALERT.removeprefix("HubSpotSalesforce")


def stale(day: Day) -> float:
    """Records that wait, by what searches find."""
    return sum(day.value("unsynced_records", object=name, kind="stale") or 0 for name in OBJECTS)


async def assert_suspended(day: Day) -> None:
    """By the e-mail: reason and start are those that it states."""
    known = await day.known()
    assert (known["stated_by"]["suspension"], known["suspension"]["reason"]) == ("mailbox", REASON)
    assert known["stated_at"]["suspension"] == known["suspension"]["since"]
    assert day.value("suspended") == day.value("suspension_reason", reason=REASON) == 1
    assert day.value("suspension_start_timestamp_seconds") is not None


async def test_a_day(tmp_path: Path) -> None:
    """From the e-mail that says so to the last record that was caught up on, with every metric right on the way; the
    alerts that belong to it, and no other; and the price of the day."""
    async with a_day(tmp_path) as day:
        await day.until(WITHDRAWN)
        unmapped = stale(day)
        assert (day.value("suspended"), unmapped <= UNMAPPED, await day.jobs()) == (None, True, [])
        assert day.value("canary_success", direction="to_salesforce") == 1

        # Records fail, HubSpot suspends and writes; the exporter sees the cause itself.
        await day.until(11.5)
        await assert_suspended(day)
        assert day.value("suspension_condition", reason=REASON) == 1
        at_first = stale(day)
        await day.until(12.8)
        assert day.value("canary_success", direction="to_salesforce") == 0
        assert stale(day) > at_first > UNMAPPED

        # The permission is back, and later the suspension is cleared, of which no e-mail comes. One round is no
        # evidence yet.
        await day.until(CLEARED + 0.3)
        await assert_suspended(day)
        assert day.value("suspension_condition", reason=REASON) == 0

        # After the second one it is.
        await day.until(13.75)
        known = await day.known()
        assert known["suspension"]["suspended"] is False
        assert known["suspension"]["detail"].startswith("records sync again (")
        assert "the integration user wrote to" in known["suspension"]["detail"]
        assert known["stated_by"]["suspension"] == "evidence"
        assert day.value("suspended") == day.value("suspension_reason", reason=REASON) == 0
        assert day.value("suspension_start_timestamp_seconds") is None
        assert [status for status, _hour in day.told] == ["firing", "resolved"]

        # HubSpot has its time to sync by itself; what it has lost is touched, and proved.
        (job,) = await day.jobs()
        assert (job["state"], job["action"]) == ("queued", "touch")
        await day.until(16)
        (job,) = await day.jobs()
        touched = job["records"]["succeeded"]
        assert (job["state"], job["records"]["failed"]) == ("done", 0)
        assert touched >= LOST // 4  # some are companies, which the token may not see; some have changed again
        assert day.value("resync_verified_records_total", action="touch", outcome="cured") == touched
        # What failed before it was suspended is left: those are sync errors, of which nobody tells here.
        assert stale(day) < at_first
        assert day.value("canary_success", direction="to_salesforce") == 1

        await day.until(24)
        known = await day.known()
        assert (known["stated_by"]["suspension"], known["suspension"]["suspended"]) == ("evidence", False)
        assert day.life.org.calls.used("monitoring") <= MOST_CALLS
    fired, resolved = (60 * hour for _status, hour in day.told)
    expected = Expected(
        fired={
            *((_NAME, "critical"), (_NAME, "warning"), ("SyncStale", "warning")),
            # The canary is a contact, so it misses from the first hour on.
            *(("CanaryFailing", "warning"), ("SyncBudgetBurn", "critical"), ("SyncBudgetBurn", "warning")),
        },
        by_minute={fired + 4: (_NAME, "critical"), resolved - 10: (_NAME, "critical")},
        silent_by_minute={fired - 20: (_NAME, "critical"), resolved + 10: (_NAME, "critical")},
    )
    assert complaints({NAME: (day.life.samples, expected)}, tmp_path, every=2) == ""
