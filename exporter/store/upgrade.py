"""Brings a store to the tables of this version.

Alembic, which takes longer to import than the rest of the store together, is needed only by a store of an older
version: a new one gets the tables as ``tables`` has them, one that is up to date nothing.
"""

from __future__ import annotations

from importlib import resources

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from exporter.errors import StoreError
from exporter.store.tables import METADATA

NEWEST = "0010"
"""The last of ``migrations/versions``."""

REMEDY = "it is damaged, or another program's; restore a copy of it, or begin with an empty one"
"""For what is no store."""

NEWER = "it was written by a newer version"
"""Whose tables this one does not know."""

_LOCK = 0x48535845
"""Any number that nobody else in the same database uses."""

_MARK = sa.Table(
    "alembic_version",
    sa.MetaData(),
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""Alembic's own table, as Alembic makes it."""

TOUCH = _MARK.update().values(version_num=_MARK.c.version_num)
"""A write that changes nothing: whether the store takes one is seen by no other means."""


def is_up_to_date(connection: Connection) -> bool:
    """Whether there is nothing to do; waits for nobody who is at it. Raises ``StoreError`` for a newer version's."""
    return sa.inspect(connection).has_table(_MARK.name) and _versions(connection) == [NEWEST]


def _versions(connection: Connection) -> list[str]:
    versions = list(connection.scalars(sa.select(_MARK.c.version_num)))
    for version in versions:
        if version > NEWEST:
            raise StoreError(
                f"store: {NEWER} (its tables are {version}, here {NEWEST} is the last): run that version, or restore a "
                "copy of the store from before"
            )
    return versions


def bring_up_to_date(connection: Connection) -> None:
    """Within the transaction of ``connection``; raises ``StoreError`` for a store of a newer version."""
    if connection.dialect.name == "postgresql":
        # Replicas that start together migrate one after the other; the lock ends with the transaction.
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    tables = set(sa.inspect(connection).get_table_names())
    versions = _versions(connection) if _MARK.name in tables else []
    ours = sorted(tables.intersection(METADATA.tables))
    if versions:
        if versions != [NEWEST]:
            _migrate(connection)
    elif ours:
        raise StoreError(f"store: it has a table {ours[0]} and does not say of which version: {REMEDY}")
    else:
        METADATA.create_all(connection)
        _MARK.create(connection, checkfirst=True)
        connection.execute(_MARK.insert().values(version_num=NEWEST))


def _migrate(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(resources.files("exporter.store") / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
