"""An integration whose org answers as a test says."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from exporter.clients.connection import connect
from exporter.config.file import load_config
from exporter.model import Access
from exporter.sources.salesforce_access import fetch, parse
from exporter.sources.source import Fetched
from tests.clocks import ManualClock
from tests.sources.access.org_answers import OrgAnswers


class Watcher:
    """Polls an org again and again; each poll knows what the one before it was told."""

    def __init__(self, org: OrgAnswers, connection: Any, clock: ManualClock) -> None:
        self.org = org
        self.clock = clock
        self._connection = connection
        self.previous: Any = None

    async def poll(self) -> Access:
        """What is known then."""
        return (await self.told())[0]

    async def told(self) -> tuple[Access, dict[str, str]]:
        """What is known then, and which parts are missing, with the reason."""
        fetched: Fetched = await fetch(self._connection, self.previous)
        self.previous = json.loads(json.dumps(fetched.payload))
        missing = {name: str(error) for name, error in fetched.parts.items() if error is not None}
        return parse(self.previous, self.clock.time()), missing


Watch = Callable[..., Watcher]


@pytest.fixture
async def watch(config_data: dict[str, Any], write_config: Any, clock: ManualClock) -> AsyncIterator[Watch]:
    """Somebody who watches the org with these settings of ``salesforce``."""
    async with contextlib.AsyncExitStack() as stack:

        def made(org: OrgAnswers, **salesforce: Any) -> Watcher:
            http = httpx.AsyncClient(transport=org, trust_env=False)
            stack.push_async_callback(http.aclose)
            config_data["integrations"][0]["salesforce"] |= {
                "integration_user": "hubspot@acme.example",
                "objects": ["Contact"],
                **salesforce,
            }
            integration = load_config(write_config(config_data)).integrations[0]
            return Watcher(org, connect(integration, http, clock, lambda *_: None), clock)

        yield made
