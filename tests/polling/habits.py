"""What healthy orgs of 2026 do that looks like trouble at first: the table of habits a simulated week is lived with.

A new one is a line in ``HABITS``: what of the simulated org is different from the start (``settings``, ``begin``), and
what happens at which hours of the week (``acts``, hours since Monday, midnight).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.state.access import GROUP

Act = Callable[[Org], object]

DAY = 24
SATURDAY, SUNDAY, WEEK = 5 * DAY, 6 * DAY, 7 * DAY


@dataclass(frozen=True)
class Habit:
    """Named by what people call it."""

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    begin: Act = lambda _org: None
    acts: Mapping[float, Act] = field(default_factory=dict)


def trust(status: str | None) -> Act:
    """What Salesforce's status page says."""
    return lambda org: org.set_trust(status)


def calls(app: str, count: int) -> Act:
    """An app calls Salesforce."""
    return lambda org: org.use_api_calls(app, count)


def fault(api: str, name: str, count: int | None = 1, retry_after: int | None = None) -> Act:
    """So many requests to an API are answered by a fault, or (None) all."""
    return lambda org: org.faults.put(Fault(api, name, count, retry_after))


def _login_fault(name: str, count: int) -> Act:
    """The session ends, and so many logins fail."""

    def act(org: Org) -> None:
        org.sessions.expire_all()
        org.faults.put(Fault("token", name, count))

    return act


def _traffic(records_an_hour: float) -> Act:
    return lambda org: setattr(org, "records_per_second", records_an_hour / 3600)


def _unmapped(object_type: str, count: int) -> Act:
    return lambda org: org.change_unmapped(object_type, count)


def _locked(*object_types: str) -> Act:
    return lambda org: setattr(org, "locked_objects", frozenset(object_types))


def _in_turn(first: float, every: float, *acts: Act) -> dict[float, Act]:
    """All week long, one after the other."""
    times = (first + number * every for number in range(int((WEEK - first) / every)))
    return dict(zip(times, cycle(acts), strict=False))


def _working_hours() -> Iterator[tuple[float, Act]]:
    """Few records change at night and on a weekend, many in the day."""
    for day in range(7):
        yield day * DAY + 7.01, _traffic(40 if day < 5 else NIGHT)
        yield day * DAY + 19.01, _traffic(NIGHT)


NIGHT = 12
"""Records an hour that change at night, by the forms of a website: three a round, so that something syncs every hour.
Where nothing does, SyncStale warns of changes that never sync, see ``QUIET_WEEKEND``."""

WORKING_HOURS = Habit("working hours", {"records_per_second": NIGHT / 3600}, acts=dict(_working_hours()))

UNMAPPED = Habit(
    "properties that are not mapped change day and night",
    acts={hour + 0.4: _unmapped(("contacts", "companies", "deals")[hour % 3], 2) for hour in range(0, WEEK, 4)},
)

HABITS: tuple[Habit, ...] = (
    Habit("another app calls every hour", acts={hour + 0.3: calls("Data Loader", 200) for hour in range(WEEK)}),
    Habit(
        "maintenance on the weekend, and words nobody documents",
        acts={
            2 * DAY: trust("INFORMATIONAL"),
            3 * DAY: trust("INFORMATIONAL_NONCORE"),
            4 * DAY: trust("MINOR_INCIDENT_CORE"),
            4 * DAY + 3: trust("MAJOR_INCIDENT_NONCORE"),
            4 * DAY + 6: trust("OK"),
            SATURDAY + 1: trust("MAINTENANCE_CORE"),
            SATURDAY + 9: trust("UNPLANNED_MAINTENANCE_CORE"),
            SATURDAY + 12: trust("MAINTENANCE_NONCORE"),
            SUNDAY + 2: trust(None),
            SUNDAY + 3: trust("OK"),
        },
    ),
    UNMAPPED,
    Habit("searches lag behind, and sync times are written late", {"search_lag": 60.0, "sync_written_late": 13.0}),
    Habit(
        "a group gives the permission set; on Wednesday HubSpot's package is uninstalled for a set of the org's own",
        begin=lambda org: org.set_assignment(GROUP),
        acts={2 * DAY + 12.2: lambda org: org.set_package(installed=False)},
    ),
    Habit(
        "nine calls of ten name no app, and hourly log files are not licensed",
        {"event_log_nameless": 0.9, "event_log_without": frozenset({"Interval"})},
    ),
    Habit(
        "the token may not read companies",
        begin=lambda org: setattr(org, "objects_out_of_scope", frozenset({"companies"})),
    ),
    Habit(
        "HubSpot refuses a search or two, or all of an object's",
        # Three answers are more than the retries of one search, and still over within a minute or two.
        acts=_in_turn(
            1.6,
            3,
            fault("hubspot", "locked"),
            fault("hubspot", "locked", 3),
            fault("hubspot", "rate_limited", 2),
            fault("hubspot", "migrating", 1, retry_after=600),
            fault("hubspot", "edge_html", 3),
        ),
    ),
    Habit(
        "writes lock an object for an hour, now one, now the other",
        acts=_in_turn(13.5, 31, _locked("deals"), _locked("contacts")) | _in_turn(14.5, 31, _locked(), _locked()),
    ),
    Habit(
        "logins fail and pass by themselves",
        acts=_in_turn(
            2.7,
            11,
            _login_fault("retry_your_request", 1),
            _login_fault("login_rate_exceeded", 1),
            _login_fault("retry_your_request", 3),
        ),
    ),
    Habit(
        "Salesforce has too many calls at once, and an edge before it or its status page none at all",
        acts=_in_turn(
            3.9,
            7,
            fault("salesforce", "concurrent_limit"),
            fault("salesforce", "edge_html"),
            fault("status", "edge_html", 3),
            fault("salesforce", "concurrent_limit", 2),
        ),
    ),
)

HEALTHY = (WORKING_HOURS, *HABITS)

QUIET_WEEKEND = Habit(
    "nobody works on the weekend",
    {"records_per_second": 30 / 3600},
    acts={SATURDAY - 6: _traffic(0), SATURDAY - 5.99: _unmapped("deals", 1), SATURDAY + 2: _unmapped("contacts", 1)},
)
"""Nothing is synced from Friday evening on, and a linked contact changes on Saturday at two."""

QUIET = (QUIET_WEEKEND, *(habit for habit in HABITS if habit is not UNMAPPED))
