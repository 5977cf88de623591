"""The tables. Times are seconds since the Unix epoch; JSON stands in text columns."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Double, Index, Integer, MetaData, String, Table, Text, UniqueConstraint

METADATA = MetaData()

polls = Table(
    "polls",
    METADATA,
    Column("integration", String(100), primary_key=True),
    Column("source", String(40), primary_key=True),
    # Grows by one with every poll begun: who begins a poll names the round it has seen, so only one can.
    Column("round", Integer, nullable=False),
    Column("due_at", Double, nullable=False),
    Column("attempted_at", Double),
    Column("error_kind", String(20)),
    Column("error_code", String(64)),
    Column("error_message", Text),
    Column("succeeded_at", Double),
    Column("payload", Text),
    Column("usage_used", Double),
    Column("usage_limit", Double),
    Column("usage_at", Double),
    Column("parts", Text),
    # Polls in a row that failed, wholly or in part: the pause before the next grows with them.
    Column("failures", Integer),
)

jobs = Table(
    "jobs",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("integration", String(100), nullable=False),
    Column("alert", String(200), nullable=False),
    Column("fingerprint", String(128), nullable=False),
    Column("starts_at", String(64), nullable=False),
    Column("status", String(20), nullable=False),
    Column("action", String(40), nullable=False),
    # 0 for the first notification of an occurrence, one more with every repeat that was a new order. Two replicas that
    # take the same repeat give it the same number, so only one of them makes the job.
    Column("repetition", Integer, nullable=False, server_default="0"),
    Column("errors", Text, nullable=False),
    Column("cooldown", Double, nullable=False),
    Column("max_attempts", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    # False until the records to resync have been listed: a job killed before that lists them again.
    Column("listed", Boolean, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("refused_for", String(40), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("not_before", Double, nullable=False),
    Column("lease_until", Double, nullable=False),
    Column("finished_at", Double),
    Column("message", Text, nullable=False),
    UniqueConstraint(
        *("integration", "fingerprint", "starts_at", "status", "action", "repetition"), name="one_job_per_notification"
    ),
    Index("jobs_by_state", "state", "not_before"),
)

job_records = Table(
    "job_records",
    METADATA,
    Column("job_id", Integer, primary_key=True),
    Column("error_id", String(500), primary_key=True),
    Column("integration", String(100), nullable=False),
    Column("record", String(500), nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Double, nullable=False),
    Index("attempts_by_record", "integration", "record", "at"),
)

refusals = Table(
    "refusals",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", Double, nullable=False),
    Column("integration", String(100), nullable=False),
    Column("alert", String(200), nullable=False),
    Column("reason", String(40), nullable=False),
    Column("detail", Text, nullable=False),
)

api_calls = Table(
    "api_calls",
    METADATA,
    Column("integration", String(100), primary_key=True),
    Column("minute", Integer, primary_key=True),
    Column("calls", Integer, nullable=False),
)

suspension_reports = Table(
    "suspension_reports",
    METADATA,
    Column("integration", String(100), primary_key=True),
    Column("suspended", Boolean, nullable=False),
    Column("reason", String(100)),
    Column("since", Double),
    Column("reported_at", Double, nullable=False),
)
