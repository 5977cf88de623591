"""Reads every source of every integration on its own schedule. Scrapes never come here."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from exporter.clients.connection import Connection
from exporter.clock import Clock
from exporter.config.settings import Integration
from exporter.errors import InvalidAnswer, StoreError, UpstreamError, UpstreamTimeout
from exporter.model import Failure, Part
from exporter.polling import schedule
from exporter.polling.budget import Budget, pace
from exporter.self_metrics import SelfMetrics
from exporter.sources import SOURCES, Source
from exporter.state.facts import facts_of
from exporter.state.reading import Reading
from exporter.state.snapshots import Snapshots
from exporter.store.polls import PollRow, PollStore, payload_text

POLL_DEADLINE = 30.0
"""Seconds after which a poll is given up, retries included."""

HASTE_PAUSE = 60.0
"""Seconds after a poll in which nothing makes the next one come earlier: haste must not burn API calls."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Target:
    """One source of one integration."""

    integration: str
    source: Source
    interval: float
    connection: Connection


@dataclass(frozen=True, slots=True)
class _Outcome:
    payload: str | None
    part: Part | None
    error: UpstreamError | None


def targets_of(integrations: Iterable[Integration], connections: Mapping[str, Connection]) -> tuple[Target, ...]:
    """What there is to poll: every source that applies."""
    return tuple(
        Target(entry.name, source, entry.intervals[source.name], connections[entry.name])
        for entry in integrations
        for source in SOURCES
        if source.applies(entry)
    )


