"""The simulator as one ASGI app."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette

from exporter.demo.simulator import bridge_api
from exporter.demo.simulator.control.api import Control
from exporter.demo.simulator.hubspot import account_api, crm_api
from exporter.demo.simulator.life.life import Life
from exporter.demo.simulator.salesforce import data_api, status_api, token_api
from exporter.demo.simulator.world import World


def build_app(world: World, sync_interval: float | None = 1.0, life: Life | None = None) -> Starlette:
    """All APIs over one world. While the app runs, a round happens every `sync_interval` seconds; None: only on
    demand (`POST /control/{org}/tick`). With a `life`, people do something before each round."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        ticker = asyncio.create_task(world.run(sync_interval, life.live if life else None)) if sync_interval else None
        try:
            yield
        finally:
            if ticker is not None:
                ticker.cancel()
                with suppress(asyncio.CancelledError):
                    await ticker

    return Starlette(
        routes=[
            *Control(world).routes(),
            *status_api.routes(world),
            *token_api.routes(world),
            *data_api.routes(world),
            *crm_api.routes(world),
            *account_api.routes(world),
            *bridge_api.routes(world),
        ],
        lifespan=lifespan,
    )
