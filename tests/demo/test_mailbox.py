"""Where the demo's e-mails arrive: in the real server, or in the simulator's own."""

from __future__ import annotations

import asyncio
import imaplib
from pathlib import Path

import httpx
import pytest

from exporter.demo.mailbox import Mailbox, running_mailbox
from exporter.demo.processes import free_port, running
from exporter.demo.stage import ORG, plan_stage, simulator_program

pytestmark = pytest.mark.binaries


def subjects(mailbox: Mailbox) -> bytes:
    with imaplib.IMAP4("127.0.0.1", mailbox.port, timeout=10) as client:
        client.login(mailbox.username, mailbox.password)
        client.select("INBOX", readonly=True)
        _status, parts = client.uid("FETCH", "1:*", "(BODY.PEEK[HEADER])")
    return b"".join(part[1] for part in parts if isinstance(part, tuple))


@pytest.mark.parametrize(("real", "server"), [(True, "Dovecot, a real IMAP server"), (False, "the simulator's")])
async def test_what_hubspot_writes_arrives(tmp_path: Path, real: bool, server: str) -> None:
    """In whichever it is, and it says which."""
    stage, port = plan_stage(tmp_path), free_port()
    async with (
        running(simulator_program(stage, port), tmp_path / "simulator.log"),
        running_mailbox(tmp_path, stage.simulator, ORG, port, real=real) as mailbox,
        httpx.AsyncClient(base_url=stage.simulator, trust_env=False) as http,
    ):
        assert mailbox.server.startswith(server)
        body = {"reason": "salesforce_org_locked"}
        (await http.post(f"/control/{ORG}/suspend", json=body)).raise_for_status()
        async with asyncio.timeout(20):
            while b"Your Salesforce integration was suspended" not in await asyncio.to_thread(subjects, mailbox):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
