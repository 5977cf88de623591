"""Exported sync errors, by integration and category: those that hold, and those that are being read."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from exporter.exports.loading import Export, Labelled, Origin, TypeCount
from exporter.model import SyncError
from exporter.store.database import Database
from exporter.store.tables import exported_errors, exports

LOADING, CURRENT, OLD = "loading", "current", "old"

LEFT_AFTER = 900.0
"""Seconds after which an export that nobody has added to is one that its process has left behind."""
KEPT_FOR = 120.0
"""Seconds that an export which does not hold any more is kept for those who are in the middle of listing it."""
KEPT_LONGEST = 31 * 86400.0
"""Seconds that the records of an export are kept, whatever is configured: longer than it can be good for."""
_SWEPT = 5_000
"""Rows deleted in one transaction."""
_SWEEPS = 40

_COLUMNS = ("id", "record", "object_type", "hubspot_id", "salesforce_id", "affected_records", "last_seen", "details")


class ExportStore:
    """Reads and writes ``exports`` and ``exported_errors``; raises ``StoreError``. The ``Shelf`` of a loading."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def current(self, integration: str) -> tuple[Export, ...]:
        query = sa.select(exports).where(exports.c.integration == integration, exports.c.state == CURRENT)
        rows = await self._database.run(lambda connection: connection.execute(query).mappings().all())
        return tuple(_export(row) for row in rows)

    async def page(
        self, export_id: int, error_type: str | None, after: int, limit: int
    ) -> Sequence[tuple[int, SyncError]]:
        table = exported_errors
        query = (
            sa.select(table, exports.c.category)
            .join(exports, exports.c.id == table.c.export_id)
            .where(table.c.export_id == export_id, table.c.number > after)
            .order_by(table.c.number)
            .limit(limit)
        )
        if error_type is not None:
            query = query.where(table.c.error_type == error_type)
        rows = await self._database.run(lambda connection: connection.execute(query).mappings().all())
        return [(row["number"], _error(row)) for row in rows]

    async def begin(self, origin: Origin, category: str, now: float) -> int:
        values = {
            "integration": origin.integration,
            "category": category,
            "name": origin.name[:255],
            "stamp": origin.stamp[:100],
            "as_of": origin.as_of,
            "touched_at": now,
            "state": LOADING,
        }

        def work(connection: sa.Connection) -> int:
            key = connection.execute(sa.insert(exports).values(values)).inserted_primary_key
            assert key is not None  # noqa: S101  for the type checker
            return int(key[0])

        return await self._database.run(work)

    async def add(self, export_id: int, first: int, errors: Sequence[Labelled], now: float) -> None:
        rows = [
            {
                "export_id": export_id,
                "number": number,
                "error_type": label,
                "stated_type": error.error_type,
                **{_stored(name): getattr(error, name) for name in _COLUMNS},
            }
            for number, (error, label) in enumerate(errors, first + 1)
        ]
        touch = sa.update(exports).where(exports.c.id == export_id).values(touched_at=now)

        def work(connection: sa.Connection) -> None:
            self._database.check_reserve(connection)
            connection.execute(sa.insert(exported_errors), rows)
            connection.execute(touch)

        await self._database.run(work)

    async def hold(self, export: Export, now: float) -> bool:
        same = (exports.c.integration == export.origin.integration, exports.c.category == export.category)
        held = sa.select(exports.c.id, exports.c.as_of).where(*same, exports.c.state == CURRENT)
        values = {
            "state": CURRENT,
            "as_of": export.origin.as_of,
            "touched_at": now,
            "errors": export.rows,
            "odd": export.odd,
            "counts": json.dumps({name: [one.errors, one.records] for name, one in export.counts.items()}),
        }

        def work(connection: sa.Connection) -> bool:
            self._database.lock(connection, f"exports {export.origin.integration} {export.category}")
            before = connection.execute(held).first()
            if before is not None and before.as_of > export.origin.as_of:
                return False
            connection.execute(
                sa.update(exports).where(*same, exports.c.state == CURRENT).values(state=OLD, touched_at=now)
            )
            return connection.execute(sa.update(exports).where(exports.c.id == export.id).values(values)).rowcount == 1

        return await self._database.run(work)

    async def drop(self, export_ids: Collection[int]) -> None:
        if not export_ids:
            return
        # Old at once: nobody lists what has never held.
        update = sa.update(exports).where(exports.c.id.in_(export_ids)).values(state=OLD, touched_at=0.0)
        await self._database.run(lambda connection: connection.execute(update))

    async def sweep(self, now: float) -> None:
        over = sa.or_(
            sa.and_(exports.c.state == OLD, exports.c.touched_at < now - KEPT_FOR),
            sa.and_(exports.c.state == LOADING, exports.c.touched_at < now - LEFT_AFTER),
            exports.c.as_of < now - KEPT_LONGEST,
        )
        query = sa.select(exports.c.id).where(over).order_by(exports.c.id).limit(1)

        def work(connection: sa.Connection) -> bool:
            export_id = connection.scalar(query)
            if export_id is None:
                return False
            mine = exported_errors.c.export_id == export_id
            first = connection.scalar(sa.select(sa.func.min(exported_errors.c.number)).where(mine))
            if first is None:
                connection.execute(sa.delete(exports).where(exports.c.id == export_id))
            else:
                connection.execute(sa.delete(exported_errors).where(mine, exported_errors.c.number < first + _SWEPT))
            return True

        for _ in range(_SWEEPS):
            if not await self._database.run(work):
                return


def _stored(name: str) -> str:
    return "error_id" if name == "id" else name


def _export(row: Any) -> Export:
    origin = Origin(row["integration"], row["name"], row["stamp"], row["as_of"])
    counts = {name: TypeCount(*both) for name, both in json.loads(row["counts"] or "{}").items()}
    return Export(row["id"], row["category"], origin, counts, row["errors"], row["odd"])


def _error(row: Any) -> SyncError:
    told = {name: row[_stored(name)] for name in _COLUMNS}
    return SyncError(category=row["category"], error_type=row["stated_type"], **told)
