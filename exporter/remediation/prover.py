"""Looks what resyncs have done: once soon after a job has ended, and once more when an error may have come back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import structlog

from exporter.catalog.catalog import UNSYNCED
from exporter.clock import Clock
from exporter.errors import StoreError, UpstreamError
from exporter.remediation.actions import Action, Ways, known_ways
from exporter.remediation.proof import proofs_of
from exporter.self_metrics import SelfMetrics
from exporter.store.job import Job
from exporter.store.proofs import CURED, Look, ProofStore, Sent

LOOK_PAUSE = 5.0
"""Seconds between looks whether there is something to look at."""

LAST_LOOK = 3600.0
"""Seconds after a job's end: what is gone by then HubSpot has tried again twice at least."""

LOOK_LEASE = 120.0
"""Seconds until somebody else may look, and until it is tried again after a failure."""

LONGEST_PROOF = 86400.0
"""Seconds after a job's end until nobody looks any more: its records stay without proof."""

log = structlog.get_logger(__name__)


class Prover:
    """Writes what it sees into the ledger, and counts it."""

    def __init__(self, proofs: ProofStore, ways: Mapping[str, Ways], metrics: SelfMetrics, clock: Clock) -> None:
        self._proofs = proofs
        self._ways = ways
        self._metrics = metrics
        self._clock = clock

    async def run(self) -> None:
        """Looks until cancelled."""
        while True:
            try:
                while await self.look():
                    pass
            except StoreError as error:
                log.debug("resyncs not looked at", error=str(error))
            await self._clock.sleep(LOOK_PAUSE)

    async def look(self, job_id: int | None = None) -> bool:
        """At the job that is due longest, or at this one; ``False`` if none is due. Raises ``StoreError``."""
        now = self._clock.time()
        too_late = now - LONGEST_PROOF
        look = await self._proofs.next_look(now, LOOK_LEASE, job_id, known_ways(self._ways), too_late)
        if look is None:
            return False
        action = self._ways.get(look.job.integration, Ways()).by_name.get(look.job.action)
        if look.finished_at < too_late or (action is None and not self._proofs.shared):
            await self._proofs.end(look)
            return True
        if action is None:  # reloaded this moment: another replica may know it still
            return True
        try:
            await self._prove(look, action)
        except UpstreamError as error:
            log.warning("resyncs not looked at", integration=look.job.integration, job=look.job.id, error=str(error))
        except StoreError:
            raise
        except Exception:  # a bug met by one look must end neither the others nor the exporter
            log.exception("bug in a look at resyncs", integration=look.job.integration, job=look.job.id)
        return True

    async def seen(self, job: Job, action: Action) -> tuple[tuple[Sent, ...], dict[str, str]]:
        """What was accepted of a job, and what is seen of it now; raises ``UpstreamError`` and ``StoreError``."""
        sent = await self._proofs.sent(job)
        if not sent:
            return (), {}
        # Before the errors: where a list is replaced meanwhile, the old one is not taken for what the new one says.
        lists = {category: await action.as_of(category) for category in {category for category, _ in job.errors}}
        # What has no error is in no list of them: whether it was synced since is all that can be seen of it.
        errors = await action.find(pair for pair in job.errors if pair[0] != UNSYNCED)
        synced = await action.synced_at([each.error_id for each in sent])
        return sent, proofs_of(sent, errors, synced, lists)

    async def _prove(self, look: Look, action: Action) -> None:
        sent, seen = await self.seen(look.job, action)
        if not sent:
            await self._proofs.end(look)
            return
        before = {each.error_id: each.proof for each in sent}
        # What had no effect at the first look is settled: HubSpot tries by itself again, and that is not our doing.
        news = {
            error_id: proof
            for error_id, proof in seen.items()
            if before[error_id] in ("", CURED) and proof != before[error_id]
        }
        now = self._clock.time()
        if not await self._proofs.prove(look, news, now, None if look.number else look.finished_at + LAST_LOOK):
            log.warning("another has looked meanwhile", integration=look.job.integration, job=look.job.id)
            return
        counts = Counter(news.values())
        for proof, count in counts.items():
            self._metrics.verified(look.job.integration, look.job.action, proof, count)
        log.info("resyncs looked at", integration=look.job.integration, job=look.job.id, **counts)
