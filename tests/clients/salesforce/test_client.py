"""Salesforce: login, session, refusals, and the org's usage read off every answer."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.clients.salesforce.client import SalesforceClient, parse_limit_info
from exporter.clients.salesforce.login import Session
from exporter.clients.salesforce.pause import FIRST_PAUSE
from exporter.config.settings import Config
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import Settings
from exporter.errors import (
    AuthError,
    InvalidAnswer,
    RateLimited,
    ServerError,
    SessionExpired,
    UpstreamError,
    UpstreamTimeout,
)
from exporter.model import OrgUsage
from tests.clients.canned import Canned, CannedTransport
from tests.clients.conftest import Client, Sent
from tests.clocks import ManualClock

URL = "http://127.0.0.1:1/acme/salesforce"
LOGIN = Canned(200, {"access_token": "00Dtoken", "instance_url": "https://acme.my.salesforce.com"})
LIMITS = Canned(200, {"DailyApiRequests": {"Max": 100, "Remaining": 60}})


@pytest.fixture
def secret_file(config: Config, tmp_path: Path) -> Path:
    """The file the configuration names for the client secret."""
    return tmp_path / "client-secret"


class TestLogin:
    async def test_client_credentials(self, client_over: Client, sent: Sent) -> None:
        """The first question logs in with id and secret, then asks where the login said, with the token it gave."""
        transport = CannedTransport(LOGIN, LIMITS)
        assert await client_over(transport).get_json("limits/") == LIMITS.body
        login, limits = transport.requests
        assert (login.method, str(login.url)) == ("POST", f"{URL}/services/oauth2/token")
        assert parse_qs(login.content.decode()) == {
            "grant_type": ["client_credentials"],
            "client_id": [Settings().client_id],
            "client_secret": [Settings().client_secret],
        }
        assert str(limits.url) == "https://acme.my.salesforce.com/services/data/v62.0/limits/"
        assert limits.headers["Authorization"] == "Bearer 00Dtoken"
        assert sent.count == 2

    async def test_a_session_is_kept(self, client: SalesforceClient, acme: Org, sent: Sent) -> None:
        """Five questions cost one login."""
        for _ in range(5):
            await client.get_json("limits/")
        assert acme.requests == {"token": 1, "salesforce.limits": 5}
        assert sent.count == 6

    async def test_wrong_credentials(self, client: SalesforceClient, secret_file: Path, acme: Org, sent: Sent) -> None:
        """A refused secret is an AuthError with Salesforce's own word for it, after one request."""
        secret_file.write_text("not-the-secret")
        with pytest.raises(AuthError) as caught:
            await client.get_json("limits/")
        assert caught.value.code == "invalid_client"
        assert acme.requests == {"token": 1}
        assert sent.count == 1

    async def test_a_rotated_secret_is_used_at_the_next_login(
        self, client: SalesforceClient, secret_file: Path, acme: Org
    ) -> None:
        """No restart is needed once the file is right."""
        secret_file.write_text("not-the-secret")
        with pytest.raises(AuthError):
            await client.get_json("limits/")
        secret_file.write_text(Settings().client_secret)
        assert await client.get_json("limits/")

    @pytest.mark.parametrize("content", [None, b"\xff\xfe", b"\xef\xbb\xbf\r\n"])
    async def test_a_secret_that_cannot_be_read(
        self, client: SalesforceClient, secret_file: Path, sent: Sent, content: bytes | None
    ) -> None:
        """Gone, not text or emptied: an AuthError that names the file, and nothing is sent."""
        secret_file.unlink() if content is None else secret_file.write_bytes(content)
        with pytest.raises(AuthError, match=rf'the client secret in the file "{secret_file}"(: | is empty$)'):
            await client.get_json("limits/")
        assert sent.count == 0

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            (Canned(400, {"error": "invalid_grant", "error_description": "user hasn't approved"}), AuthError),
            (Canned(403, b"<html>"), InvalidAnswer),
            (Canned(403, b""), AuthError),
            (Canned(200, b"<html>"), InvalidAnswer),
            (Canned(200, [1]), InvalidAnswer),
            (Canned(200, {}), InvalidAnswer),
            (Canned(200, {"access_token": None}), InvalidAnswer),
            (Canned(200, {"access_token": ""}), InvalidAnswer),
            (Canned(200, {"access_token": 7}), InvalidAnswer),
            (Canned(200, {"access_token": "00D\r\nX-Evil: 1"}), InvalidAnswer),
            (Canned(200, {"access_token": "00Dé"}), InvalidAnswer),
            (Canned(200, {"access_token": "00Dtoken", "instance_url": None}), InvalidAnswer),
            (Canned(200, {"access_token": "00Dtoken", "instance_url": ["https://a.example"]}), InvalidAnswer),
            (Canned(204, b""), InvalidAnswer),
            (Canned(302, b"", {"Location": "https://elsewhere.example"}), InvalidAnswer),
            (Canned(429, {}), RateLimited),
            (Canned(503, b"<html>"), ServerError),
        ],
    )
    async def test_a_login_that_goes_wrong(self, client_over: Client, answer: Canned, error: type[Exception]) -> None:
        """Whatever the token endpoint says, the data endpoint is not asked."""
        transport = CannedTransport(answer)
        with pytest.raises(error):
            await client_over(transport).get_json("limits/")
        assert {request.method for request in transport.requests} == {"POST"}

    @pytest.mark.parametrize(
        "instance_url",
        [
            "http://acme.my.salesforce.com",
            "http://10.0.0.1",
            "ftp://acme.my.salesforce.com",
            "//acme.my.salesforce.com",
            "acme.my.salesforce.com",
            "https://user:password@acme.my.salesforce.com",
            "https://acme.my.salesforce.com?next=http://evil.example",
            "https://acme.my.salesforce.com:port",
            "https://",
            "",
        ],
    )
    async def test_a_token_goes_nowhere_unsafe(self, client_over: Client, instance_url: str) -> None:
        """A login that points to plain HTTP on a public host, or to no clear host at all, is not followed."""
        transport = CannedTransport(Canned(200, {"access_token": "00Dtoken", "instance_url": instance_url}), LIMITS)
        with pytest.raises(InvalidAnswer, match="cannot be used safely"):
            await client_over(transport).get_json("limits/")
        assert len(transport.requests) == 1

    async def test_without_an_instance_url_the_login_url_is_the_instance(self, client_over: Client) -> None:
        """My Domain logs in where the data is."""
        transport = CannedTransport(Canned(200, {"access_token": "00Dtoken"}), LIMITS)
        await client_over(transport).get_json("limits/")
        assert str(transport.requests[1].url) == f"{URL}/services/data/v62.0/limits/"


