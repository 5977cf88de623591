"""HubSpot's notification e-mails: whether it has suspended the integration, and that there are new sync errors.

Exports, for one integration::

    hubspot_salesforce_suspended{integration="acme"} 1
    hubspot_salesforce_mailbox_messages_total{integration="acme",result="matched"} 3

HubSpot tells of a suspension in no API, but sends an e-mail to whoever asked for it. What an e-mail says is found out
in ``exporter/mail``; here is how a folder of them becomes one statement:

- The newest statement holds, by the time the server received it: the ``Date`` of a message is its sender's word.
- Each message is read once, by its UID. Where UIDs begin anew (UIDVALIDITY), or messages are judged by other patterns
  than before, the last 30 days are read again and no message is counted twice; nothing of it holds before the end is
  reached, so that no old suspension is seen again for a moment.
- A message that looks relevant and states nothing that is understood is counted and named, and states nothing.

What was read stays read when the connection is lost: the payload is how far the folder was read and what holds by then.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from exporter.clients.connection import Connection
from exporter.clients.hubspot.client import HubSpotClient
from exporter.config.settings import Integration
from exporter.errors import UpstreamError, UpstreamTimeout
from exporter.model import MailboxNews
from exporter.schemas.json_schema import checked
from exporter.sources.letters.memory import SCHEMA, Memory, memory_of, remembered_memory
from exporter.sources.source import Fetched, Source, always, configured

GOES_ON_AFTER = 1.0
"""Seconds until the next poll where the end of the folder was not reached."""

ASK_AGAIN_AFTER = 86400.0
"""Seconds until HubSpot is asked again which account this is: the token may be another one's by now."""

PATIENCE = 4.0
"""Seconds for that answer, so that the mailbox still has its time within that of a poll."""

_WHICH_ACCOUNT = "which HubSpot account's e-mails are this integration's is not known: mailbox.account can say it"


async def fetch(connection: Connection, previous: Any) -> Any:
    """How far the folder was read, and what holds; with the error that ended it early, if one did."""
    # Where there is no mailbox nothing that reads e-mails is imported.
    from exporter.sources.letters.judge import Judge  # noqa: PLC0415
    from exporter.sources.letters.patterns import patterns_of  # noqa: PLC0415
    from exporter.sources.letters.reader import Reader  # noqa: PLC0415

    client = configured(connection.mailbox, "mailbox")
    settings, now = client.settings, connection.clock.time()
    patterns, written = await asyncio.to_thread(patterns_of, settings)
    memory = await _knowing_the_account(connection, remembered_memory(previous, settings.place, ""), now)
    judge = Judge(patterns, settings.account or memory.account, settings.shared, written)
    reader = Reader(memory, judge, now)
    try:
        reached_the_end = await client.read(reader)
    except UpstreamError as error:
        if reader.memory == memory:
            raise
        return Fetched(reader.memory.as_json(), {}, failure=error)
    return Fetched(reader.memory.as_json(), {}, more_in=None if reached_the_end else GOES_ON_AFTER)


async def _knowing_the_account(connection: Connection, memory: Memory, now: float) -> Memory:
    """With HubSpot's id of the account, where the configuration does not say which it is and a token can tell.

    Raises the API's refusal only as long as nobody has ever told: a message must not be taken for another account's.
    """
    settings, hubspot = connection.settings.mailbox, connection.hubspot
    if settings is None or settings.account is not None or hubspot is None:
        return replace(memory, account=None)
    if memory.account is not None and now < memory.asked_at + ASK_AGAIN_AFTER:
        return memory
    try:
        portal_id = await _portal_id(hubspot)
    except UpstreamError as error:
        if memory.account is not None:
            return memory
        raise error.retold(f"{_WHICH_ACCOUNT} ({error})") from error
    return replace(memory, account=str(portal_id), asked_at=now)


async def _portal_id(hubspot: HubSpotClient) -> int:
    try:
        async with asyncio.timeout(PATIENCE):
            return int((await hubspot.account_details()).body["portalId"])
    except TimeoutError:
        raise UpstreamTimeout(f"HubSpot has not answered within {PATIENCE:g} s") from None


def parse(payload: Any, _read_at: float) -> MailboxNews:
    return memory_of(checked(payload, SCHEMA, "mailbox")).news()


def applies(integration: Integration) -> bool:
    return integration.mailbox is not None


SOURCE = Source("mailbox", applies, fetch, parse, slow=always)
