"""The tables. Times are seconds since the Unix epoch; JSON stands in text columns."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

METADATA = MetaData()
NOTHING = text("''")

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
    # Until when the poll that was begun may go on, by the clock of PostgreSQL; NULL once it has ended.
    Column("busy_until", Double),
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
    # JSON list of error ids: only these of the pairs in `errors`; empty for all of them.
    Column("selected", Text, nullable=False, server_default="[]"),
    # Of what was ordered by request: a digest of the request, to tell its repetition from another under the same key.
    Column("request", String(64), nullable=False, server_default=NOTHING),
    # Grows by one with every claim. Who works on the job names the claim that it holds with all it writes, so that one
    # who was away for too long writes nothing more.
    Column("claims", Integer, nullable=False, server_default="0"),
    # Somebody wants it ended; who works on it ends it before its next batch.
    Column("cancelled", Boolean, nullable=False, server_default=false()),
    Column("approved_at", Double),
    # The plan: so many records were listed, and may cost so many Salesforce calls.
    Column("planned_records", Integer),
    Column("planned_calls", Integer),
    # `sent` once the first batches are to show whether they cure anything, `passed` once they have.
    Column("trial", String(20), nullable=False, server_default=NOTHING),
    # Whether the suspension has been cleared, for a job that does that first.
    Column("cleared", Boolean, nullable=False, server_default=false()),
    # When it is looked at next what the resyncs did, and how often that was done.
    Column("look_at", Double),
    Column("looks", Integer, nullable=False, server_default="0"),
    # Since when the suspension lasted whose alert made the job; NULL where nobody told, or it was none.
    Column("since", Double),
    # Of the HTTP request that made it: in the log lines of the job too.
    Column("request_id", String(64), nullable=False, server_default=NOTHING),
    UniqueConstraint(
        *("integration", "fingerprint", "starts_at", "status", "action", "repetition"), name="one_job_per_notification"
    ),
    Index("jobs_by_state", "state", "not_before"),
    Index("jobs_by_look", "look_at"),
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
    # When the outcome was recorded, or the record was marked as being sent, or listed.
    Column("at", Double, nullable=False),
    Column("category", String(100), nullable=False, server_default=NOTHING),
    Column("error_type", String(100), nullable=False, server_default=NOTHING),
    # Requests of this job that named it; and until when the next one waits after it was refused.
    Column("attempts", Integer, nullable=False, server_default="0"),
    # Those of other jobs in the 24 hours before.
    Column("earlier_attempts", Integer, nullable=False, server_default="0"),
    Column("retry_at", Double),
    Column("batch", Integer),
    # What was seen afterwards: cured, came_back or unchanged; empty until somebody has looked.
    Column("proof", String(20), nullable=False, server_default=NOTHING),
    Column("proved_at", Double),
    Index("attempts_by_record", "integration", "record", "at"),
    Index("records_by_outcome", "integration", "outcome", "at"),
)

batches = Table(
    "batches",
    METADATA,
    Column("job_id", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("sent_at", Double, nullable=False),
    # Without an end nobody recorded the answer; `fault` says what happened instead of one.
    Column("ended_at", Double),
    Column("records", Integer, nullable=False),
    Column("succeeded", Integer, nullable=False, server_default="0"),
    Column("failed", Integer, nullable=False, server_default="0"),
    Column("fault", Text, nullable=False, server_default=NOTHING),
)

notifications = Table(
    "notifications",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", Double, nullable=False),
    # As it was answered: accepted, duplicate or ignored.
    Column("result", String(20), nullable=False),
    Column("receiver", String(200), nullable=False),
    Column("group_key", String(500), nullable=False),
    Column("alerts", Integer, nullable=False),
    Column("truncated", Integer, nullable=False),
    Column("jobs", Integer, nullable=False),
    Column("duplicates", Integer, nullable=False),
    Column("ignored", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Index("notifications_by_time", "at"),
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
    # The job that met it; none for an alert that made no job.
    Column("job_id", Integer),
    Index("refusals_by_job", "job_id"),
    Index("refusals_by_time", "at"),
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

recoveries = Table(
    "recoveries",
    METADATA,
    Column("integration", String(100), primary_key=True),
    # Records synced again from then on, and were last seen to at that time.
    Column("first", Double, nullable=False),
    Column("at", Double, nullable=False),
    Column("detail", Text, nullable=False),
)

hubspot_paces = Table(
    "hubspot_paces",
    METADATA,
    # A hash of address, token and what is called: the token itself is never stored.
    Column("key", String(64), primary_key=True),
    # When the next call has its turn, by the clock of PostgreSQL.
    Column("free_at", Double, nullable=False),
)

exports = Table(
    "exports",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("integration", String(100), nullable=False),
    Column("category", String(40), nullable=False),
    # The file or upload, and by what it is known again.
    Column("name", String(255), nullable=False),
    Column("stamp", String(100), nullable=False),
    Column("as_of", Double, nullable=False),
    # When something was added last, or when it ceased to hold.
    Column("touched_at", Double, nullable=False),
    # `loading` until it has proved whole, `current` while it holds, then `old` until its rows are deleted.
    Column("state", String(10), nullable=False),
    Column("errors", Integer, nullable=False, server_default="0"),
    Column("odd", Integer, nullable=False, server_default="0"),
    # JSON object: errors and affected records by error type.
    Column("counts", Text, nullable=False, server_default=text("'{}'")),
    Index("exports_by_integration", "integration", "state"),
)

exported_errors = Table(
    "exported_errors",
    METADATA,
    Column("export_id", Integer, primary_key=True, autoincrement=False),
    # In the order of the file: what is appended makes SQLite write few pages.
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("error_type", String(100), nullable=False),
    # As the file has it, where the catalogue has no name for it.
    Column("stated_type", String(100)),
    Column("error_id", String(500), nullable=False),
    Column("record", String(500), nullable=False),
    Column("object_type", String(100)),
    Column("hubspot_id", String(100)),
    Column("salesforce_id", String(100)),
    Column("affected_records", Integer),
    Column("last_seen", String(64)),
    Column("details", Text),
    Index("exported_errors_by_type", "export_id", "error_type", "number"),
    sqlite_with_rowid=False,
)
