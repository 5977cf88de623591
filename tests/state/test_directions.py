"""Which direction of the sync goes on, and which stands still."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exporter.model import Heartbeat, LastWrite, LastWrites, ObjectHeartbeat
from exporter.state.conditions import conditions_of
from exporter.state.directions import Course, Direction, directions_of, told
from exporter.state.reading import Reading
from exporter.state.snapshot import Snapshot
from exporter.state.standstill import SEVERAL

NOW = 1_800_000_000.0
MINUTE, HOUR = 60.0, 3600.0
UNKNOWN = Direction(Course.UNKNOWN)


def snapshot(writes: LastWrites | None, heartbeat: Heartbeat | None) -> Snapshot:
    parts = {"salesforce_heartbeat": writes, "hubspot_heartbeat": heartbeat}
    readings = (Reading(name, 600.0, NOW, part=part, succeeded_at=NOW) for name, part in parts.items() if part)
    return Snapshot("acme", "immediate", None, tuple(readings))


def wrote(ago: float, read: float = MINUTE) -> LastWrites:
    """The newest write, and how long ago that was read."""
    return LastWrites((LastWrite("Contact", NOW - ago, NOW - read), LastWrite("Task", None, NOW - read)))


def synced(ago: float, waiting: tuple[float, ...] = (), left: tuple[float, ...] = ()) -> Heartbeat:
    """The newest sync, and what changed in HubSpot so long ago: ``left`` behind by its own record's sync, ``waiting``
    for one of any record."""
    contacts = ObjectHeartbeat(
        "contacts",
        NOW - ago,
        NOW - min((ago, *waiting, *left)),
        NOW - max(waiting) if waiting else None,
        tuple(NOW - one for one in waiting),
        left_behind=tuple(NOW - one for one in (*waiting, *left)),
    )
    return Heartbeat((contacts, ObjectHeartbeat("deals", None, None, None)))


def many(first: float) -> tuple[float, ...]:
    """Changes at as many moments as tell of a stop, the first so long ago."""
    return tuple(first - number * 20 * MINUTE for number in range(SEVERAL))


def directions(writes: LastWrites | None, heartbeat: Heartbeat | None) -> tuple[Direction, Direction]:
    both = directions_of(snapshot(writes, heartbeat), NOW)
    return both.to_salesforce, both.to_hubspot


def test_both_go_on() -> None:
    """What synced later than the newest write came from Salesforce."""
    to_salesforce, to_hubspot = directions(wrote(20 * MINUTE), synced(10 * MINUTE))
    assert to_salesforce == Direction(Course.GOES_ON, last=NOW - 20 * MINUTE)
    assert to_hubspot == Direction(Course.GOES_ON, last=NOW - 10 * MINUTE)


def test_hubspot_to_salesforce_stands() -> None:
    """Sync times of other records move, records that changed in HubSpot wait, and nobody writes."""
    to_salesforce, to_hubspot = directions(wrote(5 * HOUR), synced(10 * MINUTE, left=many(3 * HOUR)))
    assert to_salesforce == Direction(Course.STANDS, NOW - 3 * HOUR, NOW - 5 * HOUR)
    assert to_hubspot == Direction(Course.GOES_ON, last=NOW - 10 * MINUTE)


def test_salesforce_to_hubspot_stands() -> None:
    """Writes go on, and no sync time moves though what changed waits for one."""
    to_salesforce, to_hubspot = directions(wrote(2 * MINUTE), synced(4 * HOUR, waiting=many(3 * HOUR)))
    assert to_salesforce == Direction(Course.GOES_ON, last=NOW - 2 * MINUTE)
    assert to_hubspot == Direction(Course.STANDS, NOW - 3 * HOUR)


def test_neither_goes_on() -> None:
    """Whether anything changed in Salesforce nobody knows, so of that direction there is no more to say."""
    to_salesforce, to_hubspot = directions(wrote(4 * HOUR), synced(4 * HOUR, waiting=many(3 * HOUR)))
    assert to_salesforce == Direction(Course.STANDS, NOW - 3 * HOUR, NOW - 4 * HOUR)
    assert to_hubspot == Direction(Course.QUIET)


def test_a_quiet_hubspot_is_healthy() -> None:
    """Nothing changed there, so nothing is written; Salesforce → HubSpot goes on."""
    to_salesforce, to_hubspot = directions(wrote(9 * HOUR), synced(10 * MINUTE))
    assert to_salesforce == Direction(Course.QUIET, last=NOW - 9 * HOUR)
    assert to_hubspot.course is Course.GOES_ON


def test_a_change_that_may_be_mapped_nowhere_is_no_stop() -> None:
    """It takes as many moments as for any stop, and their time."""
    few = many(3 * HOUR)[: SEVERAL - 1]
    assert directions(wrote(5 * HOUR), synced(10 * MINUTE, left=few))[0].course is Course.QUIET
    late = many(85 * MINUTE)
    assert directions(wrote(5 * HOUR), synced(10 * MINUTE, left=late))[0].course is Course.QUIET


def test_what_was_written_since_waits_no_more() -> None:
    """A record that another write may have carried is none that was left behind."""
    assert directions(wrote(40 * MINUTE), synced(10 * MINUTE, left=many(3 * HOUR)))[0].course is Course.GOES_ON


def test_a_sync_that_a_write_may_have_made_tells_no_direction() -> None:
    """At the same time, earlier, or after the writes were read: it may be of either direction."""
    assert directions(wrote(10 * MINUTE), synced(9 * MINUTE))[1] == UNKNOWN
    assert directions(wrote(5 * MINUTE), synced(40 * MINUTE))[1] == UNKNOWN
    assert directions(wrote(50 * MINUTE, read=12 * MINUTE), synced(10 * MINUTE))[1] == UNKNOWN


def test_a_stop_is_told_by_what_was_read() -> None:
    """Writes that nobody has looked for since may have gone on."""
    heartbeat = synced(10 * MINUTE, left=many(115 * MINUTE))
    assert directions(wrote(5 * HOUR), heartbeat)[0].course is Course.STANDS
    assert directions(wrote(5 * HOUR, read=20 * MINUTE), heartbeat)[0].course is Course.QUIET


@pytest.mark.parametrize(
    ("writes", "heartbeat"),
    [
        (None, synced(MINUTE)),
        (wrote(MINUTE), None),
        (LastWrites((LastWrite("Contact", None, NOW),)), synced(MINUTE)),
        (LastWrites((*wrote(5 * HOUR).objects, LastWrite("Lead", NOW, NOW, is_missing=True))), synced(MINUTE)),
        (LastWrites(()), synced(MINUTE)),
        (wrote(MINUTE), Heartbeat((ObjectHeartbeat("contacts", None, None, None),))),
    ],
)
def test_what_is_not_seen_is_unknown(writes: LastWrites | None, heartbeat: Heartbeat | None) -> None:
    """Without one side, or a part of it, nobody knows what moves there."""
    assert directions(writes, heartbeat) == (UNKNOWN, UNKNOWN)
    assert told(directions_of(snapshot(writes, heartbeat), NOW)) == ""


def test_the_condition_says_which_direction_stands() -> None:
    """What it goes by has not changed."""

    def detail(writes: LastWrites) -> str:
        judged = {one.reason: one for one in conditions_of(snapshot(writes, synced(4 * HOUR, many(3 * HOUR))), NOW)}
        unknown = judged["unknown_error"]
        assert unknown.holds
        assert unknown.set_by is not None
        return unknown.set_by.detail

    waits = "changes wait for more than an hour"
    assert detail(wrote(2 * MINUTE)) == f"{waits}; HubSpot → Salesforce goes on; Salesforce → HubSpot stands still"
    assert detail(wrote(4 * HOUR)) == f"{waits}; HubSpot → Salesforce stands still; Salesforce → HubSpot is quiet"
    assert detail(replace(wrote(0), objects=())) == waits


def test_one_direction_alone_is_no_condition() -> None:
    """What people change in HubSpot may be mapped nowhere: no alert goes by it."""
    shown = snapshot(wrote(5 * HOUR), synced(10 * MINUTE, left=many(3 * HOUR)))
    assert not any(one.holds for one in conditions_of(shown, NOW))
