"""Suspensions that people and hooks have reported, to whichever replica: every replica shows them."""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from exporter.clock import Clock
from exporter.errors import StoreError
from exporter.state.snapshots import Snapshots
from exporter.store.reports import Report, ReportStore

REPORT_LOOK = 2.0
"""Seconds until the store is looked at again. Not LISTEN and NOTIFY: PgBouncer in transaction pooling knows neither."""

log = structlog.get_logger(__name__)


class Reports:
    """The newest report of every integration, as it stands in the store."""

    def __init__(self, store: ReportStore, snapshots: Snapshots, clock: Clock) -> None:
        self._store = store
        self._snapshots = snapshots
        self._clock = clock
        self._seen: dict[str, Report] = {}
        self._away = False

    async def read(self) -> tuple[Report, ...]:
        """All of them; raises ``StoreError``."""
        return await self._store.all()

    def show(self, reports: Iterable[Report]) -> None:
        """Shows each whose integration is configured."""
        for report in reports:
            self._seen[report.integration] = report
            if report.integration in self._snapshots:
                self._snapshots.report(report.integration, report.suspension, report.reported_at)

    async def watch(self) -> None:
        """Shows what other replicas have taken, soon after; returns at once where nobody shares the store."""
        while self._store.shared:
            await self._clock.sleep(REPORT_LOOK)
            await self.look()

    async def look(self) -> None:
        """Shows what is new in the store; one that is away is logged once."""
        try:
            reports = await self.read()
        except StoreError as error:
            if not self._away:
                log.error("reports of suspensions not seen", error=str(error))
            self._away = True
            return
        if self._away:
            log.info("reports of suspensions seen again")
        self._away = False
        # Not by their times: of two that other replicas took, the later may bear the earlier one.
        self.show(report for report in reports if self._seen.get(report.integration) != report)
