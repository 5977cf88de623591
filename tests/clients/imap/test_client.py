"""Reading a folder of a real Dovecot, and of servers that misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from exporter.clients.imap.client import MailboxClient
from exporter.clients.imap.letters import LARGEST, Letter, Start
from exporter.clients.imap.login_pauses import PAUSES
from exporter.config.network import Network
from exporter.config.secret import Secret
from exporter.demo.dovecot import Account, Certificate, Dovecot, running_dovecot
from exporter.errors import (
    Again,
    AuthError,
    ConnectError,
    InvalidAnswer,
    RateLimited,
    ServerError,
    UpstreamError,
    UpstreamTimeout,
)
from tests.clients.authority import Authority
from tests.clients.imap.conftest import Make, message
from tests.clients.imap.listener import Listener
from tests.clients.imap.servers import EXAMINE, GREETING, POLITE, Talk, cutting, listening, saying
from tests.clocks import ManualClock

RECEIVED = 1_700_000_000.0


async def refused(client: MailboxClient) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        await client.look()
    return caught.value


class TestTheRealServer:
    async def test_messages_come_as_they_are_and_when_they_were_received(self, dovecot: Dovecot, make: Make) -> None:
        """Of a stranger's there is the header From alone."""
        dovecot.deliver(message("One"), RECEIVED, ".Came")
        dovecot.deliver(message("Two").replace(b"hubspot.com", b"stranger.example"), RECEIVED + 1, ".Came")
        listener = Listener()
        assert await make(folder="Came").read(listener)
        assert listener.letters == [
            Letter(1, RECEIVED, message("One")),
            Letter(2, RECEIVED + 1, b"From: HubSpot <noreply@stranger.example>\r\n\r\n"),
        ]
        assert listener.next_uid == 3

    async def test_nothing_changes_in_the_mailbox(self, dovecot: Dovecot, make: Make) -> None:
        """Not even that a message is new: Dovecot keeps that, and flags, in the name of its file."""
        files = [dovecot.deliver(message(str(number)), folder=".Kept") for number in range(3)]
        await make(folder="Kept").read(Listener())
        assert all(file.exists() for file in files)
        assert not list((dovecot.maildir / ".Kept" / "cur").iterdir())

    async def test_only_what_is_new_is_read(self, dovecot: Dovecot, make: Make) -> None:
        """By its UID; where nothing is new, nobody is asked."""
        dovecot.deliver(message("One"), folder=".New")
        first = Listener()
        client = make(folder="New")
        await client.read(first)
        again = Listener(Start(first.next_uid))
        assert await client.read(again)
        assert (again.letters, again.next_uid) == ([], first.next_uid)
        dovecot.deliver(message("Two"), folder=".New")
        await client.read(again)
        assert [letter.uid for letter in again.letters] == [2]

    @pytest.mark.parametrize(
        ("name", "on_disk"),
        [
            ("Alerts of CRM", ".Alerts of CRM"),
            ('Say "hello" \\ twice', '.Say "hello" \\ twice'),
            ("Prüfung & Co", ".Pr&APw-fung &- Co"),
            ("通知", ".&kBp35Q-"),
        ],
    )
    async def test_a_folder_has_any_name(self, dovecot: Dovecot, make: Make, name: str, on_disk: str) -> None:
        """With spaces, quotes and letters of every script (modified UTF-7)."""
        dovecot.deliver(message("Found"), folder=on_disk)
        assert (await make(folder=name).look()).messages == 1

    async def test_a_folder_that_is_gone_is_named_with_those_there_are(self, dovecot: Dovecot, make: Make) -> None:
        """It takes a person: nothing is hurried."""
        dovecot.deliver(message("Found"), folder=".HubSpot")
        error = await refused(make(folder="Hubspot"))
        assert isinstance(error, InvalidAnswer)
        assert error.again is Again.LATER
        assert "there is no folder “Hubspot” that crm@acme.example may read" in str(error)
        assert "perhaps “HubSpot”?" in str(error)

    async def test_a_large_message_is_fetched_in_part(self, dovecot: Dovecot, make: Make) -> None:
        """Its beginning, which has the text."""
        dovecot.deliver(message("Large", 2 * LARGEST), folder=".Large")
        listener = Listener()
        await make(folder="Large").read(listener)
        (letter,) = listener.letters
        assert letter.raw == message("Large", 2 * LARGEST)[:LARGEST]

    async def test_a_poll_ends_in_time_and_the_next_goes_on(self, dovecot: Dovecot, make: Make) -> None:
        """What takes longer than a poll may is read in several."""
        for number in range(4):
            dovecot.deliver(message(str(number), LARGEST), folder=".Long")
        listener = Listener()
        assert not await make(folder="Long", reads_for=0.0).read(listener)
        assert listener.letters == []
        assert await make(folder="Long").read(listener)
        assert (len(listener.letters), listener.portions > 1) == (4, True)

    async def test_the_newest_of_a_time_are_read_at_first(self, dovecot: Dovecot, make: Make) -> None:
        """Since a day, and so many at most."""
        for day in range(5):
            dovecot.deliver(message(str(day)), RECEIVED + day * 86_400, ".Past")
        listener = Listener(Start(since=datetime.fromtimestamp(RECEIVED + 86_400, UTC).date(), at_most=3))
        await make(folder="Past").read(listener)
        assert [letter.uid for letter in listener.letters] == [3, 4, 5]

    async def test_a_line_cut_in_the_middle_costs_what_was_not_read(self, dovecot: Dovecot, make: Make) -> None:
        """The next poll goes on there."""
        for number in range(6):
            dovecot.deliver(message(str(number), 200_000), folder=".Cut")
        listener = Listener()
        async with listening(cutting(dovecot.port, after=lambda: 700_000)) as port:
            with pytest.raises(ConnectError, match="it hung up in the middle"):
                await make(folder="Cut", port=port).read(listener)
        assert 0 < len(listener.letters) < 6
        listener.start = Start(listener.next_uid)
        await make(folder="Cut").read(listener)
        assert [letter.uid for letter in listener.letters] == [1, 2, 3, 4, 5, 6]

    async def test_a_mistake_in_reading_is_nobody_elses(self, dovecot: Dovecot, make: Make) -> None:
        """It is not told as the server's."""

        class Mistaken(Listener):
            def take(self, letters: Sequence[Letter], next_uid: int) -> None:
                raise ValueError("a bug")

        dovecot.deliver(message("One"), folder=".Mistaken")
        with pytest.raises(ValueError, match="a bug"):
            await make(folder="Mistaken").read(Mistaken())


