"""A mailbox with ten thousand messages, one with a message of 20 MB, and one that goes silent in the middle."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from exporter.clients.connection import Connection, connect
from exporter.config.secret import Secret
from exporter.config.settings import Integration, Mailbox
from exporter.demo.dovecot import Dovecot, running_dovecot
from exporter.demo.simulator.mail.letter import letter
from exporter.demo.simulator.mail.wording import clearance, suspension
from exporter.errors import UpstreamTimeout
from exporter.model import MailboxNews, Suspension
from exporter.sources.letters.reader import MOST_AT_FIRST
from exporter.sources.mailbox import fetch, parse
from exporter.sources.source import Fetched
from tests.clients.imap.servers import listening
from tests.clocks import LoneClock

pytestmark = pytest.mark.faults

NOW = 1_800_000_000.0
HOUR = 3_600.0
MEGABYTE = 1024 * 1024
STRANGER = b"From: somebody@acme.example\r\nSubject: Hello\r\n\r\n" + b"A line of text\r\n" * 100


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def dovecot(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Dovecot]:
    async with running_dovecot(tmp_path_factory.mktemp("dovecot")) as server:
        yield server


def connected(dovecot: Dovecot, folder: Path, name: str, port: int | None = None) -> Connection:
    password = folder / "password"
    password.write_text(dovecot.account.password)
    username = dovecot.account.username
    settings = Mailbox(
        "127.0.0.1", port or dovecot.port, "off", username, Secret(file=password), False, name, None, None, None
    )
    integration = Integration("acme", None, None, None, "immediate", {}, mailbox=settings)
    return connect(integration, httpx.AsyncClient(), LoneClock(NOW), lambda *_: None)


async def polled(connection: Connection, previous: Any) -> tuple[Any, MailboxNews, int]:
    """The payload to the end of the folder, what it says, and in how many polls."""
    for polls in range(1, 100):
        told = await fetch(connection, previous)
        assert isinstance(told, Fetched)
        assert told.failure is None
        previous = json.loads(json.dumps(told.payload))
        if told.more_in is None:
            return previous, parse(previous, NOW), polls
    raise AssertionError("the folder has no end")


async def test_ten_thousand_messages(dovecot: Dovecot, tmp_path: Path) -> None:
    """The newest half is looked at first, and all that come later; in little memory, as a payload of little."""
    dovecot.deliver(letter(clearance(4711), "acme", 4711, 1, NOW), NOW - 29 * HOUR, ".Many")
    for number in range(MOST_AT_FIRST - 2):
        dovecot.deliver(STRANGER, NOW - 28 * HOUR + number, ".Many")
    dovecot.deliver(letter(suspension(4711, "salesforce_org_locked"), "acme", 4711, 2, NOW), NOW - HOUR, ".Many")
    connection = connected(dovecot, tmp_path, "Many")
    tracemalloc.start()
    payload, news, _polls = await polled(connection, None)
    assert news.suspension == Suspension(True, "salesforce_org_locked", NOW - HOUR)
    for number in range(10_000 - MOST_AT_FIRST):
        dovecot.deliver(STRANGER, NOW - HOUR + number / 10, ".Many")
    payload, news, _polls = await polled(connection, payload)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert dict(news.totals) == {"matched": 2, "unmatched": 0, "ignored": 9_998}
    assert len(json.dumps(payload)) < 2_000
    assert peak < 30 * MEGABYTE


async def test_a_message_of_twenty_megabytes(dovecot: Dovecot, tmp_path: Path) -> None:
    """Its beginning says what it says; the rest is never fetched."""
    attached = letter(suspension(4711, "unknown_error"), "acme", 4711, 3, NOW) + b"An attachment\r\n" * (
        20 * MEGABYTE // 15
    )
    dovecot.deliver(attached, NOW - HOUR, ".Large")
    connection = connected(dovecot, tmp_path, "Large")
    await asyncio.to_thread(lambda: None)
    tracemalloc.start()
    _payload, news, _polls = await polled(connection, None)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert news.suspension == Suspension(True, "unknown_error", NOW - HOUR)
    assert peak < 12 * MEGABYTE


async def test_a_server_that_goes_silent_in_the_middle(dovecot: Dovecot, tmp_path: Path) -> None:
    """Ten seconds without a byte are an error of the kind timeout."""
    dovecot.deliver(STRANGER, NOW - HOUR, ".Silent")

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_connection("127.0.0.1", dovecot.port)
        try:
            writer.write(await theirs.readline())
            for _command in range(2):
                ours.write(await reader.readline())
                writer.write(await theirs.readline())
            await reader.read()
        finally:
            ours.close()

    async with listening(talk) as port:
        with pytest.raises(UpstreamTimeout, match=r"127\.0\.0\.1: silent for 10 s") as caught:
            await fetch(connected(dovecot, tmp_path, "Silent", port), None)
    assert caught.value.kind == "timeout"
