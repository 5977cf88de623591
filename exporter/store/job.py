"""A resync job as plain values: as it is accepted, and as it is claimed."""

from __future__ import annotations

from dataclasses import dataclass

QUEUED, RUNNING = "queued", "running"
DONE, PARTLY_FAILED, FAILED, CANCELLED = "done", "partly_failed", "failed", "cancelled"
ENDED = (DONE, PARTLY_FAILED, FAILED, CANCELLED)
"""States that a job does not leave again."""

NEEDS_APPROVAL = "needs_approval"
"""What a job is refused for that waits for a human."""

REQUESTED = "requested"
"""Instead of the status of an alert: the job was ordered by somebody."""

TRIAL_SENT, TRIAL_PASSED = "sent", "passed"


Way = tuple[str, str]
"""An integration and an action that it can be resynced by."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One occurrence of an alert, as Alertmanager tells it from others. An action has a job for it and each repeat.

    Of a job that somebody ordered the ``fingerprint`` is the key of the request, and ``status`` is ``REQUESTED``.
    """

    integration: str
    fingerprint: str
    starts_at: str
    status: str


@dataclass(frozen=True, slots=True)
class Cue:
    """An occurrence of an alert as what an action answers with a job: with another ``repeat_after`` seconds after the
    last was taken, once that has ended, and with none where that is ``None``."""

    occurrence: Occurrence
    action: str
    repeat_after: float | None


@dataclass(frozen=True, slots=True)
class NewJob:
    """What a job is to do: resync every error of these (category, error type) pairs, but no record within ``cooldown``
    seconds of its last resync, and none more than ``max_attempts`` times in 24 hours.

    ``repeat_after`` seconds after the last job for the same occurrence was taken, and once that has ended, this is
    another; ``None`` if it never is. ``selected`` are ids: only these of the errors; none for all. ``request`` is a
    digest of what was asked for, empty for an alert. ``since`` is when the suspension began that the alert was about.
    """

    occurrence: Occurrence
    alert: str
    action: str
    errors: frozenset[tuple[str, str]]
    cooldown: float
    max_attempts: int
    repeat_after: float | None = None
    selected: frozenset[str] = frozenset()
    request: str = ""
    since: float | None = None

    @property
    def cue(self) -> Cue:
        return Cue(self.occurrence, self.action, self.repeat_after)


@dataclass(frozen=True, slots=True)
class Reach:
    """Which jobs a replica takes of a store it shares: those it knows a way for, and, to end them, those that have been
    waiting since before ``stranded``, or for a human since before ``unapproved``: no other replica knows one either."""

    ways: frozenset[Way]
    stranded: float
    unapproved: float


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed job. ``listed`` says whether its records stand in the store already; ``refused_for`` is why it had to
    wait last time, empty if it had not to; ``claim`` is the number of the claim that it is held by.

    ``status`` is that of its alert, or ``REQUESTED``; ``planned`` are the records that were listed, once they are;
    ``trial`` is ``TRIAL_SENT`` while its first batches are to show whether they cure anything, ``cleared`` says that
    it has ended the suspension it was made for. ``starts_at`` is when its alert began, empty of one that was ordered;
    ``since`` when the suspension began that it was about, where that is known; ``request_id`` is of the request, over
    HTTP, that made it.
    """

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
    claim: int = 0
    selected: frozenset[str] = frozenset()
    status: str = ""
    approved_at: float | None = None
    planned: int | None = None
    trial: str = ""
    cleared: bool = False
    starts_at: str = ""
    since: float | None = None
    request_id: str = ""

    @property
    def waits_since(self) -> float:
        """Since when it might have been done: its acceptance, or the approval it waited for."""
        return max(self.created_at, self.approved_at or 0.0)
