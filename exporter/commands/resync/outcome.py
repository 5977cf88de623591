"""How a job has ended: the table that a person reads, and the exit code that a program does. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from exporter.commands.resync.job import Job
from exporter.commands.resync.words import REASONS

PROOFS = (("cured", "cured"), ("came_back", "came back"), ("unchanged", "unchanged"), ("waiting", "not looked at yet"))
"""As the ledger has them, and as a person reads them."""

_CURED_BEFORE = "no_records"
"""The reason for leaving out an error that an export still lists."""


def is_good(job: Job, *, with_proof: bool) -> bool:
    """Whether every record was resynced, and none left out but what was cured before; ``with_proof`` also whether every
    one of them is cured."""
    whole = job.state == "done" and not job.failed and not set(job.left_out) - {_CURED_BEFORE}
    return whole and not (with_proof and set(_proof(job)) - {"cured"})


def ending(job: Job, seconds: float | None) -> str:
    """One line: the state, and why."""
    took = "" if seconds is None else f" after {seconds:.0f} s"
    return f"job {job.id} of {job.integration}: {job.state.replace('_', ' ')}{took}" + (
        f": {job.message}" if job.message else ""
    )


def table(job: Job) -> Table | None:
    """Records by outcome and reason, then by what was seen of them; ``None`` where there are none."""
    rows = list(_rows(job))
    if not rows:
        return None
    made = Table(box=None, pad_edge=False, header_style="bold")
    made.add_column("outcome", no_wrap=True)
    made.add_column("records", justify="right", no_wrap=True)
    made.add_column("reason", overflow="fold")
    for outcome, records, reason in rows:
        made.add_row(outcome, f"{records:,}", reason)
    return made


def _rows(job: Job) -> Iterator[tuple[str, int, str]]:
    if job.outcomes.get("succeeded"):
        yield "succeeded", job.outcomes["succeeded"], ""
    named = 0
    for reason, records in sorted(job.failed_for.items(), key=lambda entry: (-entry[1], entry[0])):
        yield "failed", records, reason
        named += records
    if job.failed > named:
        yield "failed", job.failed - named, "for other reasons" if named else ""
    waiting = job.outcomes.get("pending", 0) + job.outcomes.get("sending", 0)
    if waiting:
        yield "to go", waiting, ""
    for reason, records in sorted(job.left_out.items()):
        yield "left out", records, REASONS.get(reason, reason)
    proof = _proof(job)
    for name, words in PROOFS:
        if name in proof:
            yield words, proof[name], "of those that succeeded"


def _proof(job: Job) -> dict[str, int]:
    """Without zeros; empty where nobody has looked yet."""
    if not any(job.proof.get(name) for name, _words in PROOFS if name != "waiting"):
        return {}
    return {name: job.proof[name] for name, _words in PROOFS if job.proof.get(name)}
