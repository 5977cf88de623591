"""The book of rounds: which poll of each target comes next, whose it is, and what the last one read.

The store numbers the rounds, so that of several replicas one polls and the others take over what it read; this book
is the same in memory, and holds while the store is away. What is entered here is what is shown.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import structlog

from exporter.clock import Clock
from exporter.errors import AuthError, BudgetExceeded, ConnectError, InvalidAnswer, StoreError
from exporter.model import Failure, Part
from exporter.polling import schedule
from exporter.polling.budget import SLOWER, pace
from exporter.polling.outcome import Outcome, reading_of, row_after
from exporter.polling.poll import stored_part
from exporter.polling.target import Key, Target
from exporter.state.facts import facts_of, org_use_told_until
from exporter.state.reading import Reading
from exporter.state.snapshots import Snapshots
from exporter.store.polls import PollRow, PollStore

_MENDED_BY_SOMEBODY = frozenset({AuthError.kind, InvalidAnswer.kind, ConnectError.kind, BudgetExceeded.kind})

LET_GO_SECONDS = 2.0
"""A process that ends does not wait longer for a store."""

log = structlog.get_logger(__name__)


class Absence:
    """For how long the store has been away. After a standstill of this process nobody knows: it begins anew."""

    def __init__(self) -> None:
        self._seen: tuple[float, float] | None = None

    def seconds(self, now: float) -> float:
        """It is away ``now``; every poll that is due sees that again, half a minute later at most."""
        since, last = self._seen or (now, now)
        if not 0 <= now - last <= 2 * schedule.ALONE_AFTER:
            since = now
        self._seen = since, now
        return now - since

    def over(self) -> None:
        """It answers."""
        self._seen = None


class Rounds:
    """One row a target."""

    def __init__(self, store: PollStore, snapshots: Snapshots, clock: Clock) -> None:
        self._store = store
        self._snapshots = snapshots
        self._clock = clock
        self._away = Absence()
        self._rows: dict[Key, PollRow] = {}

    async def take_up(self, targets: Sequence[Target]) -> None:
        """Goes on with these targets where the store left them; raises ``StoreError``."""
        stored = {(row.integration, row.source): row for row in await self._store.all()}
        now = self._clock.time()
        kept: defaultdict[str, list[tuple[Target, PollRow]]] = defaultdict(list)
        for target in targets:
            row = stored.get(target.key)
            chance = random.random()  # noqa: S311
            soon = schedule.first_due(now, target.interval, chance, slow=target.slow)
            if row is None:
                due_at = soon
                self._rows[target.key] = PollRow(*target.key, 0, due_at)
            else:
                due_at = schedule.resumed_due(row.due_at, now, target.interval, _may_have_to_wait(row))
                if row.attempted_at is None:
                    # Begun and never ended, so nothing is known of it: it is not waited for until it is due again.
                    due_at = min(due_at, soon)
                if _waits_for_somebody(target, row):
                    due_at = schedule.mended_due(due_at, row.attempted_at or 0.0, soon)
                due_at = schedule.taken_over_due(due_at, now, row.lease_left)
                row = replace(row, due_at=due_at)
                self._rows[target.key] = row
                kept[target.integration].append((target, row))
        for integration, rows in kept.items():
            self._snapshots.put_stored(integration, partial(_readings, rows))

    def keep(self, targets: Collection[Target]) -> None:
        """Forgets all but these."""
        keys = {target.key for target in targets}
        self._rows = {key: row for key, row in self._rows.items() if key in keys}

    def due_at(self, target: Target) -> float:
        """When the target is polled next."""
        return self._rows[target.key].due_at

    def seconds_left(self, target: Target) -> float:
        """Until it is polled next. What was under way when the clock was set back is due an age later by that clock."""
        row, now = self._rows[target.key], self._clock.time()
        due_at, waits = row.due_at, _may_have_to_wait(row)
        if schedule.resumed_due(due_at, now, target.interval, waits) < due_at:
            # Only then it matters whether the org is short of calls, which takes longer to say than all the rest.
            due_at = schedule.resumed_due(due_at, now, self._interval(target), waits)
        if due_at < row.due_at:
            self._rows[target.key] = replace(row, due_at=due_at)
        return due_at - now

    def follow_clock(self, target: Target, step: float) -> None:
        """The clock was set by so many seconds. Back: everything is due as long from now as before. Forward: what
        would have been polled meanwhile is due, as what it said last is as old as the clock says."""
        if step < 0:
            row = self._rows[target.key]
            self._rows[target.key] = replace(row, due_at=row.due_at + step)

    def tried(self, targets: Iterable[Target]) -> bool:
        """Whether each of these has been read, or tried, at least once."""
        return all(self._rows[target.key].attempted_at is not None for target in targets)

    def hasten(self, key: Key) -> bool:
        """Makes a target due now; ``False`` where it is due already, was polled just now, or is not known. One that
        failed is tried again when it may be: the API may have asked for a pause."""
        row, now = self._rows.get(key), self._clock.time()
        if row is None or row.failure is not None or not schedule.may_hasten(row.due_at, row.attempted_at, now):
            return False
        self._rows[key] = replace(row, due_at=now)
        return True

    def bring_back(self, target: Target, refused: Failure) -> bool:
        """Makes a target due that waits for somebody because of the same refusal as another's, which is over."""
        row = self._rows[target.key]
        failure = row.failure
        if failure is None or (failure.kind, failure.code) != (refused.kind, refused.code):
            return False
        if not _waits_for_somebody(target, row):
            return False
        due_at = schedule.mended_due(row.due_at, row.attempted_at or 0.0, self._clock.time())
        self._rows[target.key] = replace(row, due_at=due_at)
        return due_at < row.due_at

    async def gives_way(self, target: Target, others: Sequence[Target]) -> Target | None:
        """Who is polled now that a target is due whose org these ask too: itself; an other that is due soon, in its
        place; or ``None``, as the org has been asked just now: then the target is due later.

        So every call is worth as much as it can be: the org's usage is told all the time, and hardly ever twice.
        """
        filler = next((one for one in (target, *others) if one.source.fills_in), None)
        row, now = self._rows[target.key], self._clock.time()
        if filler is None or row.attempted_at is None or row.failures or not _may_wait(target, filler):
            return target
        for other in others if self._store.shared else ():
            await self.look_again(other)
        turn, chance = self._interval(filler), random.random()  # noqa: S311
        usage_at = org_use_told_until(self._snapshots[target.integration], now) or 0.0
        latest = schedule.latest_turn(row.attempted_at, self._interval(target), turn, fills_in=target is filler)
        if schedule.turn_due(usage_at, latest, turn, 0.0) > now:
            self._rows[target.key] = replace(row, due_at=schedule.turn_due(usage_at, latest, turn, chance))
            return None
        return self._stand_in(target, others, now, turn) if target is filler and now < latest else target

    def _stand_in(self, filler: Target, others: Sequence[Target], now: float, turn: float) -> Target:
        """Who is polled in the place of a target that fills in: what is due before it has its turn again, or itself."""
        for other in sorted(others, key=self.due_at):
            soon = other.source.one_call and schedule.may_come_first(self.due_at(other), now, turn)
            if soon and self.hasten(other.key):
                self._rows[filler.key] = replace(self._rows[filler.key], due_at=now + schedule.STANDS_BY)
                return other
        return filler

    async def claim(self, target: Target, lease: float) -> PollRow | None:
        """The row of the poll that begins now, ``None`` if another replica has begun it: then it has ``lease``
        seconds."""
        seen, now = self._rows[target.key], self._clock.time()
        jitter = schedule.FILLS_IN_JITTER if target.source.fills_in else schedule.JITTER
        due_at = schedule.next_due(now, self._interval(target), random.random(), jitter)  # noqa: S311
        try:
            if seen.lease_left is not None:
                # Another replica was at it when we looked last. It may have ended since, and the next is not due yet.
                seen = await self._adopt(target, seen)
                if seen.due_at > self._clock.time():
                    return None
            begun = await self._store.begin(seen.integration, seen.source, seen.round, due_at, lease)
            self._away.over()
            if begun:
                return replace(seen, round=seen.round + 1, due_at=due_at, lease_left=None)
            await self._adopt(target, seen)
        except StoreError as error:
            # A store that is away must not blind the on-call engineer: the schedule in memory still holds. The round
            # stays as it was seen, for nothing was claimed.
            log.debug("poll not claimed", **target.names, error=str(error))
            away = self._away.seconds(now)
            if not self._store.shared or schedule.due_alone(seen.due_at, now, target.interval, away):
                return replace(seen, due_at=due_at)
        return None

    async def look_again(self, target: Target) -> float:
        """Takes over what the other replica has read since; for how many seconds it may still be at it."""
        try:
            row = await self._adopt(target, self._rows[target.key])
        except StoreError as error:
            log.debug("poll of another replica not seen", **target.names, error=str(error))
            return 0.0
        return row.lease_left or 0.0

    async def lost(self, target: Target, late: bool) -> bool:
        """Whether others may have begun the next poll, since this one took longer than it may."""
        if not late or not self._store.shared:
            return False
        log.warning("poll dropped: this process stood still, and others may have gone on", **target.names)
        await self.look_again(target)
        return True

    async def let_go(self, target: Target, claimed: PollRow) -> None:
        """A claimed poll was broken off: another replica need not wait."""
        if not self._store.shared:
            return
        try:
            async with asyncio.timeout(LET_GO_SECONDS):
                await self._store.let_go(*target.key, claimed.round, self._clock.time())
        except (StoreError, TimeoutError) as error:
            log.warning("poll not let go", **target.names, error=str(error))

    async def finish(self, target: Target, claimed: PollRow, outcome: Outcome) -> None:
        """Shows how a claimed poll ended, and stores it."""
        row = row_after(claimed, outcome, target.usage, self._clock.time())
        self._enter(target, row, outcome.part)
        try:
            if not await self._store.finish(row) and self._store.shared:
                await self._adopt(target, row)
        except StoreError as error:
            log.debug("poll not stored", **target.names, error=str(error))

    async def _adopt(self, target: Target, seen: PollRow) -> PollRow:
        """Another replica polls this target: show what it read, wait until its next poll is due, or until it is clear
        that it never ended this one."""
        row = await self._store.one(*target.key)
        if row is None:
            # The store lost it: the next round is the first again.
            self._rows[target.key] = replace(seen, round=0, lease_left=None)
            return self._rows[target.key]
        row = replace(row, due_at=schedule.taken_over_due(row.due_at, self._clock.time(), row.lease_left))
        if (row.attempted_at or 0.0) < (seen.attempted_at or 0.0):
            # What we know is newer: the store was away when we read it.
            self._rows[target.key] = replace(seen, round=row.round, due_at=row.due_at, lease_left=row.lease_left)
        else:
            self._enter(target, row, stored_part(target, row))
        return self._rows[target.key]

    def _enter(self, target: Target, row: PollRow, part: Part | None) -> None:
        # A payload that nobody builds on is in the store, and a poll that fails leaves it there as it is.
        self._rows[target.key] = row if target.source.builds_on_before else replace(row, payload=None)
        shown = self._snapshots[target.integration].reading(target.source.name)
        reading = reading_of(target, row, part, shown)
        if reading is not None:
            self._snapshots.put(target.integration, reading)

    def _interval(self, target: Target) -> float:
        """What the target's interval is while its org is short of calls, or is not."""
        if not target.source.asks_salesforce:
            return target.interval
        return target.interval * pace(facts_of(self._snapshots[target.integration], self._clock.time()))


