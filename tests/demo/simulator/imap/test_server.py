"""HubSpot's e-mails over IMAP, as a client that keeps to the protocol sees them."""

from __future__ import annotations

import asyncio
import imaplib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from exporter.clients.imap.client import MailboxClient
from exporter.clients.imap.mailboxes import Mailboxes
from exporter.config.network import Network
from exporter.config.secret import Secret
from exporter.config.settings import Mailbox
from exporter.demo.simulator.imap.server import serving_mail
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.world import World
from exporter.errors import AuthError, InvalidAnswer
from tests.clients.imap.listener import Listener
from tests.clocks import LoneClock


@pytest.fixture
async def port(world: World) -> AsyncIterator[int]:
    async with serving_mail(world) as port:
        yield port


@pytest.fixture
def settings(port: int, tmp_path: Path, world: World) -> Mailbox:
    secret = tmp_path / "secret"
    secret.write_text(world.settings.mailbox_password)
    return Mailbox(
        "127.0.0.1", port, "off", "crm-alerts@acme.example", Secret(file=secret), False, "INBOX", None, None, None
    )


def client_of(settings: Mailbox) -> MailboxClient:
    return MailboxClient(settings, Network(), Mailboxes(LoneClock()))


async def test_what_hubspot_wrote_is_read(settings: Mailbox, acme: Org) -> None:
    """Each with its bytes and its time, by UIDs that go on."""
    acme.suspend("salesforce_org_locked")
    acme.tick()
    listener = Listener()
    client = client_of(settings)
    assert await client.read(listener)
    (mail,) = acme.outbox
    (letter,) = listener.letters
    assert (letter.uid, letter.raw) == (1, mail.raw)
    assert letter.received_at == pytest.approx(mail.sent_at, abs=1.0)
    assert listener.next_uid == 2


@pytest.mark.parametrize("is_token", [False, True])
async def test_who_has_the_wrong_secret_is_refused(
    settings: Mailbox, tmp_path: Path, world: World, is_token: bool
) -> None:
    """A password or a bearer token."""
    (tmp_path / "secret").write_text("another")
    client = client_of(replace(settings, is_token=is_token))
    with pytest.raises(AuthError):
        await client.look()
    (tmp_path / "secret").write_text(world.settings.mailbox_token if is_token else world.settings.mailbox_password)
    assert (await client.look()).messages == 0


async def test_there_is_one_folder(settings: Mailbox) -> None:
    """And nobody's but one's own."""
    with pytest.raises(InvalidAnswer, match="there are “INBOX”"):
        await client_of(replace(settings, folder="Alerts")).look()


def talk(port: int, password: str) -> list[object]:
    """What another client is told: imaplib's."""
    client = imaplib.IMAP4("127.0.0.1", port, timeout=10)
    with client:
        client.login("crm-alerts@acme.example", password)
        client.select("INBOX", readonly=True)
        return [
            client.uid("SEARCH", "ALL"),
            client.uid("SEARCH", "UID", "2:*"),
            client.uid("SEARCH", "SINCE", "1-Jan-2100"),
            client.uid("FETCH", "1:*", "(RFC822.SIZE BODY.PEEK[]<5.10>)"),
            client.noop(),
            client.list(),
        ]


async def test_other_clients_are_understood(port: int, acme: Org, world: World) -> None:
    """LOGIN, SELECT, ranges and parts."""
    acme.suspend("salesforce_org_locked")
    acme.tick()
    everything, from_two, later, fetched, noop, listed = await asyncio.to_thread(
        talk, port, world.settings.mailbox_password
    )
    (mail,) = acme.outbox
    assert everything == ("OK", [b"1"])
    assert from_two == ("OK", [b"1"])
    assert later == ("OK", [b""])
    assert fetched == ("OK", [(b"1 (UID 1 RFC822.SIZE %d BODY[]<5> {10}" % len(mail.raw), mail.raw[5:15]), b")"])
    assert noop == ("OK", [b"NOOP completed"])
    assert listed == ("OK", [b'(\\HasNoChildren) "/" "INBOX"'])


async def test_strange_commands_are_refused_and_end_nothing(port: int) -> None:
    """Nobody is let in by them either."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await reader.readline()
    for command in (
        b"a STORE 1 FLAGS",
        b"a UID FETCH 1 (X)",
        b"a SELECT INBOX",
        b"a",
        b"a LOGIN x",
        b"a UID",
        b"\xff\x00 \xff",
    ):
        writer.write(command + b"\r\n")
        assert b" BAD " in await asyncio.wait_for(reader.readline(), 5)
    writer.write(b"b LOGOUT\r\n")
    assert await reader.read() == b"* BYE\r\nb OK LOGOUT completed\r\n"
    writer.close()
