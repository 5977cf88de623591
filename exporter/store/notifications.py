"""Which notifications came, and what was made of each."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from exporter.store.tables import notifications

LONGEST_RECEIVER, LONGEST_GROUP_KEY = 200, 500


@dataclass(frozen=True, slots=True)
class NotificationRow:
    """A notification as it is listed: how many alerts it had, and what became of them."""

    at: float
    receiver: str
    group_key: str
    alerts: int
    truncated: int
    jobs: int
    duplicates: int
    ignored: int
    refused: int

    @property
    def result(self) -> str:
        """As it is answered."""
        return result_of(self.jobs, self.duplicates)

    def with_jobs(self, jobs: int, duplicates: int) -> NotificationRow:
        """The same once it is known how many jobs were made; so many more alerts turned out to have theirs."""
        return replace(self, jobs=jobs, duplicates=self.duplicates + duplicates)


def result_of(jobs: int, duplicates: int) -> str:
    """A value of ``webhook_notifications_total{result}``."""
    return "accepted" if jobs else "duplicate" if duplicates else "ignored"


def insert_notification(connection: Connection, row: NotificationRow) -> None:
    """As a part of somebody's transaction; names are cut, they may be anything."""
    cut = {"receiver": row.receiver[:LONGEST_RECEIVER], "group_key": row.group_key[:LONGEST_GROUP_KEY]}
    connection.execute(sa.insert(notifications).values(asdict(row) | cut | {"result": row.result}))
