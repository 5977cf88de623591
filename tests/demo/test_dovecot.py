"""The real IMAP server: it starts, takes messages, and leaves nothing."""

from __future__ import annotations

import asyncio
import imaplib
from pathlib import Path

import pytest

from exporter.demo.dovecot import Dovecot, running_dovecot

MESSAGE = b"From: notifications@hubspot.example\r\nSubject: Hello\r\n\r\nText\r\n"


def fetched(server: Dovecot, folder: str) -> bytes:
    """Received when, and what, of the first message of a folder."""
    client = imaplib.IMAP4("127.0.0.1", server.port, timeout=10)
    with client:
        client.login(server.account.username, server.account.password)
        client.select(folder, readonly=True)
        _status, parts = client.uid("FETCH", "1", "(INTERNALDATE BODY.PEEK[])")
    return b" ".join(parts[0]) if isinstance(parts[0], tuple) else b""


async def test_what_is_delivered_can_be_read(tmp_path: Path) -> None:
    """In the inbox or another folder, as received when it is said to have been; afterwards its folder is gone."""
    async with running_dovecot(tmp_path) as server:
        server.deliver(MESSAGE, received_at=1_700_000_000.0)
        server.deliver(MESSAGE.replace(b"Hello", b"Elsewhere"), folder=".Alerts")
        inbox, alerts = [await asyncio.to_thread(fetched, server, folder) for folder in ("INBOX", "Alerts")]
    assert b"14-Nov-2023 22:13:20 +0000" in inbox
    assert MESSAGE in inbox
    assert b"Subject: Elsewhere" in alerts
    assert not server.home.exists()


async def test_a_wrong_password_is_refused(tmp_path: Path) -> None:
    """As any server would."""
    async with running_dovecot(tmp_path) as server:
        client = imaplib.IMAP4("127.0.0.1", server.port, timeout=10)
        with client, pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
            client.login(server.account.username, "wrong")