class Poller:
    """Owns the schedule. One task a target, so there are never two polls of one source at a time."""

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
        self._store = store
        self._snapshots = snapshots
        self._budget = budget
        self._metrics = metrics
        self._clock = clock
        self._deadline = deadline
        self._rows: dict[tuple[str, str], PollRow] = {}
        self._hastened: dict[tuple[str, str], asyncio.Event] = {}
        self._group: asyncio.TaskGroup | None = None
        self._tasks: dict[Target, asyncio.Task[None]] = {}

    async def restore(self) -> None:
        """Takes up schedule and last readings where the store left them."""
        await self._take_up(self._targets)

    async def reconfigure(self, targets: Iterable[Target]) -> None:
        """Follows these targets from now on. One that was followed before and has not changed goes on untouched."""
        wanted = dict.fromkeys(targets)
        for target in [old for old in self._tasks if old not in wanted]:
            self._tasks.pop(target).cancel()
        followed_before = set(self._targets)
        new = tuple(target for target in wanted if target not in followed_before)
        await self._take_up(new)
        self._targets = tuple(wanted)
        followed = {(target.integration, target.source.name) for target in wanted}
        self._rows = {key: row for key, row in self._rows.items() if key in followed}
        for target in new:
            self._start(target)

    async def _take_up(self, targets: Sequence[Target]) -> None:
        stored = {(row.integration, row.source): row for row in await self._store.all()}
        now = self._clock.time()
        for target in targets:
            key = (target.integration, target.source.name)
            row = stored.get(key)
            if row is None:
                due_at = schedule.first_due(now, target.interval, random.random(), len(targets))  # noqa: S311
                row = PollRow(*key, 0, due_at)
            else:
                due_at = schedule.resumed_due(row.due_at, now, target.interval, row.failure is not None)
                row = replace(row, due_at=due_at)
                self._publish(target, row, _stored_part(target, row))
            self._rows[key] = row

    async def run(self) -> None:
        """Polls until cancelled."""
        async with asyncio.TaskGroup() as self._group:
            for target in self._targets:
                self._start(target)
            # Without targets there is nothing to wait for, and a reload may bring some.
            await asyncio.Event().wait()

    def _start(self, target: Target) -> None:
        if self._group is not None:
            name = f"poll {target.integration} {target.source.name}"
            self._tasks[target] = self._group.create_task(self._follow(target), name=name)

    async def _follow(self, target: Target) -> None:
        while True:
            await self._until_due(target)
            if not await self.poll(target):
                # The other replica has only just begun; an interval is too long to wait for what it finds.
                await self._clock.sleep(min(self._deadline, target.interval / 2))
                await self._look_again(target)

    async def _until_due(self, target: Target) -> None:
        hastened = self._hastened.setdefault((target.integration, target.source.name), asyncio.Event())
        hastened.clear()
        sleeping = asyncio.ensure_future(self._clock.sleep(self.due_at(target) - self._clock.time()))
        waiting = asyncio.ensure_future(hastened.wait())
        try:
            await asyncio.wait((sleeping, waiting), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            waiting.cancel()

    def hasten(self, integration: str, source: str) -> None:
        """Polls a source now rather than when it is due, because something waits for it; at most once a minute."""
        row, now = self._rows.get((integration, source)), self._clock.time()
        if row is None or row.due_at <= now or now - (row.attempted_at or 0.0) < HASTE_PAUSE:
            return
        self._rows[integration, source] = replace(row, due_at=now)
        hastened = self._hastened.get((integration, source))
        if hastened is not None:
            hastened.set()

    @property
    def targets(self) -> tuple[Target, ...]:
        """What is polled."""
        return self._targets

    def due_at(self, target: Target) -> float:
        """When the target is polled next."""
        return self._rows[target.integration, target.source.name].due_at

    def tried(self) -> bool:
        """Whether every source of every integration has been read, or tried, at least once."""
        return all(row.attempted_at is not None for row in self._rows.values())

    async def poll(self, target: Target) -> bool:
        """One poll: claim it, fetch, parse, publish, store. Whatever fails ends up in the reading and a counter.

        ``False`` if another replica has begun it.
        """
        started_at = self._clock.time()
        row = await self._begin(target, started_at)
        if row is None:
            return False
        with self._metrics.poll_duration(target.source.name):
            outcome = await self._read(target, row)
        row = self._outcome_row(target, row, outcome)
        self._rows[row.integration, row.source] = row
        self._publish(target, row, outcome.part)
        if outcome.error is not None:
            self._metrics.source_error(target.integration, target.source.name, outcome.error.kind)
            log.warning("poll failed", **_names(target), kind=outcome.error.kind, error=str(outcome.error))
        try:
            await self._store.finish(row)
        except StoreError as error:
            log.error("poll not stored", **_names(target), error=str(error))
        return True

    async def _begin(self, target: Target, started_at: float) -> PollRow | None:
        """The row of the poll that begins now, ``None`` if another replica has begun it."""
        seen = self._rows[target.integration, target.source.name]
        interval = target.interval * self._pace(target)
        due_at = schedule.next_due(started_at, interval, random.random())  # noqa: S311
        try:
            claimed = await self._store.begin(seen.integration, seen.source, seen.round, due_at)
            if not claimed:
                await self._adopt(target, seen)
                return None
        except StoreError as error:
            # A store that is away must not blind the on-call engineer: the schedule in memory still holds. The round
            # stays as it was seen, for nothing was claimed.
            log.error("poll not claimed", **_names(target), error=str(error))
            return replace(seen, due_at=due_at)
        return replace(seen, round=seen.round + 1, due_at=due_at)

    async def _adopt(self, target: Target, seen: PollRow) -> None:
        """Another replica polls this target: show what it read, wait until its next poll is due."""
        row = await self._store.one(target.integration, target.source.name)
        if row is None:
            # The store lost it: the next round is the first again.
            self._rows[seen.integration, seen.source] = replace(seen, round=0)
        elif (row.attempted_at or 0.0) < (seen.attempted_at or 0.0):
            # What we know is newer: the store was away when we read it.
            self._rows[seen.integration, seen.source] = replace(seen, round=row.round, due_at=row.due_at)
        else:
            self._rows[row.integration, row.source] = row
            self._publish(target, row, _stored_part(target, row))

    async def _look_again(self, target: Target) -> None:
        try:
            await self._adopt(target, self._rows[target.integration, target.source.name])
        except StoreError as error:
            log.error("poll of another replica not seen", **_names(target), error=str(error))

    def _pace(self, target: Target) -> float:
        if not target.source.asks_salesforce:
            return 1.0
        return pace(facts_of(self._snapshots[target.integration], self._clock.time()))

    async def _read(self, target: Target, row: PollRow) -> _Outcome:
        try:
            async with asyncio.timeout(self._deadline):
                if target.source.asks_salesforce:
                    await self._budget.check(target.integration, target.source.budget_share)
                previous = json.loads(row.payload) if row.payload is not None else None
                payload = await target.source.fetch(target.connection, previous)
            return _Outcome(payload_text(payload), target.source.parse(payload, self._clock.time()), None)
        except UpstreamError as error:
            return _Outcome(None, None, error)
        except TimeoutError:
            return _Outcome(None, None, UpstreamTimeout(f"not finished within {self._deadline:g} s"))
        except Exception as error:  # a bug in one source must not stop the others
            log.exception("bug in source", **_names(target))
            return _Outcome(None, None, InvalidAnswer(f"bug in source: {type(error).__name__}"))

    def _outcome_row(self, target: Target, row: PollRow, outcome: _Outcome) -> PollRow:
        now, error = self._clock.time(), outcome.error
        usage = target.connection.org_usage if target.source.asks_salesforce else None
        row = replace(row, attempted_at=now, usage=usage or row.usage)
        if error is not None:
            failure = Failure(error.kind, error.code, str(error))
            due_at = schedule.postponed_due(row.due_at, now, error.retry_after)
            return replace(row, failure=failure, due_at=due_at)
        return replace(row, failure=None, payload=outcome.payload, succeeded_at=now)

    def _publish(self, target: Target, row: PollRow, part: Part | None) -> None:
        if row.attempted_at is None:
            return
        old = self._snapshots[target.integration].reading(target.source.name)
        reading = Reading(
            source=target.source.name,
            interval=target.interval,
            attempted_at=row.attempted_at,
            failure=row.failure,
            part=part or (old.part if old else None),
            succeeded_at=row.succeeded_at,
            header_usage=row.usage,
        )
        self._snapshots.put(target.integration, reading)


def _stored_part(target: Target, row: PollRow) -> Part | None:
    """The last good payload, parsed again; ``None`` if there is none or this version no longer accepts it."""
    if row.payload is None:
        return None
    try:
        return target.source.parse(json.loads(row.payload), row.succeeded_at or 0.0)
    except (UpstreamError, ValueError) as error:
        log.warning("stored payload not used", **_names(target), error=str(error))
    except Exception:  # a bug in one source must not keep the others from starting
        log.exception("bug in source", **_names(target))
    return None


def _names(target: Target) -> dict[str, str]:
    return {"integration": target.integration, "source": target.source.name}
