"""The schedule of every source and what it last said."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from exporter.model import Failure, OrgUsage
from exporter.store.database import Database
from exporter.store.tables import polls


@dataclass(frozen=True, slots=True)
class PollRow:
    """One source of one integration as the store knows it; ``payload`` is the last good answer as JSON text."""

    integration: str
    source: str
    round: int
    due_at: float
    attempted_at: float | None = None
    failure: Failure | None = None
    succeeded_at: float | None = None
    payload: str | None = None
    usage: OrgUsage | None = None


class PollStore:
    """Reads and writes ``polls``; raises ``StoreError``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> tuple[PollRow, ...]:
        async with self._database.transaction() as connection:
            rows = (await connection.execute(sa.select(polls))).mappings().all()
        return tuple(_poll_row(row) for row in rows)

    async def one(self, integration: str, source: str) -> PollRow | None:
        query = sa.select(polls).where(polls.c.integration == integration, polls.c.source == source)
        async with self._database.transaction() as connection:
            row = (await connection.execute(query)).mappings().first()
        return _poll_row(row) if row else None

    async def begin(self, integration: str, source: str, seen_round: int, due_at: float) -> bool:
        """Claims the poll after ``seen_round`` and commits when the next one is due, before anything is sent.

        So a process that dies in the middle does not poll again at its next start, and of several replicas that have
        seen the same round one gets ``True``.
        """
        key = {"integration": integration, "source": source}
        first = self._database.insert_once(polls).values(**key, round=seen_round + 1, due_at=due_at)
        later = (
            sa.update(polls)
            .where(polls.c.integration == integration, polls.c.source == source, polls.c.round == seen_round)
            .values(round=seen_round + 1, due_at=due_at)
        )
        async with self._database.transaction() as connection:
            result = await connection.execute(later if seen_round else first)
        return int(result.rowcount) == 1

    async def finish(self, row: PollRow) -> None:
        """Writes the outcome of a poll; one that failed leaves the last good payload as it is."""
        failure, usage = row.failure, row.usage
        values: dict[str, Any] = {
            "due_at": row.due_at,
            "attempted_at": row.attempted_at,
            "error_kind": failure.kind if failure else None,
            "error_code": failure.code if failure else None,
            "error_message": failure.message if failure else None,
        }
        if usage is not None:
            values |= {"usage_used": usage.used, "usage_limit": usage.limit, "usage_at": usage.observed_at}
        if failure is None:
            values |= {"succeeded_at": row.succeeded_at, "payload": row.payload}
        update = sa.update(polls).where(
            polls.c.integration == row.integration, polls.c.source == row.source, polls.c.round == row.round
        )
        async with self._database.transaction() as connection:
            await connection.execute(update.values(**values))


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
    )


def payload_text(payload: Any) -> str:
    """JSON text of a payload, compact."""
    return json.dumps(payload, separators=(",", ":"))
