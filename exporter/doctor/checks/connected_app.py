"""Whether the event log tells of calls by the app that is configured as HubSpot's."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from exporter.doctor import sections
from exporter.doctor.check import Check
from exporter.doctor.configured import reads_event_log
from exporter.doctor.finding import Finding, doubtful, failed, good
from exporter.doctor.patient import Patient
from exporter.errors import UpstreamError, UpstreamTimeout
from exporter.sources.source import configured
from exporter.sources.usage_log.app_calls import MINE, AppCalls
from exporter.sources.usage_log.identity import Identity
from exporter.sources.usage_log.log_file import LogFile
from exporter.sources.usage_log.sample import sampled_calls

MOST_FILES = 3
"""Each is an API call."""
PATIENCE = 60.0
"""Seconds for each."""
MOST_BYTES = 20e6
"""A larger file takes longer than somebody waits who looks."""


async def examine(patient: Patient) -> Sequence[Finding]:
    apps = configured(patient.settings.hubspot, "HubSpot account").connected_apps
    salesforce = configured(patient.connection.salesforce, "Salesforce org")
    user = configured(patient.settings.salesforce, "Salesforce org").integration_user
    found: list[AppCalls] = []
    files = _chosen(await patient.log_files.get())
    error: UpstreamError | None = None
    for file in files:
        try:
            async with asyncio.timeout(PATIENCE):
                found += await sampled_calls(salesforce, file, Identity(apps), user)
        except TimeoutError:
            error = UpstreamTimeout(f"log file {file.id} not read within {PATIENCE:g} s")
        except UpstreamError as refusal:
            # Files are replaced, empty or broken now and then; the next one says as much.
            error = refusal
        if Identity(apps).learned(found).owns_any(_named(found)):
            return (good(f"calls of {', '.join(apps)} are in the log"),)
    if not found and error is not None:
        raise error
    if not found:
        return (doubtful(f"no call is in the newest {len(files)} files of the log that could be looked at"),)
    return (_not_found(apps, found, len(files)),)


def _chosen(files: Sequence[LogFile]) -> list[LogFile]:
    """The newest that are not too large."""
    small = [file for file in files if (file.length or 0.0) <= MOST_BYTES]
    return sorted(small, key=lambda file: file.end, reverse=True)[:MOST_FILES]


def _named(found: Sequence[AppCalls]) -> list[AppCalls]:
    """What tells of an app: calls without name and id are the integration's by their user, however it is configured."""
    return [app for app in found if app.name or app.id]


def _not_found(apps: Sequence[str], found: Sequence[AppCalls], files: int) -> Finding:
    told = ", ".join(apps)
    mine = [app.name for app in sorted(found, key=lambda app: -app.total) if app.user == MINE and app.name]
    if mine:
        return failed(
            f"the log knows no app {told}; HubSpot's user makes calls as {mine[0]}",
            f'hubspot.connected_app: "{mine[0]}"',
        )
    if any(app.user == MINE for app in found):
        return good("calls of HubSpot's user are in the log, without an app's name: they count as the integration's")
    return doubtful(
        f"the newest {files} files of the log tell of no call by {told}, nor by HubSpot's user",
        "hubspot.connected_app: the name in Salesforce Setup → Connected Apps OAuth Usage",
    )


CHECK = Check(
    "connected app",
    sections.SALESFORCE,
    "hubspot.connected_app is wrong",
    reads_event_log,
    examine,
    needs=("event log",),
)
