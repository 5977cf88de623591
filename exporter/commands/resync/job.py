"""A job as its ledger has it at one moment. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from exporter.commands.output import printable
from exporter.commands.resync.wanted import Wanted

ENDED = ("done", "partly_failed", "failed", "cancelled")
UNFINISHED = ("queued", "running")
NEEDS_APPROVAL = "needs_approval"

_LEFT_OUT = re.compile(r"([0-9]+) of [0-9]+ records(?:: .*)?")
"""How a refusal tells how many records a plan leaves out; a refusal of a whole job says something else."""


@dataclass(frozen=True, slots=True)
class Job:
    """``waits_for`` is why it waits, empty if it does not; ``planned`` is ``None`` until its records are listed.

    ``outcomes``, ``failed_for``, ``left_out`` and ``proof`` are numbers of records: by outcome, by the reason of those
    that failed or were not listed at all, and by what was seen of those that succeeded.
    """

    id: int
    integration: str
    action: str
    state: str
    waits_for: str = ""
    message: str = ""
    planned: int | None = None
    planned_calls: int | None = None
    outcomes: Mapping[str, int] = field(default_factory=dict)
    failed_for: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    proof: Mapping[str, int] = field(default_factory=dict)

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED

    @property
    def needs_approval(self) -> bool:
        """Whether it waits for a human."""
        return self.state == "queued" and self.waits_for == NEEDS_APPROVAL

    @property
    def settled(self) -> int:
        """Records that have their outcome."""
        return self.outcomes.get("succeeded", 0) + self.outcomes.get("failed", 0)

    @property
    def failed(self) -> int:
        return self.outcomes.get("failed", 0)

    @property
    def waits_for_proof(self) -> bool:
        """Whether somebody is still to look what its resyncs have done."""
        return not self.has_ended or self.proof.get("waiting", 0) > 0


def job_of(answer: Mapping[str, Any]) -> Job:
    """As ``GET /api/v1/resyncs/{id}`` tells it; raises ``LookupError``, ``TypeError`` or ``ValueError`` for anything
    else."""
    job = answer["job"]
    return Job(
        id=int(job["id"]),
        integration=str(job["integration"]),
        action=str(job["action"]),
        state=str(job["state"]),
        waits_for=str(job.get("refused_for") or ""),
        message=printable(str(job.get("message") or "")),
        planned=_number(job.get("planned_records")),
        planned_calls=_number(job.get("planned_calls")),
        outcomes=_numbers(job.get("records")),
        failed_for=_numbers(job.get("failed_for")),
        left_out=_left_out(answer.get("refusals") or ()),
        proof=_numbers(job.get("proof")),
    )


def is_same(row: Mapping[str, Any], wanted: Wanted) -> bool:
    """Whether a job was ordered by somebody, and for the same as this."""
    if row["status"] != "requested" or row["selected"]:
        return False
    if wanted.action is not None and row["action"] != wanted.action:
        return False
    categories, error_types = ({pair[part] for pair in wanted.pairs} for part in (0, 1))
    return set(row["categories"]) == categories and set(row["error_types"]) == error_types


def _number(value: Any) -> int | None:
    return None if value is None else int(value)


def _numbers(counts: Any) -> dict[str, int]:
    return {printable(str(name)): int(count) for name, count in (counts or {}).items()}


def _left_out(refusals: Any) -> dict[str, int]:
    """Of the newest plan, if there were several: the newest come first."""
    found: dict[str, int] = {}
    for refusal in refusals:
        told = _LEFT_OUT.fullmatch(str(refusal["detail"]))
        if told is not None:
            found.setdefault(str(refusal["reason"]), int(told[1]))
    return found
