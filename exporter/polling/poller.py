"""Reads every source of every integration on its own schedule. Scrapes never come here."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Iterable, Sequence
from functools import partial

from exporter.clients.http import time_limit
from exporter.clock import Clock
from exporter.model import Failure
from exporter.polling.budget import Budget
from exporter.polling.entrance import Entrance
from exporter.polling.poll import read
from exporter.polling.rounds import Rounds
from exporter.polling.target import Key, Target
from exporter.polling.troubles import Troubles
from exporter.self_metrics import SelfMetrics
from exporter.state.snapshots import Snapshots
from exporter.store.polls import PollStore

POLL_DEADLINE = 30.0
"""Seconds after which a poll is given up, retries included."""

LEASE_BEYOND = 2.0
"""Seconds after the end of a poll before another replica may begin the next: what was sent last may be under way."""

AT_ONCE = 10.0
"""Seconds. What is overdue for longer is not so alone, and goes in as after a start."""


class Poller:
    """Owns the tasks. One a target, so there are never two polls of one source at a time; while it waits to be due
    there is none, only an alarm: of thousands of targets nearly all wait."""

    def __init__(
        self,
        targets: Iterable[Target],
        store: PollStore,
        snapshots: Snapshots,
        budget: Budget,
        metrics: SelfMetrics,
        clock: Clock,
        deadline: float = POLL_DEADLINE,
    ) -> None:
        self._targets = tuple(targets)
        self._by_org = _by_org(self._targets)
        self._rounds = Rounds(store, snapshots, clock)
        self._budget = budget
        self._metrics = metrics
        self._clock = clock
        self._deadline = deadline
        self._troubles = Troubles()
        self._entrance = Entrance()
        self._ready = False
        self._alarms: dict[Key, asyncio.Future[float]] = {}
        self._group: asyncio.TaskGroup | None = None
        self._tasks: dict[Target, asyncio.Task[None]] = {}

    @property
    def targets(self) -> tuple[Target, ...]:
        """What is polled."""
        return self._targets

    def due_at(self, target: Target) -> float:
        """When the target is polled next."""
        return self._rounds.due_at(target)

    def tried(self) -> bool:
        """Whether every source of every integration has been read, or tried, at least once."""
        return self._rounds.tried(self._targets)

    def ready(self) -> bool:
        """Whether every source has been read, or tried, at least once, but for those that are slow by nature.

        It stays so: while a reload brings another integration, nobody's webhook is turned away.
        """
        self._ready = self._ready or self._rounds.tried(target for target in self._targets if not target.slow)
        return self._ready

    async def restore(self) -> None:
        """Takes up schedule and last readings where the store left them."""
        await self._rounds.take_up(self._targets)

    async def reconfigure(self, targets: Iterable[Target]) -> None:
        """Follows these targets from now on. One that was followed before and has not changed goes on untouched."""
        wanted = dict.fromkeys(targets)
        followed_before = set(self._targets)
        await self._give_up([target for target in self._targets if target not in wanted])
        new = tuple(target for target in wanted if target not in followed_before)
        await self._rounds.take_up(new)
        self._targets = tuple(wanted)
        self._by_org = _by_org(self._targets)
        self._rounds.keep(self._targets)
        self._troubles.keep(self._targets)
        for target in new:
            self._wait(target, first=True)

    async def _give_up(self, dropped: Sequence[Target]) -> None:
        tasks = [self._tasks.pop(target) for target in dropped if target in self._tasks]
        for target in dropped:
            if target.key in self._alarms:
                self._alarms.pop(target.key).cancel()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def run(self) -> None:
        """Polls until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            for target in self._targets:
                self._wait(target, first=True)
            try:
                # Without targets there is nothing to wait for, and a reload may bring some.
                await asyncio.Event().wait()
            finally:
                self._group = None
                for alarm in self._alarms.values():
                    alarm.cancel()

    def _wait(self, target: Target, *, first: bool = False) -> None:
        """Until it is due."""
        if self._group is not None:
            self._alarms[target.key] = alarm = self._clock.alarm(self._rounds.seconds_left(target))
            # A reload may be asked for by a request, whose id is not that of all polls to come.
            alarm.add_done_callback(partial(self._wake, target, first), context=contextvars.Context())

    def _wake(self, target: Target, first: bool, alarm: asyncio.Future[float]) -> None:
        if alarm.cancelled() or self._group is None:
            return
        self._rounds.follow_clock(target, alarm.result())
        overdue = self._clock.time() - self.due_at(target)
        if overdue < 0:
            # It was seen meanwhile that another replica has polled it, or the clock was set.
            self._wait(target, first=first)
            return
        # Of a clock that was set forward, as of a machine that was suspended, all wake at once.
        first = first or overdue > AT_ONCE
        name = f"poll {target.integration} {target.source.name}"
        self._tasks[target] = self._group.create_task(self._follow(target, first), name=name)

    async def _follow(self, target: Target, first: bool) -> None:
        if not await (self._take_first_turn(target) if first else self.take_turn(target)):
            await self._follow_the_other(target)
        if self._tasks.pop(target, None) is not None:
            self._wait(target)

    async def _take_first_turn(self, target: Target) -> bool:
        async with self._entrance.place(target.source.name, slow=target.slow):
            return await self.take_turn(target)

    async def _follow_the_other(self, target: Target) -> None:
        """Another replica has only just begun; an interval is too long to wait for what it finds, or until it is seen
        that it never ended."""
        pause = min(self._deadline, target.interval / 2)
        await self._clock.sleep(pause)
        while (left := await self._rounds.look_again(target)) > 0:
            await self._clock.sleep(min(pause, left))

    def hasten(self, integration: str, source: str) -> None:
        """Polls a source now rather than when it is due, because something waits for it; at most once a minute."""
        key = integration, source
        if self._rounds.hasten(key):
            self._ring(key)

    async def take_turn(self, target: Target) -> bool:
        """What is done when a target is due: a poll, unless the org has been asked just now and this can wait, or an
        other is asked in its place. ``False`` as of ``poll``."""
        if target.source.fills_in or target.source.one_call:
            taker = await self._rounds.gives_way(target, [one for one in self._of_org(target) if one is not target])
            if taker is not target:
                if taker is not None:
                    self._ring(taker.key)
                return True
        return await self.poll(target)

    async def poll(self, target: Target) -> bool:
        """One poll: claim it, read, show, store. Whatever fails ends up in the reading and a counter.

        ``False`` if another replica has begun it, or may have since: nothing is sent once the deadline has passed, and
        what a process that stood still for longer has read is left to the others.
        """
        began, deadline = time_limit.now(), target.source.deadline or self._deadline
        claimed = await self._rounds.claim(target, deadline + LEASE_BEYOND)
        if claimed is None:
            return False
        with self._metrics.poll_duration(target.source.name):
            try:
                outcome = await read(target, claimed, self._budget, self._clock, deadline, began)
            except asyncio.CancelledError:
                await self._rounds.let_go(target, claimed)
                raise
        if await self._rounds.lost(target, time_limit.now() - began > deadline + LEASE_BEYOND):
            return False
        for error in (outcome.error, *outcome.missing.values()):
            if error is not None:
                self._metrics.source_error(*target.key, error.kind)
        self._troubles.tell(target, outcome)
        await self._rounds.finish(target, claimed, outcome)
        if outcome.error is None and claimed.failure is not None:
            self._bring_back_others(target, claimed.failure)
        return True

    def _bring_back_others(self, target: Target, refused: Failure) -> None:
        """A login that works again was every source's of that org: one that is read every six hours does not wait."""
        for other in self._of_org(target) if target.source.asks_salesforce else ():
            if self._rounds.bring_back(other, refused):
                self._ring(other.key)

    def _of_org(self, target: Target) -> Sequence[Target]:
        """What asks the same org."""
        return self._by_org.get(target.integration, ())

    def _ring(self, key: Key) -> None:
        alarm = self._alarms.get(key)
        if alarm is not None and not alarm.done():
            alarm.set_result(0.0)


def _by_org(targets: Iterable[Target]) -> dict[str, list[Target]]:
    """What asks each integration's org: looked for among all of thousands, it would take longer than the poll."""
    asking: dict[str, list[Target]] = {}
    for target in targets:
        if target.source.asks_salesforce:
            asking.setdefault(target.integration, []).append(target)
    return asking