class TestTheLogin:
    async def test_a_wrong_password_is_tried_ever_more_seldom(
        self, dovecot: Dovecot, make: Make, clock: ManualClock, tmp_path: Path
    ) -> None:
        """Else the account is locked, for its owner too; whoever changes the password need not wait."""
        password = tmp_path / "changing"
        password.write_text("wrong-password")
        async with listening(cutting(dovecot.port, after=lambda: 10**9)) as port:
            logins = 0
            client = make(port=port, credential=Secret(file=password))
            for _five_minutes in range(37):
                error = await refused(client)
                assert isinstance(error, AuthError)
                logins += error.__cause__ is not None
                clock.advance(300.0)
        assert logins == 5
        assert PAUSES == (300.0, 900.0, 3600.0)
        assert "check mailbox.username and the password" in str(error)
        assert "wrong-password" not in str(error)
        assert error.code == "AUTHENTICATIONFAILED"
        password.write_text(dovecot.account.password)
        client = make(credential=Secret(file=password))
        await client.look()

    async def test_a_password_that_is_gone_is_said(self, make: Make, tmp_path: Path) -> None:
        """Nobody is asked."""
        error = await refused(make(credential=Secret(file=tmp_path / "gone")))
        assert "cannot read the mailbox password" in str(error)

    async def test_every_letter_may_stand_in_a_password(self, make: Make, tmp_path: Path) -> None:
        """AUTHENTICATE PLAIN takes UTF-8, LOGIN does not."""
        file = tmp_path / "password"
        file.write_text('pass "wörd" \\ 通')
        async with running_dovecot(tmp_path, Account(password='pass "wörd" \\ 通')) as server:
            assert (await make(port=server.port, credential=Secret(file=file)).look()).messages == 0

    async def test_a_bearer_token_opens_the_mailbox(self, make: Make, tmp_path: Path) -> None:
        """XOAUTH2, asked of whoever gave the token; one that is refused is named as what it is."""
        token = tmp_path / "token"
        async with listening(token_info("good-token")) as port:
            account = Account(token_info_url=f"http://127.0.0.1:{port}/?access_token=")
            async with running_dovecot(tmp_path, account) as server:
                token.write_text("good-token")
                client = make(port=server.port, credential=Secret(file=token), is_token=True)
                assert (await client.look()).messages == 0
                token.write_text("expired-token")
                error = await refused(client)
                token.write_text("good-token")
                assert (await client.look()).messages == 0
        assert "the bearer token of crm@acme.example is refused: it has expired" in str(error)
        assert "expired-token" not in str(error)

    async def test_a_server_without_bearer_tokens_says_so(self, make: Make, settings: object) -> None:
        """Dovecot offers none unless it is told whom to ask."""
        assert "does not offer XOAUTH2" in str(await refused(make(is_token=True)))