class _AllAtOnce(httpx.AsyncBaseTransport):
    """Told to gather, it holds the next data requests back until so many of them are on their way."""

    def __init__(self, inner: httpx.AsyncBaseTransport, parties: int) -> None:
        self._inner = inner
        self._left = 0
        self._barrier = asyncio.Barrier(parties)

    def gather(self) -> None:
        self._left = self._barrier.parties

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET" and self._left:
            self._left -= 1
            await self._barrier.wait()
        return await self._inner.handle_async_request(request)


class TestExpiredSession:
    async def test_it_is_renewed_once(self, client: SalesforceClient, acme: Org, sent: Sent) -> None:
        """The refused question is asked again with a new session: one login more, and all of it is counted."""
        await client.get_json("limits/")
        acme.sessions.expire_all()
        assert await client.get_json("limits/")
        assert acme.requests == {"token": 2, "salesforce.limits": 3}
        assert sent.count == 5

    async def test_a_second_refusal_is_an_auth_error(self, client: SalesforceClient, acme: Org, sent: Sent) -> None:
        """An org that refuses a fresh session as well is not asked a third time."""
        await client.get_json("limits/")
        acme.faults.put(Fault("salesforce", "unauthorized"))
        with pytest.raises(AuthError) as caught:
            await client.get_json("limits/")
        assert (caught.value.kind, caught.value.code) == ("auth", "INVALID_SESSION_ID")
        assert acme.requests == {"token": 2, "salesforce.limits": 3}
        assert sent.count == 5

    async def test_a_failed_renewal_is_tried_again(
        self, client: SalesforceClient, acme: Org, clock: ManualClock
    ) -> None:
        """An expired session that could not be renewed does not stay expired for good: a minute later it is."""
        await client.get_json("limits/")
        acme.sessions.expire_all()
        acme.faults.put(Fault("token", "unauthorized", count=1))
        with pytest.raises(AuthError):
            await client.get_json("limits/")
        clock.advance(FIRST_PAUSE)
        assert await client.get_json("limits/")

    async def test_many_questions_renew_it_together(
        self, client_over: Client, transport: httpx.ASGITransport, acme: Org, sent: Sent
    ) -> None:
        """Twenty questions that find the session expired at the same time log in once."""
        crowd = _AllAtOnce(transport, 20)
        client = client_over(crowd)
        await client.get_json("limits/")
        acme.sessions.expire_all()
        crowd.gather()
        answers = await asyncio.gather(*(client.get_json("limits/") for _ in range(20)))
        assert len(answers) == 20
        assert acme.requests == {"token": 2, "salesforce.limits": 1 + 20 + 20}
        assert sent.count == 43

    async def test_first_questions_log_in_together(self, client: SalesforceClient, acme: Org) -> None:
        """Twenty questions at the start log in once."""
        await asyncio.gather(*(client.get_json("limits/") for _ in range(20)))
        assert acme.requests == {"token": 1, "salesforce.limits": 20}

    @pytest.mark.parametrize("status", [400, 403])
    async def test_the_code_says_that_a_session_is_over(self, client_over: Client, status: int) -> None:
        """INVALID_SESSION_ID means it whatever the status."""
        refusal = Canned(status, [{"message": "Session expired", "errorCode": "INVALID_SESSION_ID"}])
        client = client_over(CannedTransport(LOGIN, LIMITS, refusal, LOGIN, LIMITS))
        for _ in range(2):
            assert await client.get_json("limits/") == LIMITS.body

    async def test_a_refusal_without_a_code_is_one_too(self, client_over: Client) -> None:
        """A 401 that some proxy wrote ends the session as well."""
        client = client_over(CannedTransport(LOGIN, LIMITS, Canned(401, b""), LOGIN, LIMITS))
        for _ in range(2):
            assert await client.get_json("limits/") == LIMITS.body


