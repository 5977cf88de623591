"""A session that expires is renewed; one that is refused right after the login is left alone, and said why."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import httpx
import pytest

from exporter.clients.salesforce.client import SalesforceClient
from exporter.clients.salesforce.sessions import SHORTEST_SESSION
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import Settings
from exporter.errors import AuthError, UpstreamError
from tests.clients.canned import Canned, CannedTransport
from tests.clients.conftest import Client, Sent
from tests.clocks import ManualClock

LOGIN = Canned(200, {"access_token": "00Dtoken", "instance_url": "https://acme.my.salesforce.com"})
LIMITS = Canned(200, {"DailyApiRequests": {"Max": 100, "Remaining": 60}})
REFUSAL = {"message": "This session is not valid for use with the REST API", "errorCode": "INVALID_SESSION_ID"}
REFUSED = Canned(401, [REFUSAL])
EXPIRED = Canned(401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}])


@pytest.fixture
def refusing(client: SalesforceClient, acme: Org) -> SalesforceClient:
    """A client of an org that logs in gladly and refuses every call."""
    acme.faults.put(Fault("salesforce", "session_refused"))
    return client


class TestRefusedRightAfterTheLogin:
    async def test_it_is_told_with_its_three_causes(self, refusing: SalesforceClient) -> None:
        """Kind auth; scope, IP restriction and API Access Control are named, the status last."""
        with pytest.raises(AuthError) as caught:
            await refusing.get_json("limits/")
        assert (caught.value.kind, caught.value.code) == ("auth", "INVALID_SESSION_ID")
        told = str(caught.value)
        assert told.startswith("Salesforce took the login but refuses the new session.")
        assert all(words in told for words in ("(api)", "IP restriction", "API Access Control"))
        assert told.endswith("status 401 INVALID_SESSION_ID)")

    async def test_half_a_minute_of_polls_is_a_handful_of_requests(
        self, refusing: SalesforceClient, acme: Org, clock: ManualClock
    ) -> None:
        """Two sources that ask every second cost a login and two calls, not 60 calls and 23 logins."""
        told = set()
        for _ in range(30):
            for ask in (refusing.get_json("limits/"), refusing.query("SELECT Id FROM Organization")):
                with pytest.raises(AuthError) as caught:
                    await ask
                told.add(str(caught.value).partition("(GET")[0])
            clock.advance(1)
        assert acme.requests == {"token": 1, "salesforce.limits": 1, "salesforce.query": 1}
        assert len(told) == 1

    async def test_a_pause_that_is_asked_for_is_kept(self, client_over: Client, clock: ManualClock, sent: Sent) -> None:
        """However short ours would be: no login and no call before it is over."""
        client = client_over(CannedTransport(LOGIN, Canned(401, [REFUSAL], {"Retry-After": "1800"}), LOGIN, LIMITS))
        for left, waited in ((1800, 900), (900, 900)):
            with pytest.raises(AuthError) as caught:
                await client.get_json("limits/")
            assert caught.value.retry_after == left
            clock.advance(waited)
        assert sent.count == 2
        assert await client.get_json("limits/") == LIMITS.body

    async def test_the_pauses_grow(self, refusing: SalesforceClient, acme: Org, clock: ManualClock) -> None:
        """As for a refused credential: a minute, two, four … a quarter of an hour; each with one login and one call."""
        pauses = []
        for _ in range(7):
            began, logins = clock.time(), acme.requests["token"]
            while acme.requests["token"] == logins:
                with pytest.raises(AuthError):
                    await refusing.get_json("limits/")
                if acme.requests["token"] == logins:
                    clock.advance(1)
            pauses.append(clock.time() - began)
        assert pauses == [0, 60, 120, 240, 480, 900, 900]
        assert acme.requests == {"token": 7, "salesforce.limits": 7}

    async def test_it_recovers_by_itself(self, refusing: SalesforceClient, acme: Org, clock: ManualClock) -> None:
        """Once the scope is there the next try works, with a session that has it, and everything is as before."""
        for _ in range(2):
            with pytest.raises(AuthError):
                await refusing.get_json("limits/")
        acme.faults.clear()
        clock.advance(60)
        assert await refusing.get_json("limits/")
        assert await refusing.query("SELECT Id FROM Organization")
        assert acme.requests["token"] == 2
        acme.sessions.expire_all()
        assert await refusing.get_json("limits/")
        assert acme.requests["token"] == 3

    async def test_a_new_secret_is_tried_at_once(self, refusing: SalesforceClient, acme: Org, tmp_path: Path) -> None:
        """Whoever has put in another app need not wait."""
        with pytest.raises(AuthError):
            await refusing.get_json("limits/")
        acme.faults.clear()
        (tmp_path / "client-secret").write_text(Settings().client_secret + "\n\n")
        with pytest.raises(AuthError, match="not tried again"):
            await refusing.get_json("limits/")
        (tmp_path / "client-secret").write_text("another")
        with pytest.raises(AuthError, match="client secret does not belong"):
            await refusing.get_json("limits/")

    async def test_questions_that_were_on_their_way_together_count_once(
        self, refusing: SalesforceClient, acme: Org
    ) -> None:
        """Twenty refusals of one session are one, and cost one login."""
        answers = await asyncio.gather(*(refusing.get_json("limits/") for _ in range(20)), return_exceptions=True)
        assert {type(answer) for answer in answers} == {AuthError}
        assert acme.requests["token"] == 1
        with pytest.raises(AuthError, match=r"1 times in a row\): not tried again for 60 s"):
            await refusing.get_json("limits/")

    @pytest.mark.parametrize(
        "answer",
        [
            REFUSED,
            EXPIRED,
            Canned(401, b""),
            Canned(403, [REFUSAL]),
            Canned(400, [REFUSAL]),
            Canned(401, REFUSAL),
            Canned(401, b"<html>Unauthorized</html>"),
        ],
    )
    async def test_however_it_is_said(self, client_over: Client, sent: Sent, answer: Canned) -> None:
        """Words and status do not matter: what was never good has not expired."""
        client = client_over(CannedTransport(LOGIN, answer))
        for _ in range(5):
            with pytest.raises(AuthError, match="refuses the new session"):
                await client.get_json("limits/")
        assert sent.count == 2

    async def test_a_part_of_a_composite_says_it(self, client_over: Client, sent: Sent) -> None:
        """The whole is paused: its parts share one session."""
        part = {"referenceId": "a", "httpStatusCode": 401, "body": [REFUSAL], "httpHeaders": {}}
        client = client_over(CannedTransport(LOGIN, Canned(200, {"compositeResponse": [part]})))
        for _ in range(3):
            with pytest.raises(AuthError, match="refuses the new session"):
                await client.composite({"a": "SELECT Id FROM Organization"})
        assert sent.count == 2


class TestExpired:
    async def test_one_that_has_worked_is_renewed_however_young(
        self, client: SalesforceClient, acme: Org, clock: ManualClock
    ) -> None:
        """An administrator ends it a second later: one login, and no pause."""
        for _ in range(3):
            assert await client.get_json("limits/")
            acme.sessions.expire_all()
            clock.advance(1)
        assert await client.get_json("limits/")
        assert acme.requests == {"token": 4, "salesforce.limits": 4 + 3}

    async def test_one_that_is_old_may_have_expired_unused(self, client_over: Client, clock: ManualClock) -> None:
        """It was never asked with success, but for longer than any session lives: that is no refusal."""
        down = httpx.ReadTimeout("slow")
        client = client_over(CannedTransport(LOGIN, down, EXPIRED, LOGIN, LIMITS))
        with pytest.raises(UpstreamError):
            await client.get_json("limits/")
        clock.advance(SHORTEST_SESSION)
        assert await client.get_json("limits/") == LIMITS.body

    async def test_one_renewed_and_refused_pauses(self, client_over: Client, sent: Sent) -> None:
        """The scope was taken away while it worked: the renewal shows it."""
        client = client_over(CannedTransport(LOGIN, LIMITS, EXPIRED, LOGIN, REFUSED))
        assert await client.get_json("limits/")
        for _ in range(5):
            with pytest.raises(AuthError, match="refuses the new session"):
                await client.get_json("limits/")
        assert sent.count == 5


class _RefusesLogFiles(httpx.AsyncBaseTransport):
    """An org whose sessions are good for everything but log files."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        what = request.url.path.rpartition("/v62.0/")[2].partition("/")[0] if request.method == "GET" else "login"
        self.asked[what] += 1
        return {"login": LOGIN, "sobjects": REFUSED}.get(what, LIMITS).response()


async def test_what_is_refused_for_one_thing_goes_on_for_the_others(client_over: Client, clock: ManualClock) -> None:
    """Log files cannot be had: they pause; the limits are read every minute and miss none."""
    org = _RefusesLogFiles()
    client = client_over(org)
    for _ in range(60):
        assert await client.get_json("limits/") == LIMITS.body
        with pytest.raises(AuthError):
            async with client.stream("sobjects/EventLogFile/0AT/LogFile"):
                pass
        clock.advance(60)
    assert org.asked["limits"] == 60
    assert org.asked["sobjects"] < 20
    assert org.asked["login"] < 20
