"""Where the e-mails of the simulated HubSpot arrive: Debian's Dovecot where one is installed, else the simulator's own
IMAP server."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from exporter.demo.dovecot import Dovecot, is_installed, running_dovecot
from exporter.demo.simulator.settings import Settings

CARRIED_EVERY = 0.3
"""Seconds between two walks of the postman."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Plain IMAP on loopback; ``server`` says whose it is."""

    port: int
    username: str
    password: str
    server: str


@contextlib.asynccontextmanager
async def running_mailbox(
    folder: Path, simulator: str, org: str, simulated_port: int, *, real: bool | None = None
) -> AsyncIterator[Mailbox]:
    """What HubSpot writes to the owner of an org can be read there until the block ends. ``simulated_port`` is where
    the simulator serves it; it is a ``real`` server where there is one, unless somebody wants it otherwise."""
    if not (is_installed() if real is None else real):
        address = f"crm-alerts@{org}.example"
        yield Mailbox(simulated_port, address, Settings().mailbox_password, "the simulator's IMAP server")
        return
    async with running_dovecot(folder) as dovecot, httpx.AsyncClient(trust_env=False) as http:
        postman = asyncio.create_task(_carry(http, f"{simulator}/control/{org}/outbox", dovecot), name="postman")
        try:
            yield Mailbox(
                dovecot.port, dovecot.account.username, dovecot.account.password, "Dovecot, a real IMAP server"
            )
        finally:
            postman.cancel()
            await asyncio.gather(postman, return_exceptions=True)


async def _carry(http: httpx.AsyncClient, outbox: str, dovecot: Dovecot) -> None:
    """Delivers what is written until cancelled; a simulator that does not answer is asked again."""
    delivered = 0
    while True:
        with contextlib.suppress(httpx.TransportError):
            for mail in (await http.get(outbox, params={"after": delivered})).json()["mails"]:
                message = await http.get(f"{outbox}/{mail['number']}")
                dovecot.deliver(message.content)
                delivered = mail["number"]
        await asyncio.sleep(CARRIED_EVERY)