def token_info(good: str) -> Talk:
    """Says of one token whose it is, as Google's tokeninfo does."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = (await reader.readline()).split()[1].decode()
        while (await reader.readline()).strip():
            pass
        is_good = urlsplit(asked).query == f"access_token={good}"
        body = b'{"email": "crm@acme.example"}' if is_good else b'{"error": "invalid_token"}'
        status = b"200 OK" if is_good else b"400 Bad Request"
        writer.write(b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n" % (status, len(body)))
        writer.write(b"Connection: close\r\n\r\n" + body)
        await writer.drain()

    return talk


class TestTls:
    @pytest.fixture
    def authority(self, tmp_path: Path) -> Authority:
        return Authority(tmp_path)

    @pytest.fixture
    async def server(self, authority: Authority, tmp_path: Path, kind: str) -> AsyncIterator[Dovecot]:
        authority.server(kind)
        shown = tmp_path / f"{kind}.pem"
        async with running_dovecot(tmp_path, tls=Certificate(shown, shown)) as server:
            yield server

    @pytest.mark.parametrize("kind", ["leaf"])
    async def test_a_private_authority_is_trusted_where_it_is_named(
        self, server: Dovecot, authority: Authority, make: Make, kind: str
    ) -> None:
        """In http.ca_file; from the first byte or by STARTTLS. Unnamed, no password is sent."""
        trusting = Network(authorities=authority.file.read_text())
        for tls, port in (("implicit", server.tls_port), ("starttls", server.port)):
            assert (await make(network=trusting, tls=tls, port=port).look()).messages == 0
            error = await refused(make(tls=tls, port=port))
            assert isinstance(error, ConnectError)
            assert "(issued by “An authority of our own”)" in str(error)
            assert "name that in http.ca_file" in str(error)

    @pytest.mark.parametrize("kind", ["other_host"])
    async def test_another_hosts_certificate_is_refused(
        self, server: Dovecot, authority: Authority, make: Make, kind: str
    ) -> None:
        """Whoever signed it."""
        trusting = Network(authorities=authority.file.read_text())
        error = await refused(make(network=trusting, tls="implicit", port=server.tls_port))
        assert "its certificate is for another host" in str(error)
        assert "mailbox.host" in str(error)

    async def test_a_server_without_starttls_gets_no_password(self, make: Make) -> None:
        """Somebody in between may have taken it out."""
        said: list[str] = []
        async with listening(saying(GREETING, POLITE, said)) as port:
            error = await refused(make(tls="starttls", port=port))
        assert "it offers no STARTTLS" in str(error)
        assert said == ["LOGOUT"] or all("AUTHENTICATE" not in line for line in said)


class TestServersThatMisbehave:
    async def test_a_silent_server_is_left_in_time(self, make: Make) -> None:
        """It greets nobody."""

        async def nothing(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
            await reader.read()

        async with listening(nothing) as port:
            assert isinstance(await refused(make(port=port, whole=0.2)), UpstreamTimeout)

    async def test_a_server_that_drips_is_left_in_time(self, make: Make) -> None:
        """Each byte comes in time, the answer never; the thread is free again."""
        gone = asyncio.Event()

        async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                while True:
                    writer.write(b"*")
                    await writer.drain()
                    await asyncio.sleep(0.01)
            finally:
                gone.set()

        async with listening(drip) as port:
            assert isinstance(await refused(make(port=port, whole=0.3)), UpstreamTimeout)
            await asyncio.wait_for(gone.wait(), 5.0)

    @pytest.mark.parametrize(
        ("greeting", "answers", "kind", "told"),
        [
            (b"HTTP/1.1 400 Bad Request\r\n\r\n", {}, InvalidAnswer, "does not answer as an IMAP server does"),
            (b"* BYE [UNAVAILABLE] later\r\n", {}, ServerError, "cannot let anybody in for now"),
            (b"", {}, ConnectError, "hung up"),
            (GREETING, {"AUTHENTICATE": b"NO [UNAVAILABLE] backend\r\n"}, ServerError, "for now"),
            (GREETING, {"AUTHENTICATE": b"NO [ALERT] Too many simultaneous connections.\r\n"}, RateLimited, "too many"),
            (
                GREETING,
                {"AUTHENTICATE": b"NO [ALERT] Application-specific password required\r\n"},
                AuthError,
                "app password",
            ),
            (
                GREETING,
                {"EXAMINE": b"BAD User is authenticated but not connected.\r\n"},
                AuthError,
                "has no such mailbox",
            ),
            (GREETING, {"EXAMINE": b"* 1 EXISTS\r\n"}, InvalidAnswer, "does not answer as an IMAP server does"),
            (GREETING, {"SEARCH": b"* SEARCH nonsense\r\n"}, InvalidAnswer, "does not answer as an IMAP server does"),
            (GREETING, {"FETCH": b"* 1 FETCH (UID x RFC822.SIZE {5}\r\n"}, UpstreamTimeout, "not done within"),
            (GREETING, {"FETCH": b"* 1 FETCH (UID 1 BODY[] {99999999999}\r\n"}, InvalidAnswer, "does not answer"),
        ],
    )
    async def test_what_is_no_answer_is_an_error(
        self, make: Make, greeting: bytes, answers: dict[str, bytes], kind: type[UpstreamError], told: str
    ) -> None:
        """Of the documented ones; what the server said stays there."""
        async with listening(saying(greeting, {**POLITE, **answers}) if greeting else hanging_up) as port:
            with pytest.raises(kind, match=told) as caught:
                await make(port=port, whole=0.7).read(Listener())
        assert "nonsense" not in str(caught.value)

    async def test_a_message_that_is_not_handed_out_stops_no_other(self, make: Make) -> None:
        """Some servers refuse a whole FETCH for one damaged message."""
        head = (
            b'* 1 FETCH (UID 1 RFC822.SIZE 10 INTERNALDATE "01-Jan-2026 00:00:00 +0000" '
            b"BODY[HEADER.FIELDS (FROM)] {21}\r\nFrom: a@hubspot.com\r\n)\r\n"
        )

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await saying(GREETING, {**POLITE, "FETCH": head})(_Bodies(reader, writer), writer)  # type: ignore[arg-type]

        async with listening(talk) as port:
            listener = Listener()
            assert await make(port=port).read(listener)
        assert listener.letters == [Letter(1, None, None)]

    async def test_gmails_folders_are_asked_for_by_their_names(self, make: Make) -> None:
        """Quoted, as they have brackets, a slash and a space."""
        said: list[str] = []
        async with listening(saying(GREETING, {**POLITE, "EXAMINE": EXAMINE}, said)) as port:
            await make(port=port, folder="[Gmail]/All Mail").look()
        assert [line.partition(" ")[2] for line in said if "EXAMINE" in line] == ['EXAMINE "[Gmail]/All Mail"']
        assert not [
            line for line in said if any(word in line for word in ("SELECT", "STORE", "EXPUNGE", "COPY", "MOVE"))
        ]


async def hanging_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Says nothing."""
    writer.close()


class _Bodies:
    """Refuses what asks for bodies, before the server that is told what to say hears of it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def readline(self) -> bytes:
        while line := await self._reader.readline():
            if b"BODY.PEEK[]" not in line:
                return line
            self._writer.write(line.split()[0] + b" NO [SERVERBUG] damaged\r\n")
        return b""
