"""The course of the rounds: when one begins, what is awaited, when it is looked for, and how it ends. Pure.

::

    idle → written → synced | late | failed → (the way back: idle → written → …) → idle

One round at a time: the next begins an interval after the last began, and not before that has ended; so one that is
late takes the place of those that its deadline is longer than. What is under way is in the payload: whoever polls next,
after a restart or on another replica, goes on with it. A process that is killed between writing and storing leaves a
time on the record that no course knows: the next poll finds it there and takes it for its own (``adopts``).

A time of arrival that a record itself tells lets a look be late: a round that nobody watched for hours is judged by
when its time arrived, not by when that was seen. Of several clocks ours decides: an arrival lies between the last look
that did not find it and the one that did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from exporter.sources.probe.tally import FAILED, LATE, SYNCED, Tally

TO_SALESFORCE, TO_HUBSPOT = "to_salesforce", "to_hubspot"

MOST_QUERIES = 4
"""Salesforce queries in a round, the one that checks the record among them."""

MOST_CHECKS = 2
"""Of them, to find that the records are the configured ones."""

MOST_HINTS = 2
"""Of them, because HubSpot says that the record was synced: it may have been the other direction."""

LOOK_EVERY = 60.0
SHARE_OF_DEADLINE = 20.0
"""Seconds between two looks at HubSpot, which cost no Salesforce call; so many of them in a deadline at least."""

WITHOUT_HINTS = (0.25, 0.5)
"""Parts of the deadline at which Salesforce is asked where HubSpot's records do not say when they were synced."""

GIVEN_UP_AFTER = 600.0
"""Seconds after which a round that cannot be begun has failed."""

ASKED_AGAIN_AFTER = 0.25
"""Part of the deadline after which Salesforce is asked again once it was asked in vain at the deadline."""

HELD_FOR = 0.15
"""Part of the deadline for which a call waits at most for the turn that it takes."""

BEFORE_TURN = 5.0
"""Seconds before it: then it comes first."""

SLACK = 60.0
"""Seconds by which HubSpot's clock may differ from ours."""

IDLE = 600.0
"""Seconds after which it is said that nothing is to be done: a source that is silent for longer looks stale."""

BACK_IN_TIME = 300.0
"""Seconds by which a clock may be set back before a round that lies ahead is no round any more."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the configuration says: seconds, and whether it goes back too. ``turn``: seconds without a call after which
    the org is asked in any case, whatever for; 0 where nobody does that."""

    interval: float
    deadline: float
    back: bool = False
    turn: float = 0.0

    @property
    def look_every(self) -> float:
        """Seconds."""
        return max(1.0, min(LOOK_EVERY, self.deadline / SHARE_OF_DEADLINE))


@dataclass(frozen=True, slots=True)
class Leg:
    """A round in one direction. ``value`` is the time that is awaited; ``written_at`` is when it was written, ``None``
    as long as it may not have been. ``missed_at``: when it was last looked for and not there; ``hint_at``: the newest
    time of a sync that was followed; ``failures``: looks at the end that were not answered."""

    direction: str
    value: int | None = None
    written_at: float | None = None
    missed_at: float | None = None
    hint_at: float | None = None
    hints: int = 0
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Course:
    """``leg`` is under way since ``began_at``, or nothing is; the next round begins at ``due_at``. ``queries`` are
    those of this round; ``trying_since`` is when its beginning failed first; ``checked_at``: when the records were last
    found to be the configured ones; ``value``: the last that was written to HubSpot; ``answered_at``: when Salesforce
    last answered."""

    tallies: Mapping[str, Tally]
    due_at: float
    leg: Leg | None = None
    began_at: float = 0.0
    queries: int = 0
    trying_since: float | None = None
    checked_at: float | None = None
    value: int | None = None
    answered_at: float | None = None


