"""The source ``mailbox``, from a real Dovecot or the simulator's server to what is stated."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from exporter.clients.connection import Connection, connect
from exporter.config.secret import Secret
from exporter.config.settings import HubSpot, Integration, Mailbox
from exporter.demo.dovecot import Dovecot, running_dovecot
from exporter.demo.simulator.imap.server import serving_mail
from exporter.demo.simulator.mail.letter import letter
from exporter.demo.simulator.mail.wording import clearance, suspension
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import Settings
from exporter.demo.simulator.world import World
from exporter.errors import AuthError, ConnectError, InvalidAnswer, UpstreamError
from exporter.model import MailboxNews, Suspension
from exporter.sources.mailbox import GOES_ON_AFTER, SOURCE, applies, fetch, parse
from exporter.sources.source import Fetched
from tests.clients.imap.servers import cutting, listening
from tests.clocks import LoneClock, ManualClock
from tests.conftest import SIMULATOR

NOW = 1_800_000_000.0
HOUR = 3_600.0
LOCKED = suspension(4711, "salesforce_org_locked")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def dovecot(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Dovecot]:
    async with running_dovecot(tmp_path_factory.mktemp("dovecot")) as server:
        yield server


def mailbox(port: int, username: str, password: Path, **changed: Any) -> Mailbox:
    usual = Mailbox("127.0.0.1", port, "off", username, Secret(file=password), False, "INBOX", None, None, None)
    return replace(usual, **changed)


Make = Callable[..., Connection]


@pytest.fixture
def make(dovecot: Dovecot, tmp_path: Path) -> Make:
    password = tmp_path / "password"
    password.write_text(dovecot.account.password)

    def made(**changed: Any) -> Connection:
        settings = mailbox(changed.pop("port", dovecot.port), dovecot.account.username, password, **changed)
        integration = Integration("acme", None, None, None, "immediate", {}, mailbox=settings)
        return connect(integration, httpx.AsyncClient(), LoneClock(NOW), lambda *_: None)

    return made


class Poller:
    """Polls, and keeps what the store would."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.payload: Any = None

    async def poll(self) -> Fetched:
        told = await fetch(self.connection, self.payload)
        assert isinstance(told, Fetched)
        parse(told.payload, NOW)
        self.payload = json.loads(json.dumps(told.payload))
        return told

    @property
    def news(self) -> MailboxNews:
        return parse(self.payload, NOW)


def written(words: Any, number: int) -> bytes:
    return letter(words, "acme", 4711, number, NOW)


async def test_a_suspension_and_its_end(dovecot: Dovecot, make: Make) -> None:
    """As they come."""
    poller = Poller(make(folder="Alerts"))
    dovecot.deliver(written(LOCKED, 1), NOW - HOUR, ".Alerts")
    await poller.poll()
    assert poller.news.suspension == Suspension(True, "salesforce_org_locked", NOW - HOUR)
    dovecot.deliver(written(clearance(4711), 2), NOW - 60, ".Alerts")
    told = await poller.poll()
    assert poller.news.suspension == Suspension(False, None, None)
    assert dict(poller.news.totals) == {"matched": 2, "unmatched": 0, "ignored": 0}
    assert told.more_in is None


async def test_a_new_uidvalidity_reads_anew_and_counts_nothing_twice(dovecot: Dovecot, make: Make) -> None:
    """Dovecot's list of UIDs is gone, as after a restore: it begins a new one."""
    poller = Poller(make(folder="Restored"))
    dovecot.deliver(written(LOCKED, 1), NOW - 2 * HOUR, ".Restored")
    dovecot.deliver(written(clearance(4711), 2), NOW - HOUR, ".Restored")
    await poller.poll()
    before = poller.payload["validity"]
    for file in (dovecot.maildir / ".Restored").glob("dovecot*"):
        file.unlink()
    dovecot.deliver(written(LOCKED, 3).replace(b"Reason", b"Cause"), NOW - 60, ".Restored")
    await poller.poll()
    assert poller.payload["validity"] > before
    assert dict(poller.news.totals) == {"matched": 3, "unmatched": 0, "ignored": 0}
    assert poller.news.stated_at == NOW - 60


async def test_what_was_read_before_the_line_was_cut_stays_read(dovecot: Dovecot, make: Make) -> None:
    """The poll has failed, and the next goes on there."""
    for number in range(6):
        dovecot.deliver(written(LOCKED, number) + b"x" * 200_000, NOW - HOUR + number, ".Cut")
    async with listening(cutting(dovecot.port, after=lambda: 700_000)) as port:
        poller = Poller(make(folder="Cut", port=port))
        told = await poller.poll()
    assert isinstance(told.failure, ConnectError)
    read = dict(poller.news.totals)["matched"]
    assert 0 < read < 6
    assert poller.news.suspension is None
    poller.connection = replace(make(folder="Cut"))
    poller.payload["place"] = poller.connection.settings.mailbox.place  # type: ignore[union-attr]
    told = await poller.poll()
    assert (told.failure, dict(poller.news.totals)["matched"]) == (None, 6)
    assert poller.news.stated_at == NOW - HOUR + 5


