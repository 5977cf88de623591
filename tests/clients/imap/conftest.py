"""A real mail server for a file of tests, and clients of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from exporter.clients.imap.client import MailboxClient
from exporter.clients.imap.mailboxes import Mailboxes
from exporter.config.network import Network
from exporter.config.secret import Secret
from exporter.config.settings import Mailbox
from exporter.demo.dovecot import Dovecot, running_dovecot
from tests.clocks import ManualClock

MESSAGE = b"From: HubSpot <noreply@hubspot.com>\r\nSubject: {}\r\n\r\nText\r\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def dovecot(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Dovecot]:
    """Each test delivers into a folder of its own."""
    async with running_dovecot(tmp_path_factory.mktemp("dovecot")) as server:
        yield server


@pytest.fixture
def settings(dovecot: Dovecot, tmp_path: Path) -> Mailbox:
    """Of the inbox."""
    password = tmp_path / "password"
    password.write_text(dovecot.account.password)
    return Mailbox(
        host="127.0.0.1",
        port=dovecot.port,
        tls="off",
        username=dovecot.account.username,
        credential=Secret(file=password),
        is_token=False,
        folder="INBOX",
        patterns_file=None,
        account=None,
        senders=None,
    )


Make = Callable[..., MailboxClient]


@pytest.fixture
def make(settings: Mailbox, clock: ManualClock) -> Make:
    """A client whose settings differ in these; ``whole`` and ``reads_for`` are its time limits."""
    shared = Mailboxes(clock)

    def made(
        whole: float = 10.0, reads_for: float = 10.0, network: Network | None = None, **changed: Any
    ) -> MailboxClient:
        return MailboxClient(replace(settings, **changed), network or Network(), shared, whole, reads_for)

    return made


def message(subject: str, size: int = 0) -> bytes:
    return MESSAGE.replace(b"{}", subject.encode()) + b"a line of text\r\n" * (size // 16)
