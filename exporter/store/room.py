"""Whether a server has room for more.

On a full disk it takes some writes still: those that fit into what its tables have already. So the write that changes
nothing, by which it is otherwise seen whether it takes any, says nothing of the others.
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa

from exporter.store.tables import recoveries

DISK_FULL = "53100"
"""As PostgreSQL calls it."""

_BYTES = 8_192
"""Of noise, which cannot be packed: more than one page of a table, so there is no place for it already. This table is
one that hardly anybody writes to: there are no gaps in it."""


def take_room(connection: sa.Connection) -> None:
    """As a part of somebody's transaction: takes new room, and gives it back."""
    row = {"integration": "", "first": 0.0, "at": 0.0, "detail": secrets.token_hex(_BYTES)}
    connection.execute(sa.insert(recoveries).values(row))
    connection.execute(sa.delete(recoveries).where(recoveries.c.integration == ""))


def lacks_room(error: BaseException | None) -> bool:
    """Whether it is of a server whose disk is full."""
    return getattr(error, "sqlstate", None) == DISK_FULL