def _readings(rows: Iterable[tuple[Target, PollRow]]) -> Iterator[Reading]:
    """What these rows say; nothing where nobody has tried."""
    for target, row in rows:
        if (reading := reading_of(target, row, stored_part(target, row), None)) is not None:
            yield reading


def _may_wait(target: Target, filler: Target) -> bool:
    """Whether a target may wait for a turn of the one that fills in: one that is to be polled as often may not."""
    return target is filler or target.interval >= schedule.MAY_WAIT * filler.interval


def _may_have_to_wait(row: PollRow) -> bool:
    """Whether the last poll, or a part of it, may have been asked for a pause. A missing permission asks for none."""
    return row.failure is not None or any(part.failure and part.failure.kind != AuthError.kind for part in row.parts)


def _waits_for_somebody(target: Target, row: PollRow) -> bool:
    """Whether the last poll failed until somebody changes something, which a restart, a reload or another source that
    works again may be the sign of."""
    if row.failure is None or row.failure.kind not in _MENDED_BY_SOMEBODY or row.attempted_at is None:
        return False
    # Whether its org was short of calls when the poll began nobody has kept.
    paces = (1.0, SLOWER) if target.source.asks_salesforce else (1.0,)
    return any(schedule.waits_its_turn(row.due_at, row.attempted_at, target.interval * factor) for factor in paces)