class TestRefusals:
    @pytest.mark.parametrize(
        ("fault", "error", "code", "requests"),
        [
            ("quota", RateLimited, "REQUEST_LIMIT_EXCEEDED", 1),
            ("rate_limited", RateLimited, "RATE_LIMIT", 1),
            ("storage_exceeded", RateLimited, "STORAGE_LIMIT_EXCEEDED", 1),
            ("api_disabled", AuthError, "API_DISABLED_FOR_ORG", 1),
            ("server_error", ServerError, "UNKNOWN_EXCEPTION", 3),
            ("unavailable_html", ServerError, "HTTP_503", 3),
            ("org_locked", ServerError, "ORG_LOCKED", 3),
            ("unable_to_lock_row", ServerError, "UNABLE_TO_LOCK_ROW", 3),
            ("cut_json", InvalidAnswer, None, 1),
        ],
    )
    async def test_the_code_decides(
        self,
        client: SalesforceClient,
        acme: Org,
        fault: str,
        error: type[UpstreamError],
        code: str | None,
        requests: int,
    ) -> None:
        """Each refusal is an error of its kind, with Salesforce's code, and only a passing one is retried."""
        acme.faults.put(Fault("salesforce", fault))
        with pytest.raises(error) as caught:
            await client.get_json("limits/")
        assert (type(caught.value), caught.value.code) == (error, code)
        assert acme.requests["salesforce.limits"] == requests

    @pytest.mark.parametrize(
        ("status", "code", "error"),
        [
            (403, "API_CURRENTLY_DISABLED", AuthError),
            (500, "UNABLE_TO_LOCK_ROW", ServerError),
            (503, "SERVER_UNAVAILABLE", ServerError),
            (403, "INSUFFICIENT_ACCESS_OR_READONLY", AuthError),
            (403, "SOMETHING_NEW", AuthError),
            (400, "INVALID_FIELD", InvalidAnswer),
            (404, "NOT_FOUND", InvalidAnswer),
            (418, "SOMETHING_NEW", InvalidAnswer),
            (599, "SOMETHING_NEW", ServerError),
        ],
    )
    async def test_codes_the_simulator_does_not_send(
        self, client_over: Client, status: int, code: str, error: type[UpstreamError]
    ) -> None:
        """The code is matched first; a status alone is the fallback."""
        transport = CannedTransport(LOGIN, Canned(status, [{"message": "No.", "errorCode": code}]))
        with pytest.raises(error) as caught:
            await client_over(transport).get_json("limits/")
        assert (type(caught.value), caught.value.code) == (error, code)

    @pytest.mark.parametrize(
        ("message", "words", "code"),
        [
            ("TotalRequests Limit exceeded.", "org quota used up", "REQUEST_LIMIT_EXCEEDED"),
            ("ConcurrentRequests (Concurrent API Requests) Limit exceeded.", "too many concurrent requests", None),
        ],
    )
    async def test_the_two_meanings_of_request_limit_exceeded(
        self, client_over: Client, message: str, words: str, code: str | None
    ) -> None:
        """The message tells a used-up quota from too many long calls, whatever the status; neither is retried."""
        for status in (403, 503):
            refusal = Canned(status, [{"message": message, "errorCode": "REQUEST_LIMIT_EXCEEDED"}])
            transport = CannedTransport(LOGIN, refusal)
            with pytest.raises(RateLimited, match=words) as caught:
                await client_over(transport).get_json("limits/")
            assert caught.value.code == code
            assert len(transport.requests) == 2

    async def test_an_asked_pause_is_kept_for_coded_refusals_too(self, client_over: Client) -> None:
        """SERVER_UNAVAILABLE with Retry-After: 600 is not retried, and the schedule learns of it."""
        refusal = Canned(503, [{"message": "", "errorCode": "SERVER_UNAVAILABLE"}], {"Retry-After": "600"})
        transport = CannedTransport(LOGIN, refusal)
        with pytest.raises(ServerError) as caught:
            await client_over(transport).get_json("limits/")
        assert caught.value.retry_after == 600
        assert len(transport.requests) == 2

    @pytest.mark.parametrize(
        "body",
        [
            [{"errorCode": "<script>alert(1)</script>", "message": "x"}],
            [{"errorCode": "A" * 65}],
            [{"errorCode": 7, "message": 7}],
            [{"errorCode": None, "message": None}],
            [[]],
            [],
            {},
            "REQUEST_LIMIT_EXCEEDED",
            None,
            b"\xff",
        ],
    )
    async def test_only_what_looks_like_a_code_is_repeated(self, client_over: Client, body: Any) -> None:
        """An error of any other shape is known by its status alone."""
        with pytest.raises(InvalidAnswer, match=r"v62.0/limits/: status 400$") as caught:
            await client_over(CannedTransport(LOGIN, Canned(400, body))).get_json("limits/")
        assert caught.value.code == "HTTP_400"

    async def test_a_timeout_is_not_retried(self, client_over: Client) -> None:
        """A slow org is asked once."""
        transport = CannedTransport(LOGIN, httpx.ReadTimeout("slow"))
        with pytest.raises(UpstreamTimeout):
            await client_over(transport).get_json("limits/")
        assert len(transport.requests) == 2


