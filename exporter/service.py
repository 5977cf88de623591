"""The running exporter: assembles the parts in one place and keeps them running until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import httpx
import structlog
import uvicorn
from starlette.applications import Starlette

from exporter import __version__
from exporter.clients.connection import Connection, connect
from exporter.clock import Clock, SystemClock
from exporter.config import Config
from exporter.errors import ListenError
from exporter.exposition import Exposition
from exporter.poller import Poller, targets_of
from exporter.remediation.actions.bridge import BridgeResync
from exporter.remediation.receiver import Receiver
from exporter.remediation.worker import Worker
from exporter.self_metrics import APIS, SelfMetrics
from exporter.snapshots import Snapshots
from exporter.store.database import open_database
from exporter.store.jobs import JobStore
from exporter.store.polls import PollStore
from exporter.web.app import build_app

SHUTDOWN_GRACE = 5

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Service:
    """The parts that run."""

    app: Starlette
    poller: Poller
    worker: Worker


@contextlib.asynccontextmanager
async def open_service(
    config: Config, clock: Clock, transport: httpx.AsyncBaseTransport | None = None
) -> AsyncIterator[Service]:
    """Opens the store, takes up where the last process stopped, and wires everything together.

    ``transport`` replaces the network in tests. Raises ``StoreError``.
    """
    async with contextlib.AsyncExitStack() as stack:
        database = await open_database(config.store)
        stack.push_async_callback(database.close)
        http = await stack.enter_async_context(httpx.AsyncClient(transport=transport, trust_env=True))
        metrics, snapshots = SelfMetrics(), Snapshots(config.integrations)
        connections = {entry.name: connect(entry, http, clock, metrics.request) for entry in config.integrations}
        actions = _actions(connections)
        _know(config, connections, actions, metrics)

        exposition = Exposition(metrics, clock)
        snapshots.watch(exposition.update)
        poller = Poller(targets_of(config.integrations, connections), PollStore(database), snapshots, metrics, clock)
        jobs = JobStore(database)
        worker = Worker(jobs, actions, snapshots, metrics, clock)
        await poller.restore()
        await worker.restore()
        receiver = Receiver(config.remediation, jobs, actions, snapshots, metrics, worker, clock)
        app = build_app(
            exposition=exposition,
            snapshots=snapshots,
            poller=poller,
            receiver=receiver,
            jobs=jobs,
            metrics=metrics,
            webhook_token=config.remediation.webhook_token,
            clock=clock,
        )
        yield Service(app, poller, worker)


def _actions(connections: dict[str, Connection]) -> dict[str, BridgeResync]:
    return {
        name: BridgeResync(connection.bridge)
        for name, connection in connections.items()
        if connection.bridge is not None
    }


def _know(
    config: Config, connections: dict[str, Connection], actions: dict[str, BridgeResync], metrics: SelfMetrics
) -> None:
    for target in targets_of(config.integrations, connections):
        metrics.know_source(target.integration, target.source.name)
    for name, connection in connections.items():
        metrics.know_integration(name, [api for api in APIS if getattr(connection, api, None) is not None])
    for name, action in actions.items():
        metrics.know_action(name, action.name)


async def serve(config: Config, listen: socket.socket) -> None:
    """Serves until SIGINT or SIGTERM."""
    async with open_service(config, SystemClock()) as service:
        server = _Server(
            uvicorn.Config(
                service.app,
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=SHUTDOWN_GRACE,
                lifespan="off",
            )
        )
        loop = asyncio.get_running_loop()
        for signum in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(signum, server.stop)
        host, port = listen.getsockname()[:2]
        log.info("listening", address=f"{host}:{port}", version=__version__, integrations=len(config.integrations))
        async with asyncio.TaskGroup() as tasks:
            work = [tasks.create_task(service.poller.run()), tasks.create_task(service.worker.run())]
            await server.serve(sockets=[listen])
            for task in work:
                task.cancel()
        log.info("stopped")


def listen_on(address: str) -> socket.socket:
    """A listening socket for ``host:port`` or ``:port``; raises ``ListenError`` naming the address."""
    host, _, port = address.rpartition(":")
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # TCP named outright: asyncio sets TCP_NODELAY only then, and without it small answers wait for the peer's ACK.
        bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host.strip("[]"), int(port)))
        bound.listen(128)
    except (OSError, ValueError, OverflowError) as error:
        raise ListenError(f"--web.listen-address={address}: {error}; expected host:port or :port") from error
    return bound


class _Server(uvicorn.Server):
    """Leaves the signals to ``serve``, which has more to end than the server."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop(self) -> None:
        self.should_exit = True
