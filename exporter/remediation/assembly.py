"""The parts of the remediation, wired together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from exporter.clock import Clock
from exporter.config.settings import Remediation
from exporter.remediation.actions import Ways
from exporter.remediation.clearing import Clearing
from exporter.remediation.journal import Journal
from exporter.remediation.ledger import Ledger
from exporter.remediation.orders import Orders
from exporter.remediation.planner import Planner
from exporter.remediation.prover import Prover
from exporter.remediation.queues import Queues
from exporter.remediation.receiver import Receiver
from exporter.remediation.steps import Steps
from exporter.remediation.trial import Trial
from exporter.remediation.waiting import Waiting
from exporter.remediation.worker import Worker
from exporter.self_metrics import SelfMetrics
from exporter.state.snapshots import Snapshots
from exporter.store.batches import BatchStore
from exporter.store.database import Database
from exporter.store.durations import DurationStore
from exporter.store.jobs import JobStore
from exporter.store.orders import OrderStore
from exporter.store.proofs import ProofStore
from exporter.store.refusals import RefusalStore


@dataclass(frozen=True, slots=True)
class Crew:
    """Who takes notifications and orders, who works off the jobs made of them and says when they wait, who looks what
    became of them, and who shows how many there are."""

    receiver: Receiver
    orders: Orders
    worker: Worker
    waiting: Waiting
    prover: Prover
    queues: Queues


def assemble(
    settings: Callable[[], Remediation],
    database: Database,
    ways: Mapping[str, Ways],
    snapshots: Snapshots,
    metrics: SelfMetrics,
    clock: Clock,
    look_again: Callable[[str, str], None],
    jobs: JobStore | None = None,
    batches: BatchStore | None = None,
) -> Crew:
    """``settings`` and ``ways`` are looked at anew every time; ``look_again`` hastens the poll of an integration's
    source."""
    jobs, batches = jobs or JobStore(database), batches or BatchStore(database)
    journal = Journal(jobs, batches, RefusalStore(database), metrics, settings, clock)
    waiting = Waiting(jobs, batches, journal, snapshots, ways, settings, clock, look_again)
    proofs = ProofStore(database)
    planner = Planner(batches, proofs, snapshots, clock)
    prover = Prover(proofs, ways, metrics, clock)
    trial = Trial(jobs, batches, journal, prover, settings, clock)
    clearing = Clearing(jobs, waiting, clock)
    steps = Steps(jobs, batches, journal, waiting, planner, trial, clearing, clock)
    queues = Queues(jobs, snapshots, metrics, clock)
    worker = Worker(jobs, ways, steps, journal, queues, prover, Ledger(database, settings, clock), clock)
    receiver = Receiver(settings, jobs, ways, snapshots, metrics, queues, worker, clock)
    stores = OrderStore(database), DurationStore(database)
    orders = Orders(settings, *stores, ways, planner, waiting, queues, worker, metrics, clock)
    return Crew(receiver, orders, worker, waiting, prover, queues)
