"""The exporter that is scraped: ``python -m tests.bench.served PORT INTEGRATIONS POLLED FOLDER``. The whole service,
with readings of everything, under the server of ``serve``."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from exporter.clock import SystemClock
from exporter.config.secret import Secret
from exporter.config.settings import Remediation
from exporter.logs import set_up_logging
from exporter.polling.budget import Budget
from exporter.server import listen_on
from exporter.service import Service, open_service
from exporter.state.reading import Reading
from exporter.store.calls import CallStore
from exporter.store.database import open_database
from exporter.store.polls import PollStore
from tests.bench.fleet import fill, fleet_config, poll_half, readings_of_one
from tests.bench.watch import Watch
from tests.e2e.load import WatchedPoller


@contextlib.asynccontextmanager
async def exporter(folder: Path, integrations: int, polled: int) -> AsyncIterator[Starlette]:
    """The service as ``serve`` opens it, with readings of everything."""
    (folder / "webhook-token").write_text("a-webhook-token")
    remediation = Remediation(webhook_tokens=(Secret(folder / "webhook-token"),))
    config = dataclasses.replace(
        fleet_config(folder, integrations, polled=polled, remediation=remediation),
        store=f"sqlite:///{folder / 'served.db'}",
    )
    readings = await readings_of_one(folder)
    clock = SystemClock()
    (folder / "sync-health.json").write_text('{"as_of": "2026-11-21T10:00:00Z"}')
    async with open_service(config, clock) as service:
        fill(service, readings)
        database = await open_database(config.store)
        try:
            poller = _poller(service, PollStore(database), CallStore(database))
            await poller.restore()
            service.app.router.routes.extend((*Watch(poller).routes(), _polls(service, readings)))
            yield service.app
        finally:
            await database.close()


def _polls(service: Service, readings: tuple[Reading, ...]) -> Route:
    """``POST /bench/poll``: half of the fleet has been polled when it answers."""

    async def poll(_request: Request) -> Response:
        poll_half(service, readings)
        return PlainTextResponse("polled")

    return Route("/bench/poll", poll, methods=["POST"])


def _poller(service: Service, polls: PollStore, calls: CallStore) -> WatchedPoller:
    """Of those integrations that read a file."""
    targets = [target for target in service.poller.targets if target.connection.settings.salesforce is None]
    clock = SystemClock()
    return WatchedPoller(targets, polls, service.snapshots, Budget(calls, clock), service.metrics, clock)


async def serve(port: int, integrations: int, polled: int, folder: Path) -> None:
    async with exporter(folder, integrations, polled) as app:
        server = uvicorn.Server(
            uvicorn.Config(app, log_config=None, access_log=False, server_header=False, lifespan="off")
        )
        with listen_on(f"127.0.0.1:{port}") as listen:
            await server.serve(sockets=[listen])


def main(arguments: Sequence[str]) -> None:
    set_up_logging("error", "logfmt")
    port, integrations, polled, folder = arguments
    asyncio.run(serve(int(port), int(integrations), int(polled), Path(folder)))


if __name__ == "__main__":
    main(sys.argv[1:])
