"""Whether HubSpot has suspended an integration, by the newest that the page, its e-mails and reports say of it."""

from __future__ import annotations

from exporter.clock import format_timestamp
from exporter.doctor.patient import Patient
from exporter.errors import StoreError, UpstreamError
from exporter.state.recovery import AFTER, ENDS_BY_EVIDENCE
from exporter.state.statement import MAILBOX, REPORT, Statement, newest
from exporter.store.recoveries import RecoveryStore
from exporter.store.reports import ReportStore

_PAGE = "sync_health"
_TOLD_BY = {_PAGE: "the Sync Health page", MAILBOX: "an e-mail", REPORT: "a report"}


async def suspended_by(patient: Patient, synced: float | None) -> str | None:
    """Who says that it is, and of when; ``None`` if nobody does. ``synced`` is when a record was synced last: what an
    e-mail or a report said ends by such evidence, and by that in the store. Where a source fails, the others count."""
    told = [await _page(patient), await _mailbox(patient), await _report(patient)]
    statement = newest(one for one in told if one is not None)
    if statement is None or not statement.value.suspended:
        return None
    if statement.source in ENDS_BY_EVIDENCE:
        seen = max(synced or 0.0, await _recovered(patient))
        if seen > (statement.at or 0.0) + AFTER:
            return None
    when = "" if statement.at is None else f" of {format_timestamp(statement.at)}"
    return f"{_TOLD_BY[statement.source]}{when}"


async def _page(patient: Patient) -> Statement | None:
    if patient.connection.sync_health is None:
        return None
    try:
        page = await patient.page.get()
    except UpstreamError:
        return None
    return Statement.of(page.suspension, _PAGE, page.as_of)


async def _mailbox(patient: Patient) -> Statement | None:
    if patient.connection.mailbox is None or not patient.reads(MAILBOX):
        return None
    try:
        news = await patient.news.get()
    except UpstreamError:
        return None
    return Statement.of(news.suspension, MAILBOX, news.stated_at)


async def _report(patient: Patient) -> Statement | None:
    if patient.database is None:
        return None
    try:
        reports = await ReportStore(patient.database).all()
    except StoreError:
        return None
    mine = (one for one in reports if one.integration == patient.settings.name)
    return newest(Statement(one.suspension, REPORT, one.reported_at) for one in mine)


async def _recovered(patient: Patient) -> float:
    """From when on records were seen to sync again; 0 if that is not known."""
    if patient.database is None:
        return 0.0
    try:
        recovery = (await RecoveryStore(patient.database).all()).get(patient.settings.name)
    except StoreError:
        return 0.0
    return 0.0 if recovery is None else recovery.first
