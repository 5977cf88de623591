"""A store as version 0001 of the tables left it, with jobs in it, and what must become of them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from exporter.store.database import Database
from exporter.store.job import NewJob, Occurrence
from exporter.store.tables import job_records, jobs

_STARTS = (
    ("f", "2026-11-26T10:00:00Z", "firing"),
    ("f", "2026-11-26T06:00:00-04:00", "firing"),
    ("f", "2026-11-26T10:00:00.000Z", "firing"),
    ("f", "2026-11-26T10:00:00.000Z", "resolved"),
    ("f", "2026-11-27T09:30:00.123456789+01:00", "firing"),
    ("g", "2026-11-26T10:00:00.5Z", "firing"),
    ("g", "yesterday", "firing"),
    ("g", "2026-11-26T10:00:00", "firing"),
)
"""Fingerprint, start and status of each job, as it was sent."""

EXPECTED = [
    (1, "f", "2026-11-26T10:00:00Z", "firing", 0, "done"),
    (2, "f", "2026-11-26T10:00:00Z", "firing", 1, "done"),
    (3, "f", "2026-11-26T10:00:00Z", "firing", 2, "done"),
    (4, "f", "2026-11-26T10:00:00Z", "resolved", 0, "done"),
    (5, "f", "2026-11-27T08:30:00Z", "firing", 0, "done"),
    (6, "g", "2026-11-26T10:00:00Z", "firing", 0, "done"),
    (7, "g", "yesterday", "firing", 0, "done"),
    (8, "g", "2026-11-26T10:00:00", "firing", 0, "queued"),
]
"""A job has the number of how many of the same occurrence are older."""

AGAIN = NewJob(
    Occurrence("acme", "f", "2026-11-26T10:00:00Z", "firing"),
    alert="HubSpotSalesforceSyncErrors",
    action="bridge",
    errors=frozenset({("other", "unknown")}),
    cooldown=60.0,
    max_attempts=3,
)
"""The same notification as the first three, once more."""


def migrate(connection: sa.Connection, version: str) -> None:
    """By the migrations alone, up to ``version``; ``head`` is the newest."""
    config = Config()
    config.set_main_option("script_location", "exporter.store:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, version)


def fill(connection: sa.Connection) -> None:
    """Makes the tables of that version, and rows in them; the last job has not ended."""
    migrate(connection, "0001")
    old = sa.table("jobs", *(sa.column(column.name) for column in jobs.c if column.name != "repetition"))
    for number, (fingerprint, start, status) in enumerate(_STARTS, 1):
        state = "queued" if number == len(_STARTS) else "done"
        connection.execute(sa.insert(old).values(_job(fingerprint, start, status, state)))
        record = {"job_id": number, "error_id": "e1", "integration": "acme", "record": "contacts/101"}
        connection.execute(sa.insert(job_records).values(**record, outcome="succeeded", reason="", at=101.0))


def _job(fingerprint: str, start: str, status: str, state: str) -> dict[str, Any]:
    return {
        "integration": "acme",
        "alert": "HubSpotSalesforceSyncErrors",
        "fingerprint": fingerprint,
        "starts_at": start,
        "status": status,
        "action": "bridge",
        "errors": '[["other", "unknown"]]',
        "cooldown": 60.0,
        "max_attempts": 3,
        "state": state,
        "listed": True,
        "failures": 0,
        "refused_for": "",
        "created_at": 100.0,
        "not_before": 100.0,
        "lease_until": 0.0,
        "message": "",
    }


async def rows_of(database: Database) -> list[tuple[Any, ...]]:
    names = ("id", "fingerprint", "starts_at", "status", "repetition", "state")
    async with database.transaction() as connection:
        rows = await connection.execute(sa.select(*(jobs.c[name] for name in names)).order_by(jobs.c.id))
        return [tuple(row) for row in rows]
