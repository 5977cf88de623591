"""The running exporter: assembles the parts in one place, and changes them when the configuration does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import structlog
from starlette.applications import Starlette
from starlette.requests import Request

from exporter.clients.http.client import ClientOpener
from exporter.clients.hubspot.account_paces import AccountPaces
from exporter.clock import Clock
from exporter.config.file import load_config
from exporter.config.problem import ConfigError, Problem
from exporter.config.settings import Config
from exporter.connections import Connections, OpenHttp
from exporter.errors import StoreError
from exporter.exposition.page import Exposition
from exporter.polling.budget import Budget
from exporter.polling.poller import Poller
from exporter.polling.recoveries import Recoveries
from exporter.polling.reports import Reports
from exporter.polling.target import Target, targets_of
from exporter.remediation.assembly import Crew, assemble
from exporter.remediation.prover import Prover
from exporter.remediation.worker import Worker
from exporter.self_metrics import SelfMetrics
from exporter.state.snapshots import Snapshots
from exporter.state.upkeep import Upkeep
from exporter.store.calls import CallStore
from exporter.store.database import Database, open_database
from exporter.store.exports import ExportStore
from exporter.store.history import ResyncHistory
from exporter.store.paces import shared_paces
from exporter.store.polls import PollStore
from exporter.store.recoveries import RecoveryStore
from exporter.store.reports import ReportStore
from exporter.web.admission import needs_no_user
from exporter.web.app import build_app

log = structlog.get_logger(__name__)


class Service:
    """All the parts, wired together. ``config_file`` is what ``reload`` reads."""

    def __init__(
        self,
        config: Config,
        database: Database,
        open_http: OpenHttp,
        clock: Clock,
        config_file: Path | None = None,
        *,
        lifecycle: bool = False,
        reload_web: Callable[[], None] = lambda: None,
    ) -> None:
        self._config = config
        self._reload_web = reload_web
        self._config_file = config_file
        self._clock = clock
        self._reloading = asyncio.Lock()
        self._polling: asyncio.Task[None] | None = None
        self._leaving = False
        self._budget = Budget(CallStore(database), clock)
        self.history = ResyncHistory(database)
        self.metrics = SelfMetrics()
        self.upkeep = Upkeep(database.problem, self.metrics)
        self.snapshots = Snapshots(config.integrations, clock.time())
        self.exposition = Exposition(self.metrics, clock, self.snapshots.__getitem__)
        self.snapshots.watch(self.exposition.update, self.exposition.forget)
        report_store = ReportStore(database)
        self._reports = Reports(report_store, self.snapshots, clock)
        self.recoveries = Recoveries(RecoveryStore(database), self.snapshots, clock)
        self._shared_paces = shared_paces(database)
        paces = AccountPaces(clock, self._shared_paces)
        self._connections = Connections(
            open_http, self._budget.spend, self.metrics, clock, paces, ExportStore(database)
        )
        targets = self._connect(config)
        self.poller = Poller(targets, PollStore(database), self.snapshots, self._budget, self.metrics, clock)
        ways = self._connections.ways
        self._crew = assemble(
            lambda: self._config.remediation, database, ways, self.snapshots, self.metrics, clock, self.poller.hasten
        )
        self.app: Starlette = build_app(
            exposition=self.exposition,
            snapshots=self.snapshots,
            poller=self.poller,
            receiver=self._crew.receiver,
            orders=self._crew.orders,
            history=self.history,
            reports=report_store,
            connections=self._connections.by_name,
            metrics=self.metrics,
            upkeep=self.upkeep,
            settings=lambda: self._config.remediation,
            store_problem=database.problem,
            leaving=lambda: self._leaving,
            reload=self.reload if lifecycle else None,
            clock=clock,
        )

    @property
    def crew(self) -> Crew:
        """Who does the remediation, one by one."""
        return self._crew

    @property
    def worker(self) -> Worker:
        """Who works off the jobs."""
        return self._crew.worker

    @property
    def prover(self) -> Prover:
        """Who looks what they have done."""
        return self._crew.prover

    def needs_no_user(self, request: Request) -> bool:
        """Whether this request comes in by a token, where users are demanded of others."""
        return needs_no_user(request, self._config.remediation.order_tokens)

    async def look_at_reports(self) -> None:
        """Takes up what another process on the same store was told of suspensions."""
        await self._reports.look()

    async def restore(self, *, take_over: bool = True) -> None:
        """Takes up what the last process knew and, with ``take_over``, the jobs it left; raises ``StoreError``."""
        if self._shared_paces is not None:
            await self._shared_paces.forget_old()
        await self.poller.restore()
        self._reports.show(await self._reports.read())
        self.recoveries.show(await self.recoveries.read())
        if take_over:
            await self.worker.restore()

    async def run(self) -> None:
        """Polls and works until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            self._polling = tasks.create_task(self.poller.run())
            tasks.create_task(self.worker.run())
            tasks.create_task(self._reports.watch())
            tasks.create_task(self.recoveries.run())
            tasks.create_task(self.upkeep.watch())

    async def leave(self, seconds: float) -> None:
        """Not ready any more, polls nothing and takes no more jobs; a request of one that is under way has so many
        ``seconds`` to come to its end. A notification that comes now is stored, for whoever comes after us."""
        self._leaving = True
        if self._polling is not None:
            self._polling.cancel()
        self._crew.waiting.stop()
        await self.worker.leave(seconds)

    async def reload(self) -> None:
        """Applies the configuration files as they are now: all of it, or nothing with a ``ConfigError``.

        An integration that has not changed keeps its schedule, its sessions and its series.
        """
        async with self._reloading:
            try:
                config = self._readable()
                self._reload_web()
                await self._apply(config)
            except (ConfigError, StoreError) as error:
                self.upkeep.reloaded(False)
                log.error("configuration not reloaded", error=str(error))
                raise
            self.upkeep.reloaded(True)

    async def _apply(self, config: Config) -> None:
        # First, so that a store that is away changes nothing.
        reports, recoveries = await self._reports.read(), await self.recoveries.read()
        unchanged = {entry.name for entry in config.integrations if self._config.integration(entry.name) == entry}
        if config.network != self._config.network:
            unchanged.clear()
        closing = self._connections.drop_all_but(unchanged)
        removed = {entry.name for entry in self._config.integrations} - {entry.name for entry in config.integrations}
        targets = self._connect(config)
        self._config = config
        self.snapshots.reconfigure(config.integrations, _sources(targets), self._clock.time())
        self._reports.show(reports)
        self.recoveries.show(recoveries)
        for name in removed:
            self.metrics.forget(name)
        dropped = {target.key for target in self.poller.targets} - {target.key for target in targets}
        await self.poller.reconfigure(targets)
        for key in dropped:
            self.metrics.forget_source(*key)
        for http in closing:
            await http.aclose()
        for entry in config.integrations:
            await self._crew.queues.show(entry.name)
        log.info("configuration reloaded", integrations=len(config.integrations), unchanged=len(unchanged))

    def _readable(self) -> Config:
        if self._config_file is None:
            raise ConfigError((Problem("", 1, "", "no configuration file", "a file to reload"),))
        config = load_config(self._config_file)
        if (config.store, config.store_password) != (self._config.store, self._config.store_password):
            raise ConfigError(
                (Problem(str(self._config_file), 1, "store", "another store", "the same store until the next restart"),)
            )
        return config

    def _connect(self, config: Config) -> tuple[Target, ...]:
        """Connects what is not connected yet, and says what there is to poll."""
        self._budget.caps = {
            entry.name: entry.salesforce.max_api_calls_per_day for entry in config.integrations if entry.salesforce
        }
        self._connections.open(config.integrations, config.network)
        targets = targets_of(config.integrations, self._connections.by_name)
        for target in targets:
            self.metrics.know_source(target.source.name)
        return targets

    async def close(self) -> None:
        """Closes every HTTP client."""
        await self._connections.close()


@contextlib.asynccontextmanager
async def open_service(
    config: Config,
    clock: Clock,
    transport: httpx.AsyncBaseTransport | None = None,
    config_file: Path | None = None,
    *,
    lifecycle: bool = False,
    take_over: bool = True,
    reload_web: Callable[[], None] = lambda: None,
) -> AsyncIterator[Service]:
    """Opens the store and wires everything together; ``transport`` replaces the network in tests.

    Without ``take_over`` the jobs in the store are left alone: another process may be at them. Raises ``StoreError``.
    """
    async with contextlib.AsyncExitStack() as stack:
        database = await open_database(config.store, config.store_password)
        stack.push_async_callback(database.close)
        service = Service(
            config, database, ClientOpener(transport), clock, config_file, lifecycle=lifecycle, reload_web=reload_web
        )
        stack.push_async_callback(service.close)
        await service.restore(take_over=take_over)
        yield service


def _sources(targets: tuple[Target, ...]) -> dict[str, set[str]]:
    """The sources of each integration by name."""
    by_name: dict[str, set[str]] = {}
    for target in targets:
        by_name.setdefault(target.integration, set()).add(target.source.name)
    return by_name
