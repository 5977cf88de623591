"""What is to be done about an alert, or because somebody asks for it, and how that stands in the store."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.model import LastSuspension
from exporter.remediation.catching_up import began_before, lasted_since
from exporter.remediation.notification import Alert
from exporter.store.job import Job, NewJob, Occurrence


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done: resync every error of these (category, error type) pairs; of these only the ``selected``, by
    the id of an error or a record, if any are.

    ``mended``: an alert is over, or a person wants it, so what was refused before may be taken now. ``since`` is from
    when on records are looked for that have not reached Salesforce, ``None`` for the configured window.
    """

    errors: frozenset[tuple[str, str]]
    cooldown: float
    max_attempts: int
    selected: frozenset[str] = frozenset()
    mended: bool = False
    since: float | None = None


def occurrence_of(alert: Alert) -> Occurrence:
    """What tells this occurrence of the alert from others."""
    return Occurrence(alert.integration, alert.fingerprint, alert.starts_at, alert.status)


def new_job(
    alert: Alert, action: str, order: Order, repeat_after: float | None = None, last: LastSuspension | None = None
) -> NewJob:
    """An order together with the alert it answers; ``last`` is the newest suspension that is known."""
    return NewJob(
        occurrence=occurrence_of(alert),
        alert=alert.name,
        action=action,
        errors=order.errors,
        cooldown=order.cooldown,
        max_attempts=order.max_attempts,
        repeat_after=repeat_after,
        selected=order.selected,
        since=began_before(alert.starts_at, last) if alert.status == "resolved" else None,
    )


def order_of(job: Job) -> Order:
    """The order that the job carries out."""
    return Order(
        job.errors, job.cooldown, job.max_attempts, job.selected, mended=job.status != "firing", since=lasted_since(job)
    )
