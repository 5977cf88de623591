"""A replica that does nothing but poll: ``python -m tests.e2e.replica CONFIG DEADLINE``, until it is ended.

Or nothing but take turns, or spend API calls: ``… turns URL SECONDS`` prints when each call had its turn, ``… spend URL
CAP TRIES`` how many were let through.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from exporter.clients.hubspot.account_paces import AccountPaces
from exporter.clock import SystemClock
from exporter.config.file import load_config
from exporter.logs import set_up_logging
from exporter.store.calls import CallStore
from exporter.store.database import open_database
from exporter.store.paces import shared_paces
from tests.e2e.load import open_poller

LANES = 40
NOW = 1_800_000_000.0


async def poll(config: str, deadline: str) -> None:
    async with open_poller(load_config(Path(config)), SystemClock(), deadline=float(deadline)) as (poller, _exposition):
        await poller.run()


async def turns(url: str, seconds: str) -> None:
    """With many lanes that always have something to send."""
    database = await open_database(url)
    pace = AccountPaces(SystemClock(), shared_paces(database)).calls("http://hubspot", "token")
    ends_at, left = time.time() + float(seconds), []

    async def lane() -> None:
        while time.time() < ends_at:
            await pace.wait()
            left.append(time.time())

    await asyncio.gather(*(lane() for _ in range(LANES)))
    await database.close()
    sys.stdout.write(json.dumps(left))


async def spend(url: str, cap: str, tries: str) -> None:
    """As many at once as the database has connections for."""
    database = await open_database(url)
    store = CallStore(database)
    spent = await asyncio.gather(*(store.spend("acme", int(cap), NOW) for _ in range(int(tries))))
    await database.close()
    sys.stdout.write(json.dumps(sum(map(bool, spent))))


def main(arguments: Sequence[str]) -> None:
    set_up_logging("info", "logfmt")
    if arguments[0] == "turns":
        asyncio.run(turns(*arguments[1:]))
    elif arguments[0] == "spend":
        asyncio.run(spend(*arguments[1:]))
    else:
        asyncio.run(poll(*arguments))


if __name__ == "__main__":
    main(sys.argv[1:])
