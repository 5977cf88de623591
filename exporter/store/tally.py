"""How the records of jobs stand: counted where they are, only the counts are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from exporter.store.batches import FAILED, PENDING, SENDING, SUCCEEDED
from exporter.store.tables import job_records
from exporter.store.transaction import Transaction

OUTCOMES = (PENDING, SENDING, SUCCEEDED, FAILED)
PROOFS = ("cured", "came_back", "unchanged")

MOST_REASONS = 5
"""Of a job, with the number of its records; every record has its own in the store."""

LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Tally:
    """The records of a job by outcome and by proof, so many of them accepted and not looked at yet; why records failed,
    and how many each, the most frequent first."""

    records: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    proof: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PROOFS, 0))
    unproved: int = 0
    failed_for: dict[str, int] = field(default_factory=dict)


async def tallies(connection: Transaction, job_ids: Sequence[int]) -> dict[int, Tally]:
    """Of each job that has records."""
    counts = await _counts(connection, job_ids)
    reasons = await _reasons(connection, job_ids)
    return {job_id: _tally(counted, reasons.get(job_id, {})) for job_id, counted in counts.items()}


def _tally(counted: dict[tuple[str, str], int], failed_for: dict[str, int]) -> Tally:
    records, proof = dict.fromkeys(OUTCOMES, 0), dict.fromkeys(PROOFS, 0)
    for (outcome, seen), count in counted.items():
        records[outcome] += count
        if seen:
            proof[seen] += count
    return Tally(records, proof, counted.get((SUCCEEDED, ""), 0), failed_for)


async def _counts(connection: Transaction, job_ids: Sequence[int]) -> dict[int, dict[tuple[str, str], int]]:
    group = (job_records.c.job_id, job_records.c.outcome, job_records.c.proof)
    query = sa.select(*group, sa.func.count()).where(job_records.c.job_id.in_(job_ids)).group_by(*group)
    found: dict[int, dict[tuple[str, str], int]] = {}
    for job_id, outcome, proof, count in await connection.execute(query):
        found.setdefault(job_id, {})[outcome, proof] = count
    return found


async def _reasons(connection: Transaction, job_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Only the first of each job leave the database: every record may have failed for a reason of its own."""
    # Written out: PostgreSQL takes an expression with parameters for another one each time.
    reason = sa.func.substr(job_records.c.reason, sa.literal_column("1"), sa.literal_column(str(LONGEST_REASON)))
    count = sa.func.count()
    rank = sa.func.row_number().over(partition_by=job_records.c.job_id, order_by=(count.desc(), reason))
    ranked = (
        sa.select(job_records.c.job_id, reason.label("reason"), count.label("records"), rank.label("rank"))
        .where(job_records.c.job_id.in_(job_ids), job_records.c.outcome == FAILED)
        .group_by(job_records.c.job_id, reason)
        .subquery()
    )
    query = sa.select(ranked).where(ranked.c.rank <= MOST_REASONS).order_by(ranked.c.job_id, ranked.c.rank)
    found: dict[int, dict[str, int]] = {}
    for row in await connection.execute(query):
        found.setdefault(row.job_id, {})[row.reason] = row.records
    return found
