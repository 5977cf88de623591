"""Why a poll, or a part of it, failed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a poll failed: a value of ``source_errors_total{kind}``, the API's own code, a sentence without secrets."""

    kind: str
    code: str | None
    message: str


@dataclass(frozen=True, slots=True)
class PartState:
    """One part of a source that is made of several (queries, objects, files); ``failure`` says why it was not read."""

    name: str
    failure: Failure | None = None
