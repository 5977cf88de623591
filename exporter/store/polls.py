"""The schedule of every source and what it last said."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from exporter.model import Failure, OrgUsage, PartState
from exporter.store.database import POSTGRESQL_NOW, Database
from exporter.store.tables import polls

# Built once, as building a statement takes longer than carrying it out: what is set comes with the parameters.
_OF_ROUND = sa.update(polls).where(
    polls.c.integration == sa.bindparam("its_integration"),
    polls.c.source == sa.bindparam("its_source"),
    polls.c.round == sa.bindparam("its_round"),
)

_NOBODY_IS_AT_IT = sa.or_(polls.c.busy_until.is_(None), polls.c.busy_until <= POSTGRESQL_NOW)
_LEASED = {"busy_until": POSTGRESQL_NOW + sa.bindparam("lease", type_=sa.Double)}


@dataclass(frozen=True, slots=True)
class PollRow:
    """One source of one integration as the store knows it; ``payload`` is the last good answer as JSON text,
    ``failures`` how many polls in a row have failed, wholly or in part, in a way that
    may pass. ``lease_left`` are the seconds that whoever began the newest poll may still take for it, below 0 if it
    is lost, ``None`` once it has ended, and where nobody shares the store."""

    integration: str
    source: str
    round: int
    due_at: float
    attempted_at: float | None = None
    failure: Failure | None = None
    succeeded_at: float | None = None
    payload: str | None = None
    usage: OrgUsage | None = None
    parts: tuple[PartState, ...] = ()
    failures: int = 0
    lease_left: float | None = None


class PollStore:
    """Reads and writes ``polls``; raises ``StoreError``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._first = database.insert_once(polls)
        self._next = _OF_ROUND
        left = sa.null() if database.single_process else polls.c.busy_until - POSTGRESQL_NOW
        self._rows = sa.select(polls, left.label("lease_left"))
        if self.shared:
            self._first = self._first.values(_LEASED)
            self._next = _OF_ROUND.where(_NOBODY_IS_AT_IT).values(_LEASED)

    @property
    def shared(self) -> bool:
        """Whether other processes may poll the same."""
        return not self._database.single_process

    async def all(self) -> tuple[PollRow, ...]:
        async with self._database.transaction() as connection:
            rows = (await connection.execute(self._rows)).mappings().all()
        return tuple(_poll_row(row) for row in rows)

    async def one(self, integration: str, source: str) -> PollRow | None:
        query = self._rows.where(polls.c.integration == integration, polls.c.source == source)
        async with self._database.transaction() as connection:
            row = (await connection.execute(query)).mappings().first()
        return _poll_row(row) if row else None

    async def begin(self, integration: str, source: str, seen_round: int, due_at: float, lease: float) -> bool:
        """Claims the poll after ``seen_round`` and commits when the next one is due, before anything is sent.

        So a process that dies in the middle does not poll again at its next start, unless it was the first poll, and of
        several replicas that have seen the same round one gets ``True``. Until it finishes, or ``lease`` seconds have
        passed, the others cannot begin the next one, however soon that is due.
        """
        claim: dict[str, Any] = {"round": seen_round + 1, "due_at": due_at}
        if self.shared:
            claim["lease"] = lease
        if seen_round:
            same = {"its_integration": integration, "its_source": source, "its_round": seen_round}
            done = await self._database.alone(self._next, same | claim, patient=True)
        else:
            target = {"integration": integration, "source": source}
            done = await self._database.alone(self._first, target | claim, patient=True)
        return done.rows == 1

    async def let_go(self, integration: str, source: str, round_: int, due_at: float) -> None:
        """Ends a poll that was broken off, and says when it is due again."""
        same = {"its_integration": integration, "its_source": source, "its_round": round_}
        await self._database.alone(_OF_ROUND, same | {"busy_until": None, "due_at": due_at})

    async def finish(self, row: PollRow) -> bool:
        """Writes the outcome of a poll; one that failed without a payload leaves the last good one as it is. ``False``
        if somebody has begun another since."""
        failure, usage = row.failure, row.usage
        values: dict[str, Any] = {
            "due_at": row.due_at,
            "busy_until": None,
            "attempted_at": row.attempted_at,
            "error_kind": failure.kind if failure else None,
            "error_code": failure.code if failure else None,
            "error_message": failure.message if failure else None,
            "parts": _parts_text(row.parts),
            "failures": row.failures,
        }
        if usage is not None:
            values |= {"usage_used": usage.used, "usage_limit": usage.limit, "usage_at": usage.observed_at}
        if failure is None:
            values |= {"succeeded_at": row.succeeded_at, "payload": row.payload}
        elif row.payload is not None:
            values |= {"payload": row.payload}
        same = {"its_integration": row.integration, "its_source": row.source, "its_round": row.round}
        return (await self._database.alone(_OF_ROUND, same | values, patient=True)).rows == 1


def _poll_row(row: Any) -> PollRow:
    failure = None
    if row["error_kind"] is not None:
        failure = Failure(row["error_kind"], row["error_code"], row["error_message"] or "")
    usage = None
    if row["usage_at"] is not None:
        usage = OrgUsage(int(row["usage_used"]), int(row["usage_limit"]), row["usage_at"])
    return PollRow(
        integration=row["integration"],
        source=row["source"],
        round=row["round"],
        due_at=row["due_at"],
        attempted_at=row["attempted_at"],
        failure=failure,
        succeeded_at=row["succeeded_at"],
        payload=row["payload"],
        usage=usage,
        parts=_parts(row["parts"]),
        failures=row["failures"] or 0,
        lease_left=row["lease_left"],
    )


def _parts_text(parts: tuple[PartState, ...]) -> str | None:
    return json.dumps([asdict(part) for part in parts]) if parts else None


def _parts(text: str | None) -> tuple[PartState, ...]:
    return tuple(
        PartState(part["name"], Failure(**part["failure"]) if part["failure"] else None)
        for part in json.loads(text or "[]")
    )


def payload_text(payload: Any) -> str:
    """JSON text of a payload, compact."""
    return json.dumps(payload, separators=(",", ":"))
