"""One file of the event log, read by itself: which apps make calls, for who only wants to know their names."""

from __future__ import annotations

import asyncio

from exporter.clients.salesforce.client import SalesforceClient
from exporter.sources.usage_log.app_calls import AppCalls
from exporter.sources.usage_log.call_log import CallLog
from exporter.sources.usage_log.identity import Identity
from exporter.sources.usage_log.log_file import LogFile


async def sampled_calls(
    salesforce: SalesforceClient, file: LogFile, identity: Identity, user: str | None
) -> tuple[AppCalls, ...]:
    """For one API call; ``user`` is the integration's. Raises ``UpstreamError``."""
    log = CallLog(file, identity, user, f"log file {file.id}")
    async with salesforce.stream(f"sobjects/EventLogFile/{file.id}/LogFile") as pieces:
        async for piece in pieces:
            await asyncio.to_thread(log.feed, piece)
    return await asyncio.to_thread(log.end)
