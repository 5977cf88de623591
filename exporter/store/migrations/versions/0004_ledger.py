"""The ledger: batches and notifications, attempts and proof of each record, plan, approval and fence of each job."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

NOTHING = sa.text("''")


def upgrade() -> None:
    """Every column has a default: a replica of the version before goes on inserting without it until it is replaced."""
    for column in (
        sa.Column("selected", sa.Text, nullable=False, server_default="[]"),
        sa.Column("request", sa.String(64), nullable=False, server_default=NOTHING),
        sa.Column("claims", sa.Integer, nullable=False, server_default="0"),
        sa.Column("cancelled", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("approved_at", sa.Double),
        sa.Column("planned_records", sa.Integer),
        sa.Column("planned_calls", sa.Integer),
        sa.Column("trial", sa.String(20), nullable=False, server_default=NOTHING),
        sa.Column("cleared", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("look_at", sa.Double),
        sa.Column("looks", sa.Integer, nullable=False, server_default="0"),
    ):
        op.add_column("jobs", column)
    for column in (
        sa.Column("category", sa.String(100), nullable=False, server_default=NOTHING),
        sa.Column("error_type", sa.String(100), nullable=False, server_default=NOTHING),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("earlier_attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("retry_at", sa.Double),
        sa.Column("batch", sa.Integer),
        sa.Column("proof", sa.String(20), nullable=False, server_default=NOTHING),
        sa.Column("proved_at", sa.Double),
    ):
        op.add_column("job_records", column)
    # What was resynced was asked for once, as far as anybody knows: it counts towards the maximum of a day.
    op.execute("UPDATE job_records SET attempts = 1 WHERE outcome IN ('sending', 'succeeded')")
    op.add_column("refusals", sa.Column("job_id", sa.Integer))
    op.create_table(
        "batches",
        sa.Column("job_id", sa.Integer, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("sent_at", sa.Double, nullable=False),
        sa.Column("ended_at", sa.Double),
        sa.Column("records", sa.Integer, nullable=False),
        sa.Column("succeeded", sa.Integer, nullable=False, server_default="0"),
        sa.Column("failed", sa.Integer, nullable=False, server_default="0"),
        sa.Column("fault", sa.Text, nullable=False, server_default=NOTHING),
    )
    op.create_table(
        "notifications",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("result", sa.String(20), nullable=False),
        sa.Column("receiver", sa.String(200), nullable=False),
        sa.Column("group_key", sa.String(500), nullable=False),
        sa.Column("alerts", sa.Integer, nullable=False),
        sa.Column("truncated", sa.Integer, nullable=False),
        sa.Column("jobs", sa.Integer, nullable=False),
        sa.Column("duplicates", sa.Integer, nullable=False),
        sa.Column("ignored", sa.Integer, nullable=False),
        sa.Column("refused", sa.Integer, nullable=False),
    )
    op.create_index("jobs_by_look", "jobs", ["look_at"])
    op.create_index("records_by_outcome", "job_records", ["integration", "outcome", "at"])
    op.create_index("refusals_by_job", "refusals", ["job_id"])
    op.create_index("refusals_by_time", "refusals", ["at"])
    op.create_index("notifications_by_time", "notifications", ["at"])