def is_due(course: Course, plan: Plan, now: float) -> bool:
    """Whether a round begins. A clock that was set back does not make it wait for longer than an interval."""
    loose = min(plan.look_every, 0.1 * plan.interval)
    return course.leg is None and (now >= course.due_at - loose or course.due_at > now + plan.interval + BACK_IN_TIME)


def adopts(course: Course, plan: Plan, shown: float | None, now: float) -> bool:
    """Whether the time on the HubSpot record is of a round that was written and never noted."""
    known = -1 if course.value is None else course.value
    return shown is not None and known + 1 < shown <= now and now - shown < min(plan.interval, plan.deadline)


def began(course: Course, value: int, written_at: float, synced_at: float | None) -> Course:
    """The time is written to HubSpot, whose record was synced last at ``synced_at`` before: that is no hint."""
    leg = Leg(TO_SALESFORCE, value, written_at, hint_at=synced_at)
    return replace(course, leg=leg, began_at=written_at, trying_since=None, value=value)


def not_begun(course: Course, plan: Plan, now: float, passes: bool) -> Course:
    """A round could not be begun; one that is tried in vain for long, or that does not pass by itself, has failed."""
    since = _tried_since(course, now)
    if passes and now - since < GIVEN_UP_AFTER and course.queries < MOST_CHECKS:
        return replace(course, trying_since=since)
    failed = _noted(replace(course, checked_at=None), TO_SALESFORCE, FAILED, None, now)
    return _over(failed, plan, now, began_at=now)


def asked(course: Course) -> Course:
    """A Salesforce query is about to be sent."""
    return replace(course, queries=course.queries + 1)


def may_ask(course: Course) -> bool:
    """Whether the round may still ask Salesforce."""
    return course.queries < MOST_QUERIES


def is_over(leg: Leg, plan: Plan, now: float) -> bool:
    """Whether its deadline has passed."""
    return leg.written_at is not None and now >= leg.written_at + plan.deadline


def wants_salesforce(course: Course, plan: Plan, now: float, hint: float | None, hints: bool) -> bool:
    """Whether it is worth asking Salesforce: HubSpot says it has synced the record since (``hint``), or the deadline
    has passed, or a part of it where HubSpot's records have no such time (``hints``)."""
    leg = course.leg
    if leg is None or leg.written_at is None or not may_ask(course):
        return False
    waited = now - leg.written_at
    if not is_over(leg, plan, now) and course.queries >= MOST_QUERIES - 1:
        return False  # the last is for the deadline
    if waited >= plan.deadline * (1 + ASKED_AGAIN_AFTER * leg.failures):
        return True
    if hints:
        news = hint is not None and hint >= leg.written_at - SLACK and (leg.hint_at is None or hint > leg.hint_at)
        return news and leg.hints < MOST_HINTS
    return leg.hints < len(WITHOUT_HINTS) and waited >= plan.deadline * WITHOUT_HINTS[leg.hints]


def wait_for_turn(course: Course, plan: Plan, now: float, since: float, called_at: float | None) -> float:
    """Seconds for which a call to Salesforce that is worth it ``since`` then waits, so that it is the one that the
    org's turn wants anyway, ``plan.turn`` seconds after the one at ``called_at``: one call instead of two. When a time
    arrived the records themselves tell. Nobody waits for long, beyond the deadline, or unless all is well: else
    somebody wants to know."""
    leg = course.leg
    if leg is not None and is_over(leg, plan, now):
        return 0.0
    if called_at is None or called_at > now or any(tally.success is not True for tally in course.tallies.values()):
        return 0.0
    return max(0.0, min(called_at + plan.turn - BEFORE_TURN, since + HELD_FOR * plan.deadline) - now)


def followed(course: Course, plan: Plan, hint: float | None, now: float) -> Course:
    """What it was asked because of is used up."""
    leg = course.leg
    if leg is None or is_over(leg, plan, now):
        return course
    return replace(course, leg=replace(leg, hint_at=hint, hints=leg.hints + 1))