async def test_a_failure_without_progress_is_an_error(make: Make) -> None:
    """The last payload stays."""
    with pytest.raises(InvalidAnswer, match="there is no folder “Gone”"):
        await fetch(make(folder="Gone"), None)


async def test_what_takes_long_is_read_in_several_polls(dovecot: Dovecot, make: Make) -> None:
    """One soon after the other."""
    dovecot.deliver(written(LOCKED, 1), NOW - HOUR, ".Slow")
    connection = make(folder="Slow")
    assert connection.mailbox is not None
    connection.mailbox._reads_for = 0.0
    poller = Poller(connection)
    assert (await poller.poll()).more_in == GOES_ON_AFTER
    connection.mailbox._reads_for = 10.0
    assert (await poller.poll()).more_in is None
    assert poller.news.suspension is not None


class TestPatternsOfTheOwner:
    async def test_they_are_read_again_when_they_change(self, dovecot: Dovecot, make: Make, tmp_path: Path) -> None:
        """What was not understood before is understood then, without a reload."""
        patterns = tmp_path / "patterns.yaml"
        patterns.write_text("languages: {en: {suspended: [stopped for good]}}\n")
        dovecot.deliver(written(LOCKED, 1), NOW - HOUR, ".Fitted")
        poller = Poller(make(folder="Fitted", patterns_file=patterns))
        await poller.poll()
        before = poller.news
        patterns.write_text("languages: {en: {suspended: [suspended]}}\n")
        await poller.poll()
        assert before.suspension is None
        assert poller.news.suspension == Suspension(True, "salesforce_org_locked", NOW - HOUR)
        assert sum(count for _result, count in poller.news.totals) == 1

    @pytest.mark.parametrize("text", [None, "languages: [", "hunter2"])
    async def test_those_that_cannot_be_used_are_an_error(self, make: Make, tmp_path: Path, text: str | None) -> None:
        """Which does not say what stands in the file: it may be the wrong one."""
        patterns = tmp_path / "patterns.yaml"
        if text is not None:
            patterns.write_text(text)
        with pytest.raises(InvalidAnswer, match=r"mailbox\.patterns_file: ") as caught:
            await fetch(make(patterns_file=patterns), None)
        assert "hunter2" not in str(caught.value)

    async def test_other_senders_can_be_believed(self, dovecot: Dovecot, make: Make) -> None:
        """Such as a relay of one's own."""
        relayed = written(LOCKED, 1).replace(b"noreply@notifications.hubspot.com", b"relay@acme.example")
        dovecot.deliver(relayed.partition(b"\r\n")[2].replace(b"Authentication-Results", b"X-Results"), NOW, ".Relayed")
        poller = Poller(make(folder="Relayed", senders=("relay@acme.example",)))
        await poller.poll()
        assert poller.news.suspension is not None


class TestWhoseEmailsTheyAre:
    @pytest.fixture
    def connection(self, transport: httpx.ASGITransport, tmp_path: Path, acme: Org) -> Callable[[int, str], Connection]:
        """Of the simulated account, whose token tells which it is."""
        token, password = tmp_path / "token", tmp_path / "password"
        token.write_text(Settings().hubspot_token)
        password.write_text(Settings().mailbox_password)

        def made(port: int, api_version: str = "2026-09") -> Connection:
            account = HubSpot(f"{SIMULATOR}/acme/hubspot", api_version, Secret(file=token), None, (), ())
            settings = mailbox(port, "crm-alerts@acme.example", password)
            integration = Integration("acme", None, account, None, "immediate", {}, mailbox=settings)
            return connect(integration, httpx.AsyncClient(transport=transport), ManualClock(NOW), lambda *_: None)

        return made

    async def test_the_token_tells_once(
        self, connection: Callable[[int, str], Connection], world: World, acme: Org, clock: ManualClock
    ) -> None:
        """And again after a day; where it cannot then, what it told before holds."""
        acme.suspend("salesforce_org_locked")
        acme.tick()
        async with serving_mail(world) as port:
            poller = Poller(connection(port, "2026-09"))
            await clock.pass_during(poller.poll())
            await clock.pass_during(poller.poll())
        assert poller.payload["account"] == str(acme.portal_id)
        assert acme.requests["hubspot.account"] == 1
        assert poller.news.suspension is not None

    async def test_without_an_answer_nobodys_messages_are_read(
        self, connection: Callable[[int, str], Connection], world: World, clock: ManualClock, tmp_path: Path
    ) -> None:
        """They might be another account's."""
        (tmp_path / "token").write_text("another-token")
        async with serving_mail(world) as port:
            with pytest.raises(UpstreamError, match=r"mailbox\.account can say it") as caught:
                await clock.pass_during(fetch(connection(port, "2026-09"), None))
        assert isinstance(caught.value, AuthError)


def test_it_applies_where_a_mailbox_is_configured(make: Make) -> None:
    """And asks nothing of Salesforce."""
    assert applies(make().settings)
    assert not applies(replace(make().settings, mailbox=None))
    assert not SOURCE.asks_salesforce
