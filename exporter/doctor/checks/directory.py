"""The directory into which somebody drops what HubSpot's page shows: a page in a file, exported errors, or both."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from exporter.clients.directory import FILE_NAME
from exporter.config.settings import SyncHealthFeed
from exporter.doctor import sections
from exporter.doctor.check import Check
from exporter.doctor.exported_file import findings, looked_through
from exporter.doctor.finding import Finding, doubtful, failed, good
from exporter.doctor.patient import Patient
from exporter.errors import ConnectError, UpstreamError
from exporter.exports.folder import dropped_in
from exporter.exports.reader import Manner
from exporter.sources.source import configured

MOST_FILES = 20
"""The newest."""


async def examine(patient: Patient) -> Sequence[Finding]:
    feed = configured(patient.settings.sync_health, "directory")
    directory = configured(feed.directory, "directory")
    try:
        files = await asyncio.to_thread(_files, directory, feed)
    except OSError as error:
        change = f"let the exporter's own user read {directory}"
        return (failed(f"the directory cannot be read: {error.strerror}", change),)
    page = await _page(patient)
    found = [one for one in (page, *files) if one is not None]
    if not found:
        change = f"export the errors in HubSpot (Sync Health → Export errors) and drop the file into {directory}"
        return (doubtful(f"no {FILE_NAME} and no exported CSV yet", change),)
    return found


def _files(directory: Path, feed: SyncHealthFeed) -> list[Finding]:
    manner = Manner(dict(feed.mapping), feed.titles)
    return findings([looked_through(directory, file, manner) for file in dropped_in(directory)[:MOST_FILES]])


async def _page(patient: Patient) -> Finding | None:
    """``None`` without one."""
    try:
        page = await patient.page.get()
    except ConnectError:
        return None
    except UpstreamError as error:
        return failed(str(error), "the format of the bridge's GET /sync-health", FILE_NAME)
    age = max(0.0, patient.clock.time() - page.as_of)
    return good(f"{FILE_NAME} is readable, and {age / 60:.0f} minutes old", FILE_NAME)


CHECK = Check(
    "directory",
    sections.SYNC_HEALTH,
    "sync_health.directory cannot be read",
    lambda patient: (
        patient.settings.sync_health is not None
        and patient.settings.sync_health.directory is not None
        and patient.reads("sync_health")
    ),
    examine,
)
