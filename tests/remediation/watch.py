"""Somebody who watches what is sent, knows the guards by heart, and says which one a request has passed.

What the exporter knows of an integration is what its last polls could see; nothing here asks the exporter for it.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from exporter.catalog.catalog import CATALOG
from exporter.demo.simulator.world import World
from exporter.model import SyncError
from exporter.remediation.actions import Pair
from exporter.remediation.waiting import WHOLE_FOR
from exporter.store.job import Job
from tests.clocks import ManualClock

BATCH = 4
TRIAL = 2 * BATCH
"""Records of a job that goes on only once it is seen that its first two batches have cured something."""

MAX_RECORDS = 20
ALLOCATED, ORG_LIMIT = 120, 500
MOST_USED, MOST_OF_ORG = 0.75 * ALLOCATED, 0.9 * ORG_LIMIT
CALLS = 4
DAY = 86_400.0
HEALTH_GOOD_FOR, LIMITS_GOOD_FOR = 3 * 60.0, 3 * 300.0
"""Three of the intervals in which Sync Health and the org's limits are read."""

Found = Sequence[tuple[str, str, Pair]]
"""Error id, record and pair of each error that was listed."""


@dataclass
class Request:
    """One request that left: ``accepted`` of its errors were resynced, whether or not anybody heard so; ``answered``:
    what was heard of it is in the store, and not only with a process that died."""

    at: float
    integration: str
    job: int
    records: Mapping[str, str]
    accepted: frozenset[str] = frozenset()
    answered: bool = False

    def counts(self, error_id: str) -> bool:
        """Whether it was an attempt: a request that was not carried out is none if nobody heard of it either."""
        return self.answered or error_id in self.accepted


@dataclass(frozen=True)
class Seen:
    """What the last polls have seen; ``readable``: Sync Health could be read the last time."""

    readable: bool = False
    suspended: bool = True
    used: int = 0
    health_at: float = 0.0
    org_used: int = 0
    limits_at: float = 0.0


