"""The course of the rounds, whatever happens in whatever order."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.sources.probe import course as courses
from exporter.sources.probe.course import MOST_QUERIES, TO_HUBSPOT, TO_SALESFORCE, Course, Plan
from exporter.sources.probe.tally import Latencies, Tally, bounds_for
from tests.examples import examples

PLAN = Plan(interval=1800.0, deadline=3600.0, back=True)
NONE = Tally(Latencies.none(bounds_for(PLAN.deadline)))
FRESH = Course({TO_SALESFORCE: NONE, TO_HUBSPOT: NONE}, due_at=0.0)
EVENTS = ("arrives", "is lost", "salesforce down", "hubspot down", "refused", "hint", "stands still", "killed")


@dataclass
class World:
    """Steps through rounds as ``Run`` does, on the pure functions alone, with what an event makes of the answers."""

    now: float = 1_000_000.0
    course: Course = FRESH
    queries: int = 0
    writes: list[float] = field(default_factory=list)

    def step(self, event: str) -> None:
        before = self.course
        self.course = courses.checked_for_time(self.course, PLAN, self.now)
        leg = self.course.leg
        if leg is None:
            self._begin(event)
        elif leg.written_at is None:
            self._send_back(event)
        elif leg.direction == TO_HUBSPOT:
            self._look(event, event == "hubspot down")
        else:
            hint = self.now if event == "hint" else None
            if courses.is_over(leg, PLAN, self.now) and not courses.may_ask(self.course):
                self.course = courses.not_answered(self.course, PLAN, self.now)
            elif courses.wants_salesforce(self.course, PLAN, self.now, hint, hints=True):
                self.course = courses.asked(courses.followed(self.course, PLAN, hint, self.now))
                assert self.course.queries <= MOST_QUERIES
                self._look(event, event == "salesforce down")
        if event == "killed":
            self.course = before  # what the step has found was never stored

    def _begin(self, event: str) -> None:
        if courses.is_due(self.course, PLAN, self.now):
            if event in ("hubspot down", "refused"):
                self.course = courses.not_begun(self.course, PLAN, self.now, event == "hubspot down")
                return
            written = self.writes[-1] if self.writes else None
            if written is not None and courses.adopts(self.course, PLAN, written, self.now):
                self.course = courses.began(self.course, int(written), written, None)
            else:
                self.writes.append(float(int(self.now)))
                self.course = courses.began(self.course, int(self.now), self.now, None)

    def _send_back(self, event: str) -> None:
        answered = event != "salesforce down"
        self.course = courses.sent_back(self.course, int(self.now), self.now, answered)
        if event == "refused":
            self.course = courses.given_up(self.course, PLAN, self.now)
        elif not answered:
            self.course = courses.not_answered(self.course, PLAN, self.now)

    def _look(self, event: str, down: bool) -> None:
        if down:
            self.course = courses.not_answered(self.course, PLAN, self.now)
        elif event == "arrives":
            self.course = courses.found(self.course, PLAN, self.now - 5.0, self.now)
        else:
            self.course = courses.missing(self.course, PLAN, self.now)

    @property
    def ended(self) -> int:
        return sum(sum(tally.rounds.values()) for tally in self.course.tallies.values())


@given(st.lists(st.tuples(st.sampled_from(EVENTS), st.floats(-7200, 14_400)), max_size=40))
@settings(max_examples=examples(400))
def test_no_round_hangs_and_none_asks_too_often(events: list[tuple[str, float]]) -> None:
    """Whatever happened before, clocks set back among it: once all is well a round ends within its deadlines, and the
    next begins an interval later."""
    world = World()
    for event, pause in events:
        world.now = max(1.0, world.now + pause)
        ended = world.ended
        world.step(event)
        # Two where a clock that was set back ends one round, and the next cannot be begun.
        assert world.ended - ended <= (2 if pause < 0 else 1)
        for tally in world.course.tallies.values():
            told = tally.rounds["synced"] + tally.rounds["late"]
            assert sum(tally.latencies.counts) == told
    ended, since = world.ended, world.now
    while world.ended < ended + 3:
        world.now += max(1.0, courses.next_look(world.course, PLAN, world.now))
        world.step("arrives")
        assert world.now - since < 4 * PLAN.deadline + 3 * PLAN.interval + courses.IDLE


def test_an_arrival_lies_between_the_looks_around_it() -> None:
    """Another clock may say otherwise: a record is never modified before it was looked at in vain, or after now."""
    course = courses.began(FRESH, 1000, 1000.0, None)
    missed = courses.missing(course, PLAN, 1300.0)
    for told, seconds in ((900.0, 300.0), (1400.0, 400.0), (9999.0, 500.0), (None, 500.0)):
        ended = courses.found(missed, PLAN, told, 1500.0)
        assert ended.tallies[TO_SALESFORCE].latencies.total == seconds


def test_what_arrived_at_the_deadline_is_in_time() -> None:
    """A second later it is not."""
    course = courses.began(FRESH, 1000, 1000.0, None)
    for moment, outcome in ((4600.0, "synced"), (4601.0, "late")):
        ended = courses.found(course, PLAN, moment, 9000.0)
        assert ended.tallies[TO_SALESFORCE].rounds[outcome] == 1


def test_an_old_time_on_the_record_is_no_round() -> None:
    """Nor is one that lies ahead, or the last one again."""
    course = courses.began(FRESH, 1000, 1000.0, None)
    assert courses.adopts(FRESH, PLAN, 990.0, 1000.0)
    assert not courses.adopts(FRESH, PLAN, 1000.0 - PLAN.interval, 1000.0)
    assert not courses.adopts(FRESH, PLAN, 1001.0, 1000.0)
    assert not courses.adopts(course, PLAN, 1000.0, 1100.0)
    assert not courses.adopts(FRESH, PLAN, None, 1000.0)


WELL = {name: NONE.after("synced", 900.0, 500.0) for name in (TO_SALESFORCE, TO_HUBSPOT)}
TURNS = Plan(interval=1800.0, deadline=3600.0, back=True, turn=345.0)


def test_a_call_that_can_wait_takes_the_turn_of_the_org() -> None:
    """A moment before it; but no longer than a part of the deadline, and not at the deadline itself."""
    course = courses.began(Course(WELL, due_at=0.0), 1000, 1000.0, None)
    assert courses.wait_for_turn(course, TURNS, 2000.0, 1990.0, called_at=1900.0) == 1900.0 + 345.0 - 5.0 - 2000.0
    assert courses.wait_for_turn(course, TURNS, 2000.0, 1470.0, called_at=1900.0) == 1470.0 + 540.0 - 2000.0
    assert courses.wait_for_turn(course, TURNS, 2000.0, 1990.0, called_at=1650.0) == 0.0
    assert courses.wait_for_turn(course, TURNS, 4600.0, 4590.0, called_at=4590.0) == 0.0


def test_nobody_waits_for_a_turn_where_something_is_late_or_nothing_is_known() -> None:
    """Nor where no turns are taken, or nobody knows when the org was called last."""
    for tallies in (WELL | {TO_HUBSPOT: NONE.after("late", 3600.0, 500.0)}, WELL | {TO_SALESFORCE: NONE}):
        course = courses.began(Course(tallies, due_at=0.0), 1000, 1000.0, None)
        assert courses.wait_for_turn(course, TURNS, 2000.0, 1990.0, called_at=1990.0) == 0.0
    course = courses.began(Course(WELL, due_at=0.0), 1000, 1000.0, None)
    assert courses.wait_for_turn(course, PLAN, 2000.0, 1990.0, called_at=1990.0) == 0.0
    assert courses.wait_for_turn(course, TURNS, 2000.0, 1990.0, called_at=None) == 0.0