class TestUsage:
    @pytest.mark.parametrize(
        ("header", "used", "limit"),
        [
            ("api-usage=10018/100000", 10018, 100000),
            ("api-usage=25/5000; per-app-api-usage=17/250(appName=sample-connected-app)", 25, 5000),
            ("per-app-api-usage=17/250(appName=sample-connected-app); api-usage=25/5000", 25, 5000),
            ("per-app-api-usage=17/250(appName=a),api-usage=25/5000", 25, 5000),
            ("  api-usage=0/15000", 0, 15000),
            ("api-usage=120000/100000", 120000, 100000),
        ],
    )
    def test_forms_of_the_header(self, header: str, used: int, limit: int) -> None:
        """The org's numbers are read wherever they stand; over the limit is possible on paid orgs."""
        assert parse_limit_info(header, 5.0) == OrgUsage(used, limit, 5.0)

    @pytest.mark.parametrize(
        "header",
        [
            "",
            "api-usage=",
            "api-usage=5",
            "api-usage=many/100",
            "api-usage=-5/100",
            "per-app-api-usage=17/250(appName=HubSpot)",
            "api-usage=1234567890123456/1",
        ],
    )
    def test_no_usage_is_made_up(self, header: str) -> None:
        """A quota of one app, or half a header, says nothing of the org."""
        assert parse_limit_info(header, 5.0) is None

    @given(st.text())
    @settings(derandomize=True, deadline=None, max_examples=300)
    def test_no_header_breaks_it(self, header: str) -> None:
        """Any text gives two counts or nothing."""
        usage = parse_limit_info(header, 5.0)
        assert usage is None or (usage.used >= 0 and usage.limit >= 0)

    async def test_every_answer_states_it(self, client: SalesforceClient, acme: Org, clock: ManualClock) -> None:
        """After a question the client knows the org's usage as of now."""
        assert client.usage is None
        acme.use_api_calls("Some App", 500)
        await client.get_json("limits/")
        assert client.usage == OrgUsage(501, 100_000, clock.time())

    async def test_refusals_state_it_too(self, client: SalesforceClient, acme: Org, clock: ManualClock) -> None:
        """When the quota is used up, that is known from the refusal itself."""
        acme.use_api_calls("Some App", 100_000)
        with pytest.raises(RateLimited):
            await client.get_json("limits/")
        assert client.usage == OrgUsage(100_000, 100_000, clock.time())

    async def test_an_answer_without_it_changes_nothing(self, client_over: Client) -> None:
        """The last statement stands until there is a newer one."""
        stated = Canned(200, {}, {"Sforce-Limit-Info": "api-usage=7/100"})
        client = client_over(CannedTransport(LOGIN, stated, LIMITS))
        await client.get_json("limits/")
        await client.get_json("limits/")
        assert client.usage is not None
        assert client.usage.used == 7


def test_a_session_does_not_show_its_token() -> None:
    """Its representation names the instance only."""
    assert repr(Session("https://acme.my.salesforce.com", "00Dtoken")) == "Session(https://acme.my.salesforce.com)"


def test_an_expired_session_is_an_auth_error() -> None:
    """What is left of it after the second refusal counts under ``auth``."""
    assert SessionExpired("x").kind == AuthError.kind == "auth"
