"""What exported errors say of Sync Health, beside or instead of a page in a file: for each category the newest export.

A category that no export speaks of is unknown: it has no samples, while one of an export without rows is at 0. The
payload remembers which files have been read, so that a file is read once, by whichever replica.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from exporter.catalog.catalog import CATALOG, OTHER, UNKNOWN
from exporter.clients.connection import Connection
from exporter.clients.directory import FILE_NAME
from exporter.clients.export_folder import OF_NO_CATEGORY, SETTLED, ExportFolder, Look, Note
from exporter.clients.exports import ExportedErrors
from exporter.errors import Again, ConnectError, InvalidAnswer, UpstreamError
from exporter.exports.loading import Export
from exporter.model import ErrorCount, Exported, SyncHealth
from exporter.sources.health_page import page_of, page_read
from exporter.sources.source import Fetched, remembered

SCHEMA = "exported_health"


async def fetch(connection: Connection, exported: ExportedErrors, previous: Any) -> Fetched:
    """The page, if there is one, and the newest exports. Where nothing was ever brought that is a part that is missing:
    nothing is broken on the first day. Raises ``UpstreamError`` where nobody can look, or the page is gone."""
    await exported.sweep()
    looked = await _looked(connection.export_folder, previous)
    page, missing = await _page(connection, previous)
    held, good = await exported.held(), await exported.good()
    if isinstance(missing, ConnectError) and not looked.notes and not held and _had_page(previous):
        raise missing  # what it said holds for a while
    if isinstance(missing, ConnectError):
        missing = None  # there are exports instead, or files at least, or nobody has brought anything yet
    nothing = page is None and missing is None and not looked.notes and not held
    parts: dict[str, UpstreamError | None] = dict.fromkeys(good)
    parts |= {FILE_NAME: missing} if page is not None or missing is not None else {}
    parts |= {part: InvalidAnswer(why) for part, why in reversed(list(troubles(looked, held, good)))}
    if nothing:
        parts = {OF_NO_CATEGORY: InvalidAnswer(_nothing(connection), again=Again.LATER)}
    payload = {
        "looked_at": connection.clock.time(),
        "page": page,
        "exports": [_told(export) for export in good.values()],
        "files": [_kept(note) for note in looked.notes],
    }
    failed = [error for error in parts.values() if error is not None]
    return Fetched(
        payload,
        parts,
        more_in=0.0 if looked.unfinished else SETTLED if looked.unsettled else None,
        # As long as an export holds, a file that cannot be read costs no more than itself.
        failure=failed[0] if failed and not nothing and not good and page is None and not looked.unfinished else None,
    )


def _had_page(previous: Any) -> bool:
    return (remembered(previous, SCHEMA) or {}).get("page") is not None


def _nothing(connection: Connection) -> str:
    """What is wanted, in words for who has just configured it."""
    feed = connection.settings.sync_health
    if feed is None or feed.directory is None:
        return (
            "no export was uploaded yet: export the errors in HubSpot (Sync Health → Export errors) and upload the file"
        )
    return (
        f"no {FILE_NAME} and no exported CSV yet in {feed.directory}: export the errors in HubSpot (Sync Health → "
        "Export errors) and drop the file there"
    )


def merged(page: SyncHealth | None, payload: Mapping[str, Any]) -> SyncHealth:
    """The page with the errors of the exports, for each category whichever is newer."""
    exports = payload["exports"]
    health = page or SyncHealth(payload["looked_at"], None, None, None, None, None)
    if not exports:
        return health
    stated = health.as_of if health.errors is not None else float("-inf")
    newer = [export for export in exports if export["as_of"] >= stated]
    own = {export["category"] for export in newer}
    counts = [count for export in newer for count in _counts(export)]
    counts += [count for count in health.errors or () if count.category not in own]
    known = None if health.errors is not None else tuple(sorted(own))
    told = tuple(
        Exported(export["category"], export["as_of"], export["name"], export.get("odd", 0)) for export in newer
    )
    return replace(health, errors=tuple(counts), exported=told, error_categories=known)


async def _looked(folder: ExportFolder | None, previous: Any) -> Look:
    if folder is None:
        return Look()
    payload = remembered(previous, SCHEMA) or {"files": []}
    return await folder.look(
        Note(
            note["name"],
            note["stamp"],
            note["seen_at"],
            note["read"],
            tuple((part, why) for part, why in note["problems"]),
        )
        for note in payload["files"]
    )


async def _page(connection: Connection, previous: Any) -> tuple[Any, UpstreamError | None]:
    if connection.sync_health is None:
        return None, None
    try:
        told = await connection.sync_health.sync_health()
        before = remembered((remembered(previous, SCHEMA) or {}).get("page"), "sync_health")
        page = page_read(told, before, connection.clock.time())
        page_of(page)
    except UpstreamError as error:
        return None, error
    return page, None


def troubles(looked: Look, held: Mapping[str, Export], good: Mapping[str, Export]) -> Iterator[tuple[str, str]]:
    """Which part is missing, and why, the newest first: nobody needs a broken file once a newer one is whole. One of
    the same time is another of the same zip."""
    newest = max((export.origin.as_of for export in held.values()), default=float("-inf"))
    for note in looked.notes:
        changed_at = looked.changed_at[note.name]
        for part, why in note.problems:
            whole = held[part].origin.as_of if part in held else newest if part not in CATALOG.category_names else None
            if whole is None or changed_at >= whole:
                yield part, why
    for category, export in held.items():
        if category not in good:
            yield category, f"{export.origin.name}: was exported longer ago than sync_health.good_for"


def _told(export: Export) -> dict[str, Any]:
    counts = {name: [count.errors, count.records] for name, count in export.counts.items()}
    return {
        "category": export.category,
        "name": export.origin.name,
        "as_of": export.origin.as_of,
        "counts": counts,
        "odd": export.odd,
    }


def _kept(note: Note) -> dict[str, Any]:
    return {
        "name": note.name,
        "stamp": note.stamp,
        "seen_at": note.seen_at,
        "read": note.read,
        "problems": [list(problem) for problem in note.problems],
    }


def _counts(export: Mapping[str, Any]) -> Iterable[ErrorCount]:
    """Of a category that is known all its types are."""
    category, counts = export["category"], export["counts"]
    named: Sequence[str] = [name for of, name in CATALOG.pairs if of == category]
    for name in dict.fromkeys((*named, *counts, *((UNKNOWN,) if category == OTHER else ()))):
        errors, records = counts.get(name, (0, 0))
        yield ErrorCount(category, name, errors, records)
