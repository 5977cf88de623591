"""What HubSpot's refusals mean: kind, when to ask again, code, pause, and the sentence a person reads."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any

import pytest

from exporter.clients.http.retry import ATTEMPTS, LONGEST_RETRY_AFTER
from exporter.clients.http.upstream import Upstream
from exporter.clients.hubspot.account_paces import AccountPaces
from exporter.clients.hubspot.client import HubSpotClient
from exporter.config.secret import Secret
from exporter.config.settings import HubSpot
from exporter.errors import Again, AuthError, InvalidAnswer, RateLimited, ServerError, UpstreamError
from exporter.polling.schedule import postponed_due
from tests.clients.canned import Canned, CannedTransport
from tests.clients.conftest import MakeHttp, Sent
from tests.clocks import ManualClock

HTML = {"Content-Type": "text/html; charset=UTF-8"}
EDGE = b"<!DOCTYPE html><html><head><title>api.hubapi.com | 5xx</title></head></html>"
DAY = 86_400


class Account:
    """A HubSpot account that answers as a test says."""

    def __init__(self, make_http: MakeHttp, clock: ManualClock, sent: Sent, secret: Secret) -> None:
        self._make_http = make_http
        self._clock = clock
        self._sent = sent
        self._secret = secret

    async def failure(self, answer: Canned) -> tuple[UpstreamError, int]:
        """What a search fails with, and how often it was asked."""
        transport = CannedTransport(answer)
        upstream = Upstream(self._make_http(transport), self._clock, self._sent.one)
        settings = HubSpot("https://api.hubapi.com", "2026-09", self._secret, None, ("HubSpot",), ("contacts",))
        client = HubSpotClient(settings, self._secret, upstream, AccountPaces(self._clock))
        with pytest.raises(UpstreamError) as caught:
            await self._clock.pass_during(client.search("contacts", [[]], "createdate", ["createdate"]))
        return caught.value, len(transport.requests)


@pytest.fixture
def account(make_http: MakeHttp, clock: ManualClock, sent: Sent, tmp_path: Any) -> Account:
    (tmp_path / "token").write_text("pat-na1-secret")
    return Account(make_http, clock, sent, Secret(file=tmp_path / "token"))


def said(status: int, category: str | None = None, **more: object) -> Canned:
    """As HubSpot's API says it; every field is optional."""
    return Canned(status, {"status": "error", "message": "No."} | ({"category": category} if category else {}) | more)


def limited(policy: str | None, message: str = "You have reached your limit.", **headers: str) -> Canned:
    body = {"status": "error", "message": message, "errorType": "RATE_LIMIT"}
    return Canned(429, body | ({"policyName": policy} if policy else {}), headers)


def edge(status: int) -> Canned:
    return Canned(status, EDGE, HTML)


