"""An alert that goes on firing may have a job for each repeat, and its start is a moment, not a text."""

from collections import Counter
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

KEY = ("integration", "fingerprint", "starts_at", "status", "action")
CONSTRAINT = "one_job_per_notification"


def upgrade() -> None:
    """Jobs that were made of one notification in two spellings of its start are numbered as repeats of each other.

    The column keeps its default: a replica of the version before goes on inserting without it until it is replaced.
    """
    with op.batch_alter_table("jobs") as table:
        table.add_column(sa.Column("repetition", sa.Integer, nullable=False, server_default="0"))
        table.drop_constraint(CONSTRAINT, type_="unique")
    _rewrite_starts(op.get_bind())
    with op.batch_alter_table("jobs") as table:
        table.create_unique_constraint(CONSTRAINT, [*KEY, "repetition"])


def _rewrite_starts(connection: sa.Connection) -> None:
    jobs = sa.table("jobs", sa.column("id"), sa.column("repetition"), *(sa.column(name) for name in KEY))
    numbers: Counter[tuple[str, ...]] = Counter()
    for row in connection.execute(sa.select(jobs).order_by(jobs.c.id)).mappings().all():
        start = _moment(row["starts_at"])
        same = tuple(start if name == "starts_at" else row[name] for name in KEY)
        if (start, numbers[same]) != (row["starts_at"], 0):
            changed = sa.update(jobs).where(jobs.c.id == row["id"])
            connection.execute(changed.values(starts_at=start, repetition=numbers[same]))
        numbers[same] += 1


def _moment(text: str) -> str:
    """As notifications are read from this version on; what is no time stays as it is."""
    try:
        moment = datetime.fromisoformat(text.strip().upper())
        if moment.tzinfo is None:
            return text
        return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
    except (ValueError, OverflowError):
        return text
