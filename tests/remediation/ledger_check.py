"""What must be so in the ledger at any moment, whatever happened."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator

from exporter.store.job import CANCELLED, DONE, ENDED, FAILED, PARTLY_FAILED
from tests.remediation.watch import Request, Watch

_LEFT_OUT = re.compile(r"(\d+) of (\d+) records")


def trouble_in(watch: Watch) -> Iterator[str]:
    """Everything that is not as it must be."""
    records = watch.rows("SELECT * FROM job_records")
    refusals = watch.rows("SELECT job_id, detail FROM refusals WHERE job_id IS NOT NULL")
    for job in watch.rows("SELECT * FROM jobs"):
        mine = [each for each in records if each["job_id"] == job["id"]]
        outcomes = Counter(each["outcome"] for each in mine)
        left_out = [_LEFT_OUT.fullmatch(each["detail"]) for each in refusals if each["job_id"] == job["id"]]
        found = [(int(match[1]), int(match[2])) for match in left_out if match]
        yield from (f"job {job['id']}: {each}" for each in _state(job, outcomes))
        yield from (f"job {job['id']}: {each}" for each in _plan(watch, job, len(mine), found))
        yield from (f"job {job['id']}: {each}" for each in _sent(watch, job, mine))


def _state(job: sqlite3.Row, outcomes: Counter[str]) -> Iterator[str]:
    failed, total, ended = outcomes["failed"], outcomes.total(), job["state"] in ENDED
    if ended and outcomes["pending"] + outcomes["sending"]:
        yield f"{job['state']} with {dict(outcomes)}"
    fits = {
        DONE: not failed,
        PARTLY_FAILED: 0 < failed < total,
        FAILED: failed > 0 or not total,
        CANCELLED: True,
    }
    if not fits.get(job["state"], True):
        yield f"{job['state']} with {dict(outcomes)}"
    if ended != (job["finished_at"] is not None):
        yield f"{job['state']}, finished at {job['finished_at']}"


def _plan(watch: Watch, job: sqlite3.Row, records: int, left_out: list[tuple[int, int]]) -> Iterator[str]:
    """Every error that was found is in the plan, or left out for a reason."""
    if job["id"] not in watch.planned:
        if records:
            yield f"{records} records that nobody has listed"
        return
    planned, found = watch.planned[job["id"]]
    if records != planned or job["planned_records"] != (planned or None):
        yield f"{records} records, {job['planned_records']} in the plan, {planned} listed"
    if planned + sum(count for count, _all in left_out) != found:
        yield f"{planned} planned, {left_out} left out, {found} found"
    if any(total != found for _count, total in left_out):
        yield f"{left_out} left out of {found}"


def _sent(watch: Watch, job: sqlite3.Row, records: list[sqlite3.Row]) -> Iterator[str]:
    """What the ledger says of each record is what became of the requests that named it."""
    requests = [each for each in watch.requests if each.job == job["id"]]
    for record in records:
        yield from _became(record, [each for each in requests if record["error_id"] in each.records])
    for batch in watch.rows("SELECT * FROM batches WHERE job_id = ?", job["id"]):
        if batch["ended_at"] is not None and batch["succeeded"] + batch["failed"] != batch["records"]:
            yield f"batch {batch['number']}: {dict(batch)}"


def _became(record: sqlite3.Row, requests: list[Request]) -> Iterator[str]:
    error_id, outcome = record["error_id"], record["outcome"]
    accepted = [each for each in requests if error_id in each.accepted]
    if len(accepted) > 1:
        yield f"{error_id} was accepted {len(accepted)} times"
    if any(each.answered for each in accepted) and outcome not in ("sending", "succeeded"):
        yield f"{error_id} was accepted, and {outcome}"
    if record["proof"] and outcome != "succeeded":
        yield f"{error_id} {outcome}, and {record['proof']}"
    if outcome == "failed" and not record["reason"]:
        yield f"{error_id} failed for no reason"
    if record["attempts"] < sum(each.counts(error_id) for each in requests):
        yield f"{error_id} has {record['attempts']} attempts of {len(requests)}"
