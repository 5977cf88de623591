"""Polls, jobs, their records, refusals, API calls spent, reported suspensions."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """The tables as of 0.1.0: written out, since ``tables.py`` moves on."""
    op.create_table(
        "polls",
        sa.Column("integration", sa.String(100), primary_key=True),
        sa.Column("source", sa.String(40), primary_key=True),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("due_at", sa.Double, nullable=False),
        sa.Column("attempted_at", sa.Double),
        sa.Column("error_kind", sa.String(20)),
        sa.Column("error_code", sa.String(64)),
        sa.Column("error_message", sa.Text),
        sa.Column("succeeded_at", sa.Double),
        sa.Column("payload", sa.Text),
        sa.Column("usage_used", sa.Double),
        sa.Column("usage_limit", sa.Double),
        sa.Column("usage_at", sa.Double),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("integration", sa.String(100), nullable=False),
        sa.Column("alert", sa.String(200), nullable=False),
        sa.Column("fingerprint", sa.String(128), nullable=False),
        sa.Column("starts_at", sa.String(64), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("errors", sa.Text, nullable=False),
        sa.Column("cooldown", sa.Double, nullable=False),
        sa.Column("max_attempts", sa.Integer, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("listed", sa.Boolean, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("refused_for", sa.String(40), nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("not_before", sa.Double, nullable=False),
        sa.Column("lease_until", sa.Double, nullable=False),
        sa.Column("finished_at", sa.Double),
        sa.Column("message", sa.Text, nullable=False),
        sa.UniqueConstraint(
            "integration", "fingerprint", "starts_at", "status", "action", name="one_job_per_notification"
        ),
    )
    op.create_index("jobs_by_state", "jobs", ["state", "not_before"])
    op.create_table(
        "job_records",
        sa.Column("job_id", sa.Integer, primary_key=True),
        sa.Column("error_id", sa.String(500), primary_key=True),
        sa.Column("integration", sa.String(100), nullable=False),
        sa.Column("record", sa.String(500), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.create_index("attempts_by_record", "job_records", ["integration", "record", "at"])
    op.create_table(
        "refusals",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("integration", sa.String(100), nullable=False),
        sa.Column("alert", sa.String(200), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    op.create_table(
        "api_calls",
        sa.Column("integration", sa.String(100), primary_key=True),
        sa.Column("minute", sa.Integer, primary_key=True),
        sa.Column("calls", sa.Integer, nullable=False),
    )
    op.create_table(
        "suspension_reports",
        sa.Column("integration", sa.String(100), primary_key=True),
        sa.Column("suspended", sa.Boolean, nullable=False),
        sa.Column("reason", sa.String(100)),
        sa.Column("since", sa.Double),
        sa.Column("reported_at", sa.Double, nullable=False),
    )
