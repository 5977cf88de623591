"""What healthy orgs of 2026 do that looks like trouble at first: the table of habits a simulated week is lived with.

A new one is a line in ``HABITS``: what of the simulated org is different from the start (``settings``, ``begin``), and
what happens at which hours of the week (``acts``, hours since Monday, midnight).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from exporter.demo.simulator.org import Org

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


def _trust(status: str | None) -> Act:
    return lambda org: org.set_trust(status)


def _traffic(records_an_hour: float) -> Act:
    return lambda org: setattr(org, "records_per_second", records_an_hour / 3600)


def _unmapped(object_type: str, count: int) -> Act:
    return lambda org: org.change_unmapped(object_type, count)


def _calls(app: str, calls: int) -> Act:
    return lambda org: org.use_api_calls(app, calls)


def _working_hours() -> Iterator[tuple[float, Act]]:
    """Few records change at night and on a weekend, many in the day."""
    for day in range(7):
        yield day * DAY + 7.01, _traffic(40 if day < 5 else NIGHT)
        yield day * DAY + 19.01, _traffic(NIGHT)


NIGHT = 12
"""Records an hour that change at night, by the forms of a website: three a round, so that something syncs every hour.
Where nothing does, SyncStale warns of changes that never sync, see ``QUIET_WEEKEND``."""

WORKING_HOURS = Habit("working hours", {"records_per_second": NIGHT / 3600}, acts=dict(_working_hours()))

HABITS: tuple[Habit, ...] = (
    Habit("another app calls every hour", acts={hour + 0.3: _calls("Data Loader", 500) for hour in range(WEEK)}),
    Habit(
        "maintenance on the weekend, and words nobody documents",
        acts={
            2 * DAY: _trust("INFORMATIONAL"),
            3 * DAY: _trust("INFORMATIONAL_NONCORE"),
            4 * DAY: _trust("MINOR_INCIDENT_CORE"),
            4 * DAY + 3: _trust("MAJOR_INCIDENT_NONCORE"),
            4 * DAY + 6: _trust("OK"),
            SATURDAY + 1: _trust("MAINTENANCE_CORE"),
            SATURDAY + 9: _trust("UNPLANNED_MAINTENANCE_CORE"),
            SATURDAY + 12: _trust("MAINTENANCE_NONCORE"),
            SUNDAY + 2: _trust(None),
            SUNDAY + 3: _trust("OK"),
        },
    ),
    Habit(
        "properties that are not mapped change day and night",
        acts={hour + 0.4: _unmapped(("contacts", "companies", "deals")[hour % 3], 2) for hour in range(0, WEEK, 4)},
    ),
    Habit("searches lag behind, and sync times are written late", {"search_lag": 60.0, "sync_written_late": 13.0}),
    Habit(
        "HubSpot's package is uninstalled, its permissions come from a set of the org's own",
        begin=lambda org: org.set_package(installed=False),
    ),
    Habit(
        "nine calls of ten name no app, and hourly log files are not licensed",
        {"event_log_nameless": 0.9, "event_log_without": frozenset({"Interval"})},
    ),
    Habit(
        "the token may not read companies",
        begin=lambda org: setattr(org, "objects_out_of_scope", frozenset({"companies"})),
    ),
)

QUIET_WEEKEND = Habit(
    "nobody works on the weekend",
    {"records_per_second": 30 / 3600},
    acts={SATURDAY - 6: _traffic(0), SATURDAY - 5.99: _unmapped("deals", 1), SATURDAY + 2: _unmapped("contacts", 1)},
)
"""Nothing is synced from Friday evening on, and a linked contact changes on Saturday at two."""
