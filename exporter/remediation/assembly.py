"""The parts of the remediation, wired together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from exporter.clock import Clock
from exporter.config.settings import Remediation
from exporter.remediation.actions import Ways
from exporter.remediation.journal import Journal
from exporter.remediation.queues import Queues
from exporter.remediation.receiver import Receiver
from exporter.remediation.steps import Steps
from exporter.remediation.waiting import Waiting
from exporter.remediation.worker import Worker
from exporter.self_metrics import SelfMetrics
from exporter.state.snapshots import Snapshots
from exporter.store.batches import BatchStore
from exporter.store.database import Database
from exporter.store.jobs import JobStore
from exporter.store.refusals import RefusalStore


@dataclass(frozen=True, slots=True)
class Crew:
    """Who takes notifications, who works off the jobs made of them, and who shows how many there are."""

    receiver: Receiver
    worker: Worker
    queues: Queues


def assemble(
    settings: Remediation,
    database: Database,
    ways: Mapping[str, Ways],
    snapshots: Snapshots,
    metrics: SelfMetrics,
    clock: Clock,
    look_again: Callable[[str, str], None],
) -> Crew:
    """``ways`` are looked at anew for every job; ``look_again`` hastens the poll of an integration's source."""
    jobs, batches = JobStore(database), BatchStore(database)
    journal = Journal(jobs, batches, RefusalStore(database), metrics, clock)
    waiting = Waiting(jobs, batches, journal, snapshots, clock, look_again)
    steps = Steps(batches, journal, waiting, clock)
    queues = Queues(jobs, snapshots, metrics, clock)
    worker = Worker(jobs, ways, steps, journal, queues, clock)
    receiver = Receiver(settings, jobs, ways, snapshots, metrics, queues, worker, clock)
    return Crew(receiver, worker, queues)
