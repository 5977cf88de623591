"""A resync job as plain values: as it is accepted, and as it is claimed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One occurrence of an alert, as Alertmanager tells it from others. An action has a job for it and each repeat."""

    integration: str
    fingerprint: str
    starts_at: str
    status: str


@dataclass(frozen=True, slots=True)
class NewJob:
    """What a job is to do: resync every error of these (category, error type) pairs, but no record within ``cooldown``
    seconds of its last resync, and none more than ``max_attempts`` times in 24 hours.

    ``repeat_after`` seconds after the last job for the same occurrence was taken, and once that has ended, this is
    another; ``None`` if it never is.
    """

    occurrence: Occurrence
    alert: str
    action: str
    errors: frozenset[tuple[str, str]]
    cooldown: float
    max_attempts: int
    repeat_after: float | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed job. ``listed`` says whether its records stand in the store already; ``refused_for`` is why it had to
    wait last time, empty if it had not to."""

    id: int
    integration: str
    alert: str
    action: str
    errors: frozenset[tuple[str, str]]
    cooldown: float
    max_attempts: int
    listed: bool
    failures: int
    refused_for: str
    created_at: float
