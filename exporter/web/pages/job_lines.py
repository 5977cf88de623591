"""The resyncs of an integration for a person: what was asked for, what came of it, and whether that cured anything.

Pure. ``ResyncHistory`` gives rows as the store has them; only the functions here know their names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from exporter.catalog.catalog import CATALOG
from exporter.web.pages.error_lines import When, when
from exporter.web.pages.numbers import counted

_STATES = {
    "queued": ("waits", "trouble"),
    "running": ("running", "unknown"),
    "done": ("done", "good"),
    "partly_failed": ("partly failed", "trouble"),
    "failed": ("failed", "suspended"),
    "cancelled": ("cancelled", "unknown"),
}
"""In words, and of what level that is."""

_ACTIVE = ("queued", "running")

_WORDS = {"waiting": "not looked at yet"}


@dataclass(frozen=True, slots=True)
class JobLine:
    """One job. ``reasons`` say why it waits or failed, or why its records did; ``proof`` is empty while nobody has
    looked whether it cured anything."""

    id: int
    state: str
    level: str
    is_active: bool
    needs_approval: bool
    asked_by: str
    action: str
    asked: When
    ended: When | None
    records: str
    proof: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RefusalLine:
    """Why something was not resynced."""

    asked_by: str
    reason: str
    detail: str
    at: When


@dataclass(frozen=True, slots=True)
class RecordLine:
    """One record of a job: what became of its request, why, and what was seen afterwards."""

    record: str
    error_type: str
    outcome: str
    level: str
    attempts: str
    reason: str
    proof: str
    at: When


def job_line(row: Mapping[str, Any], now: float) -> JobLine:
    """A job of ``ResyncHistory``."""
    told, level = _STATES.get(row["state"], (row["state"], "unknown"))
    state = "queued" if row["state"] == "queued" and not row["refused_for"] else told
    return JobLine(
        id=row["id"],
        state=state,
        level="unknown" if state == "queued" else level,
        is_active=row["state"] in _ACTIVE,
        needs_approval=row["refused_for"] == "needs_approval" and row["state"] == "queued",
        asked_by=_asked_by(row),
        action=row["action"],
        asked=when(row["created_at"], now),
        ended=None if row["finished_at"] is None else when(row["finished_at"], now),
        records=_listed(row["records"]) or _planned(row),
        proof=_listed(row.get("proof") or {}),
        reasons=tuple(_reasons(row)),
    )


def record_line(row: Mapping[str, Any], now: float) -> RecordLine:
    """A record of a job of ``ResyncHistory``."""
    category, error_type = CATALOG.classify(row["category"], row["error_type"])
    known = CATALOG.error_types.get(error_type, CATALOG.unknown)
    return RecordLine(
        row["record"].replace("/", " ", 1),
        f"{next(one.title for one in CATALOG.categories if one.name == category)}: {known.title}"
        if row["category"]
        else "",
        row["outcome"],
        {"succeeded": "good", "failed": "suspended"}.get(row["outcome"], "unknown"),
        counted(row["attempts"], "request"),
        row["reason"],
        _words(row["proof"]),
        when(row["at"], now),
    )


def refusal_line(row: Mapping[str, Any], now: float) -> RefusalLine:
    """A refusal of ``ResyncHistory``."""
    return RefusalLine(row["alert"] or "an API request", _words(row["reason"]), row["detail"], when(row["at"], now))


def _asked_by(row: Mapping[str, Any]) -> str:
    return "an API request" if row["status"] == "requested" else f"{row['alert']} ({row['status']})"


def _planned(row: Mapping[str, Any]) -> str:
    planned = row.get("planned_records")
    return f"{planned:,} planned" if planned else ""


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {_words(name)}" for name, count in counts.items() if count)


def _reasons(row: Mapping[str, Any]) -> list[str]:
    """Why the job waits or how it ended, then why records failed, the most frequent first."""
    of_records = [f"{count:,} × {reason}" for reason, count in row["failed_for"].items()]
    message = row["message"] or (_words(row["refused_for"]) if row["state"] == "queued" else "")
    return [message, *of_records] if message else of_records


def _words(name: str) -> str:
    return _WORDS.get(name, name.replace("_", " "))
