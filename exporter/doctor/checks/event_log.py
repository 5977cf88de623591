"""The event log: whether its files can be seen, and whether they come by the hour or by the day."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.doctor import places, sections
from exporter.doctor.check import Check
from exporter.doctor.configured import reads_event_log
from exporter.doctor.finding import Finding, doubtful, failed, good
from exporter.doctor.patient import Patient
from exporter.errors import AuthError
from exporter.sources.source import configured

OFF = "or switch the source off with intervals: {salesforce_usage_log: off}"


async def examine(patient: Patient) -> Sequence[Finding]:
    settings = configured(patient.settings.salesforce, "Salesforce org")
    try:
        files = await patient.log_files.get()
    except AuthError:
        return (
            failed(
                "the org shows no event log files",
                f"{places.own_permission(settings, 'View Event Log Files')}; {OFF}",
            ),
        )
    if not files:
        return (doubtful("no file of API calls yet: the first comes within a day"),)
    kinds = sorted({file.interval.lower() for file in files}, reverse=True)
    return (good(f"{len(files)} files of three days, {' and '.join(kinds)}"),)


CHECK = Check(
    "event log", sections.SALESFORCE, "the event log cannot be read", reads_event_log, examine, needs=("api",)
)