@dataclass
class Watch:
    """``broken`` are the guards that were passed, each with what passed it."""

    clock: ManualClock
    world: World
    store: Path
    verify_after: float
    broken: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    seen: dict[str, Seen] = field(default_factory=lambda: defaultdict(Seen))
    approved: set[int] = field(default_factory=set)
    planned: dict[int, tuple[int, int]] = field(default_factory=dict)
    """By job how many records were listed, of how many errors there were."""

    _found: dict[str, Found] = field(default_factory=dict)
    _record_of: dict[tuple[str, str], tuple[str, Pair]] = field(default_factory=dict)
    _gone: dict[tuple[int, str], float] = field(default_factory=dict)
    _at_work: set[str] = field(default_factory=set)

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        with contextlib.closing(sqlite3.connect(self.store)) as connection:
            connection.row_factory = sqlite3.Row
            return connection.execute(query, values).fetchall()

    # What the exporter can know.

    def polled(self, name: str, readable: bool, used: int, org_used: int) -> None:
        """``used`` are the calls just before the poll: it may have seen more."""
        before, now, org = self.seen[name], self.clock.time(), self.world.orgs[name]
        if readable:
            self.seen[name] = Seen(True, org.suspension is not None, used, now, org_used, now)
        else:
            self.seen[name] = Seen(False, before.suspended, before.used, before.health_at, org_used, now)

    def found(self, name: str, pairs: Iterable[Pair], selected: Collection[str], errors: Sequence[SyncError]) -> None:
        """The list of errors was read."""
        self._found[name] = found = [(error.id, error.record, _pair(error)) for error in errors]
        self._record_of |= {(name, error_id): (record, pair) for error_id, record, pair in found}
        wanted = frozenset(pairs)
        there = [
            error.id
            for error in self.world.orgs[name].errors.page(None, None, None, 10_000)
            if (error.category, error.error_type) in wanted and (not selected or error.id in selected)
        ]
        if sorted(there) != sorted(error_id for error_id, _record, _pair_of in found):
            self.broken.append(f"{name}: there are {there}, found {found}")
        if not selected:
            self._note_what_is_gone(name, wanted, found)

    def _note_what_is_gone(self, name: str, wanted: frozenset[Pair], found: Found) -> None:
        ids, kinds = {one[0] for one in found}, {one[1:] for one in found}
        for request in self.requests:
            for error_id in request.accepted if request.integration == name else ():
                record, pair = self._record_of[name, error_id]
                if pair in wanted and error_id not in ids and (record, pair) not in kinds:
                    self._gone[request.job, error_id] = self.clock.time()

    def listed(self, job: Job, planned: int) -> None:
        """The plan of a job is in the store: of what was found last."""
        self.planned[job.id] = planned, len(self._found[job.integration])

    # What is sent.

    def heard(self, job: Job) -> None:
        """What was answered to the newest request of a job was recorded."""
        next(each for each in reversed(self.requests) if each.job == job.id).answered = True

    @contextlib.contextmanager
    def sending(self, job: Job, error_ids: Sequence[str]) -> Iterator[Request]:
        """Looks at every guard, then at what becomes of the request."""
        name, now = job.integration, self.clock.time()
        records = {each: self._record_of[name, each][0] for each in error_ids}
        request = Request(now, name, job.id, records)
        passed = [*self._gate(request, job), *self._records(request, job), *self._job(request)]
        if name in self._at_work:
            passed.append("two jobs of one integration at once")
        self.broken += [f"job {job.id}, {sorted(records)}: {each}" for each in passed]
        self.requests.append(request)
        self._at_work.add(name)
        try:
            yield request
        finally:
            self._at_work.discard(name)

    def _gate(self, request: Request, job: Job) -> Iterator[str]:
        seen, now = self.seen[request.integration], request.at
        if not seen.readable or now - seen.health_at > HEALTH_GOOD_FOR:
            yield "whether it is suspended is not known"
        elif seen.suspended:
            yield "suspended"
        one_by_one = any(each.job == request.job for each in self.requests) or now - job.waits_since >= WHOLE_FOR
        records = len(request.records) if one_by_one else self._left(request.job)
        if self._used(request.integration, seen.used, seen.health_at) + CALLS * records > MOST_USED:
            yield f"the share of the allocation, with {seen.used} used and {records} records"
        fresh = now - seen.limits_at < LIMITS_GOOD_FOR
        if fresh and self._used(request.integration, seen.org_used, seen.limits_at) + CALLS * records > MOST_OF_ORG:
            yield f"the reserve of the org, with {seen.org_used} used and {records} records"

    def _used(self, name: str, used: int, since: float) -> int:
        sent = (each for each in self.requests if each.integration == name and each.at >= since)
        return used + CALLS * sum(len(each.accepted) for each in sent)

    def _left(self, job: int) -> int:
        query = "SELECT count(*) FROM job_records WHERE job_id = ? AND outcome IN ('pending', 'sending')"
        return int(self.rows(query, job)[0][0])

    def _records(self, request: Request, job: Job) -> Iterator[str]:
        if len(request.records) > BATCH:
            yield "more records than a request may name"
        earlier = [each for each in self.requests if each.integration == request.integration]
        for error_id, record in request.records.items():
            resynced = [each.at for each in earlier for one in each.accepted if each.records[one] == record]
            if resynced and request.at - max(resynced) < job.cooldown:
                yield f"{record} was resynced {request.at - max(resynced)} seconds ago"
            attempts = [
                each.at
                for each in earlier
                for one, named in each.records.items()
                if named == record and each.at > request.at - DAY and self._is_attempt(each, one, job)
            ]
            if len(attempts) >= job.max_attempts:
                yield f"{record} was asked for {len(attempts)} times in a day"
            mine = [each for each in earlier if each.job == request.job and error_id in each.records]
            if any(error_id in each.accepted for each in mine):
                yield f"{error_id} was accepted before"

    def _is_attempt(self, earlier: Request, error_id: str, job: Job) -> bool:
        """Of a job whose cause is gone, what other jobs were refused before is none."""
        mended = job.status != "firing" and earlier.job != job.id
        return error_id in earlier.accepted if mended else earlier.counts(error_id)

    def _job(self, request: Request) -> Iterator[str]:
        rows = int(self.rows("SELECT count(*) FROM job_records WHERE job_id = ?", request.job)[0][0])
        if rows > MAX_RECORDS and request.job not in self.approved:
            yield f"{rows} records without approval"
        mine = [each for each in self.requests if each.job == request.job]
        if rows > TRIAL and len(mine) == TRIAL // BATCH:
            due = min((each.at for each in mine), default=request.at) + self.verify_after
            if not any(job == request.job and at >= due for (job, _error), at in self._gone.items()):
                yield "nothing of the first batches is seen to be cured"


def _pair(error: SyncError) -> Pair:
    return CATALOG.classify(error.category, error.error_type)