def found(course: Course, plan: Plan, arrived_at: float | None, now: float) -> Course:
    """The time is there, since ``arrived_at`` by the record's own account."""
    leg = course.leg
    if leg is None or leg.written_at is None:
        return course
    earliest = leg.written_at if leg.missed_at is None else max(leg.written_at, leg.missed_at)
    moment = now if arrived_at is None else arrived_at
    seconds = max(0.0, min(max(moment, earliest), now) - leg.written_at)
    return _next(_noted(course, leg.direction, SYNCED if seconds <= plan.deadline else LATE, seconds, now), plan, now)


def missing(course: Course, plan: Plan, now: float) -> Course:
    """The time is not there; after the deadline that is how the round ends."""
    leg = course.leg
    if leg is None or leg.written_at is None:
        return course
    if is_over(leg, plan, now):
        return _next(_noted(course, leg.direction, LATE, now - leg.written_at, now), plan, now)
    return replace(course, leg=replace(leg, missed_at=now))


def not_answered(course: Course, plan: Plan, now: float) -> Course:
    """It could not be looked for. Nobody knows then, so a round for which that goes on has failed."""
    leg = course.leg
    if leg is None:
        return course
    if leg.written_at is None:
        since = _tried_since(course, now)
        if now - since < GIVEN_UP_AFTER:
            return replace(course, trying_since=since)
        return _failed(course, plan, now)
    if not is_over(leg, plan, now):
        return course
    course = replace(course, leg=replace(leg, failures=leg.failures + 1))
    spent = leg.direction == TO_SALESFORCE and not may_ask(course)
    return _failed(course, plan, now) if spent or now >= leg.written_at + 2 * plan.deadline else course


def checked_for_time(course: Course, plan: Plan, now: float) -> Course:
    """A round that lies ahead of the clock, which was set back, cannot be judged."""
    leg = course.leg
    ahead = leg is not None and leg.written_at is not None and leg.written_at > now + BACK_IN_TIME
    return _failed(course, plan, now) if ahead else course


def given_up(course: Course, plan: Plan, now: float) -> Course:
    """What does not pass by itself ends a round that cannot be carried on."""
    return replace(_failed(course, plan, now), checked_at=None)


def sent_back(course: Course, value: int, at: float, answered: bool) -> Course:
    """The time is about to be written to Salesforce, or was: of a write without an answer nobody knows."""
    leg = course.leg
    if leg is None:
        return course
    since = None if answered else course.trying_since
    return replace(course, leg=replace(leg, value=value, written_at=at if answered else None), trying_since=since)


def next_look(course: Course, plan: Plan, now: float) -> float:
    """Seconds until there is something to do."""
    leg = course.leg
    if leg is None:
        return min(max(0.0, course.due_at - now), IDLE)
    if leg.written_at is None:
        return 0.0
    end = leg.written_at + plan.deadline
    return min(plan.look_every, end - now) if now < end else plan.look_every


def _tried_since(course: Course, now: float) -> float:
    """Since when it is tried in vain; a clock that was set back begins anew."""
    return now if course.trying_since is None or course.trying_since > now else course.trying_since


def _failed(course: Course, plan: Plan, now: float) -> Course:
    leg = course.leg
    if leg is None:
        return course
    return _over(_noted(course, leg.direction, FAILED, None, now), plan, now, course.began_at)


def _noted(course: Course, direction: str, outcome: str, seconds: float | None, now: float) -> Course:
    tally = course.tallies[direction].after(outcome, seconds, now)
    return replace(course, tallies={**course.tallies, direction: tally})


def _next(course: Course, plan: Plan, now: float) -> Course:
    leg = course.leg
    if plan.back and leg is not None and leg.direction == TO_SALESFORCE:
        return replace(course, leg=Leg(TO_HUBSPOT), trying_since=None)
    return _over(course, plan, now, course.began_at)


def _over(course: Course, plan: Plan, now: float, began_at: float) -> Course:
    """Nothing is under way."""
    due_at = max(now, began_at + plan.interval)
    return replace(course, leg=None, due_at=due_at, queries=0, trying_since=None)
