"""The resyncs of an integration, and the records of one of them, read from the ledger for a person."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.errors import StoreError
from exporter.store.history import JobFilter, ResyncHistory
from exporter.web.pages.job_lines import JobLine, RecordLine, RefusalLine, job_line, record_line, refusal_line

JOBS_SHOWN = 20
RECORDS_SHOWN = 100

UNREADABLE = "the store cannot be read"


@dataclass(frozen=True, slots=True)
class ResyncList:
    """Jobs, and beside the newest of them refusals, the newest first; or ``problem``, why there are none to see."""

    jobs: tuple[JobLine, ...] = ()
    refusals: tuple[RefusalLine, ...] = ()
    next_before: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ResyncRecords:
    """One job, what it left out or was held up by, and some of its records."""

    job: JobLine
    refusals: tuple[RefusalLine, ...]
    records: tuple[RecordLine, ...]
    next_after: str | None


async def resync_list(history: ResyncHistory, integration: str, before: int | None, now: float) -> ResyncList:
    """Those with an id below ``before``."""
    try:
        jobs = await history.jobs(JobFilter(integration), JOBS_SHOWN, before)
        refused = [] if before is not None else (await history.refusals(JOBS_SHOWN, integration)).rows
    except StoreError:
        return ResyncList(problem=UNREADABLE)
    return ResyncList(
        tuple(job_line(row, now) for row in jobs.rows),
        tuple(refusal_line(row, now) for row in refused),
        jobs.next,
    )


async def resync_records(
    history: ResyncHistory, integration: str, job_id: int, after: str | None, now: float
) -> ResyncRecords | None:
    """``None`` if the integration has no such job, or not any more; raises ``StoreError``."""
    job = await history.job(job_id)
    if job is None or job["integration"] != integration:
        return None
    refused = await history.refusals(JOBS_SHOWN, job_id=job_id)
    page = await history.records(job_id, RECORDS_SHOWN, after)
    return ResyncRecords(
        job_line(job, now),
        tuple(refusal_line(row, now) for row in refused.rows),
        tuple(record_line(row, now) for row in page.rows),
        page.next,
    )
