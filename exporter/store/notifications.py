"""Which notifications came, and what was made of each."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from exporter.store.tables import notifications

LONGEST_RECEIVER, LONGEST_GROUP_KEY = 200, 500


@dataclass(frozen=True, slots=True)
class NotificationRow:
    """A notification as it is listed: how many alerts it had, and what became of them."""

    at: float
    result: str
    receiver: str
    group_key: str
    alerts: int
    truncated: int
    jobs: int
    duplicates: int
    ignored: int
    refused: int


async def insert_notification(connection: AsyncConnection, row: NotificationRow) -> None:
    """As a part of somebody's transaction; names are cut, they may be anything."""
    cut = {"receiver": row.receiver[:LONGEST_RECEIVER], "group_key": row.group_key[:LONGEST_GROUP_KEY]}
    await connection.execute(sa.insert(notifications).values(asdict(row) | cut))