CASES: tuple[tuple[Canned, type[UpstreamError], Again, str, float | None, str], ...] = (
    (said(401, "INVALID_AUTHENTICATION"), AuthError, Again.LATER, "INVALID_AUTHENTICATION", None, "take the token"),
    (said(401, "EXPIRED_AUTHENTICATION"), AuthError, Again.LATER, "EXPIRED_AUTHENTICATION", None, "take the token"),
    (Canned(401, b""), AuthError, Again.LATER, "HTTP_401", None, "take the token"),
    (said(403, "MISSING_SCOPES"), AuthError, Again.LATER, "MISSING_SCOPES", None, "A scope is missing"),
    (edge(403), InvalidAnswer, Again.SOON, "WEB_PAGE", None, "edge, a firewall or a proxy"),
    (Canned(403, b"error code: 1020"), InvalidAnswer, Again.SOON, "WEB_PAGE", None, "edge, a firewall or a proxy"),
    (said(400, "VALIDATION_ERROR"), InvalidAnswer, Again.LATER, "VALIDATION_ERROR", None, "status 400"),
    (said(404, "OBJECT_NOT_FOUND"), InvalidAnswer, Again.LATER, "OBJECT_NOT_FOUND", None, "hubspot.api_version"),
    (edge(404), InvalidAnswer, Again.LATER, "HTTP_404", None, "hubspot.url"),
    (said(410), InvalidAnswer, Again.LATER, "HTTP_410", None, "hubspot.api_version"),
    (edge(414), InvalidAnswer, Again.LATER, "HTTP_414", None, "too long"),
    (said(423), RateLimited, Again.AT_ONCE, "HTTP_423", 2.0, "locked"),
    (said(423, "CONFLICT"), RateLimited, Again.AT_ONCE, "CONFLICT", 2.0, "locked"),
    (Canned(423, b"", {"Retry-After": "0"}), RateLimited, Again.AT_ONCE, "HTTP_423", 2.0, "locked"),
    (Canned(423, b"", {"Retry-After": "4"}), RateLimited, Again.AT_ONCE, "HTTP_423", 4.0, "locked"),
    (limited("DAILY"), RateLimited, Again.HOURLY, "DAILY", None, "daily limit"),
    (limited("DAILY", **{"Retry-After": "3"}), RateLimited, Again.HOURLY, "DAILY", 3.0, "daily limit"),
    (limited(None, "You have reached your daily limit."), RateLimited, Again.HOURLY, "RATE_LIMIT", None, "daily limit"),
    (limited("TEN_SECONDLY_ROLLING"), RateLimited, Again.SOON, "TEN_SECONDLY_ROLLING", 5.0, "within ten seconds"),
    (
        limited(None, "You have reached your ten_secondly_rolling limit."),
        RateLimited,
        Again.SOON,
        "RATE_LIMIT",
        5.0,
        "within ten seconds",
    ),
    (limited("SECONDLY"), RateLimited, Again.SOON, "SECONDLY", 1.0, "within a second"),
    (limited("SECONDLY", "You have reached your daily limit."), RateLimited, Again.SOON, "SECONDLY", 1.0, "a second"),
    (limited("SOMETHING_NEW"), RateLimited, Again.SOON, "SOMETHING_NEW", 1.0, "within a second"),
    (edge(429), RateLimited, Again.SOON, "HTTP_429", 1.0, "within a second"),
    (Canned(477, {}, {"Retry-After": str(DAY)}), ServerError, Again.LATER, "HTTP_477", DAY, "moving the account"),
    (Canned(477, b"", {"Retry-After": "5"}), ServerError, Again.LATER, "HTTP_477", 5.0, "moving the account"),
    (said(477, "MIGRATION_IN_PROGRESS"), ServerError, Again.LATER, "MIGRATION_IN_PROGRESS", None, "data centre"),
    (said(500), ServerError, Again.AT_ONCE, "HTTP_500", None, "HubSpot failed"),
    *(
        (edge(status), ServerError, Again.AT_ONCE, f"HTTP_{status}", None, "behind its edge")
        for status in (502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527, 530)
    ),
    (edge(599), ServerError, Again.AT_ONCE, "HTTP_599", None, "web page"),
    (edge(200), InvalidAnswer, Again.SOON, "WEB_PAGE", None, "web page"),
    (Canned(200, b"<html>Sign in</html>"), InvalidAnswer, Again.SOON, "WEB_PAGE", None, "web page"),
    (
        Canned(302, b"", {"Location": "https://app.hubspot.com/login"}),
        InvalidAnswer,
        Again.SOON,
        "REDIRECTED",
        None,
        "app.hubspot.com, where no token goes: check hubspot.url",
    ),
    (
        Canned(301, b"", {"Location": "/v3"}),
        InvalidAnswer,
        Again.SOON,
        "REDIRECTED",
        None,
        "sends to another page of the same",
    ),
    (
        Canned(301, b"", {"Location": "https://api.hubapi.com/crm/v4"}),
        InvalidAnswer,
        Again.SOON,
        "REDIRECTED",
        None,
        "another page of the same host, as no API does: check hubspot.url",
    ),
    (Canned(302, b""), InvalidAnswer, Again.SOON, "HTTP_302", None, "status 302"),
)


@pytest.mark.parametrize(("answer", "kind", "again", "code", "pause", "words"), CASES)
async def test_what_an_answer_means(
    account: Account,
    answer: Canned,
    kind: type[UpstreamError],
    again: Again,
    code: str,
    pause: float | None,
    words: str,
) -> None:
    """A short pause that passes is waited out here; what takes hours or a person is asked once."""
    error, asked = await account.failure(answer)
    assert (type(error), error.again, error.code, error.retry_after) == (kind, again, code, pause)
    assert words in str(error)
    assert "pat-na1" not in str(error)
    once = again in (Again.HOURLY, Again.LATER) or (again is Again.SOON and pause is None)
    assert asked == (1 if once else ATTEMPTS)


@pytest.mark.parametrize("status", [302, 401, 403, 404, 423, 429, 477, 500, 502, 520])
@pytest.mark.parametrize("as_date", [False, True])
async def test_a_pause_is_kept_whatever_the_status(
    account: Account, clock: ManualClock, status: int, as_date: bool
) -> None:
    """As a number and as a date; nothing is asked meanwhile."""
    header = formatdate(clock.time() + 600, usegmt=True) if as_date else "600"
    answer = Canned(status, {}, {"Retry-After": header, "Location": "https://elsewhere.example/"})
    error, asked = await account.failure(answer)
    assert (error.retry_after, asked) == (600, 1)


async def test_a_migration_of_a_day_is_waited_for(account: Account, clock: ManualClock) -> None:
    """The next search comes when HubSpot said, not two minutes later and not after an hour."""
    error, _ = await account.failure(Canned(477, {}, {"Retry-After": str(DAY)}))
    now = clock.time()
    assert postponed_due(now + 120, now, error.retry_after) == now + DAY == now + LONGEST_RETRY_AFTER


@pytest.mark.parametrize(
    "body", [b"<html>", b"", [], {}, None, "x", 7, {"category": 7, "message": {}, "policyName": []}]
)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 423, 429, 477, 500, 502, 599])
async def test_no_shape_of_body_breaks_it(account: Account, status: int, body: Any) -> None:
    """Objects, lists, texts, pages, nothing: an error with the status in its sentence."""
    error, _ = await account.failure(Canned(status, body))
    assert f"status {status}" in str(error)
