"""What Salesforce's refusals mean: kind, when to ask again, code, and the sentence a person reads."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any

import pytest

from exporter.catalog.catalog import CATALOG
from exporter.clients.http.retry import ATTEMPTS, LONGEST_PAUSE
from exporter.clients.salesforce.refusals import EVIDENCE, REFUSALS
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
from tests.clients.canned import Canned, CannedTransport
from tests.clients.conftest import Client
from tests.clocks import ManualClock

LOGIN = Canned(200, {"access_token": "00Dtoken", "instance_url": "https://acme.my.salesforce.com"})
HTML = {"Content-Type": "text/html; charset=UTF-8"}
PAGE = b"<!DOCTYPE html>\n<html><body>%s</body></html>"
DOWN = PAGE % b"<b>We are down for maintenance.</b><br>Sorry for the inconvenience. We'll be back shortly."


def said(status: int, code: str, message: str, **headers: str) -> Canned:
    """As Salesforce's API says it."""
    return Canned(status, [{"message": message, "errorCode": code}], headers)


def sent(location: str, status: int = 302) -> Canned:
    return Canned(status, b"", {"Location": location})


def page(status: int, body: bytes) -> Canned:
    return Canned(status, body, HTML)


async def failure(client_over: Client, answer: Canned) -> tuple[UpstreamError, int]:
    """What a call to the org fails with, and how often it was asked."""
    transport = CannedTransport(LOGIN, answer)
    with pytest.raises(UpstreamError) as caught:
        await client_over(transport).get_json("limits/")
    return caught.value, len(transport.requests) - 1


LIMIT = "REQUEST_LIMIT_EXCEEDED"
PASSING_LIMITS = (
    said(403, LIMIT, "ConcurrentRequests (Concurrent API Requests) Limit exceeded."),
    said(503, LIMIT, "ConcurrentRequests (Concurrent API Requests) Limit exceeded."),
    said(403, LIMIT, "ConcurrentPerOrgApex Limit exceeded."),
    said(403, LIMIT, "ConcurrentPerOrgLongTxn Limit exceeded."),
    said(403, LIMIT, "Unable to process request, Concurrent Requests Limit exceeded."),
    said(403, LIMIT, "CONCURRENTREQUESTS LIMIT EXCEEDED"),
    said(403, LIMIT, "ConcurrentRequests (Solicitudes de API simultáneas) Limit exceeded."),
    Canned(403, {"errorCode": LIMIT, "message": "ConcurrentRequests Limit exceeded."}),
    said(500, "UNKNOWN_EXCEPTION", "ConcurrentPerOrgLongTxn Limit exceeded."),
    said(400, "UNKNOWN_EXCEPTION", "ConcurrentPerOrgApex Limit  Exceeded"),
    said(503, "UNKNOWN_EXCEPTION", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."),
    said(429, "TOO_MANY_REQUESTS", "Slow down."),
    said(403, "LIMIT_EXCEEDED", "x"),
)
"""Over within seconds: no sign of a used-up day, nor of a server that fails."""


@pytest.mark.parametrize("answer", PASSING_LIMITS)
async def test_a_limit_that_passes_is_asked_again_soon_and_speaks_for_no_reason(
    client_over: Client, answer: Canned
) -> None:
    """Asked once, and again by the poller within a minute or two."""
    error, asked = await failure(client_over, answer)
    assert (type(error), error.again, asked) == (RateLimited, Again.SOON, 1)
    assert not [reason for reason, codes in EVIDENCE.items() if error.code in codes]


@pytest.mark.parametrize(
    "message",
    [
        "TotalRequests Limit exceeded.",
        "Total Requests Limit exceeded.",
        "totalrequests limit exceeded",
        "TotalRequests (Total des demandes) Limit exceeded.",
        "API request limit exceeded",
        "The org has exceeded its API requests limit for 24 hours.",
        "DailyApiRequests Limit exceeded.",
    ],
)
async def test_a_used_up_day_is_asked_about_once_an_hour(client_over: Client, message: str) -> None:
    """Every further call would be one more refused, and nobody knows when the window gives some back."""
    for body in ([{"message": message, "errorCode": LIMIT}], {"message": message, "errorCode": LIMIT}):
        error, asked = await failure(client_over, Canned(403, body))
        assert (type(error), error.again, error.code, asked) == (RateLimited, Again.HOURLY, LIMIT, 1)
        assert "org quota used up" in str(error)


@pytest.mark.parametrize(
    "answer",
    [
        said(403, LIMIT, ""),
        Canned(403, [{"errorCode": LIMIT}]),
        Canned(403, [{"errorCode": LIMIT, "message": None}]),
        Canned(403, {"errorCode": LIMIT}),
        said(503, LIMIT, " "),
        said(403, LIMIT, "Limit exceeded."),
        said(403, LIMIT, "LicensingRequests Limit exceeded."),
        said(403, LIMIT, "要求数の制限を超えました。"),
        said(403, LIMIT, "Limite de demandes dépassée."),
    ],
)
async def test_a_limit_without_a_known_name_is_suspected_to_be_the_days(client_over: Client, answer: Canned) -> None:
    """The code is that of the calls of the day: evidence while it lasts, called uncertain, and looked at again soon."""
    error, asked = await failure(client_over, answer)
    assert (type(error), error.again, error.code, asked) == (RateLimited, Again.SOON, LIMIT, 1)
    assert error.code in EVIDENCE["salesforce_org_api_limit_exceeded"]
    assert "does not say which" in str(error)
    assert "concurrent" not in str(error)


CASES: tuple[tuple[Canned, type[UpstreamError], Again, str | None, str], ...] = (
    (said(403, "API_DISABLED_FOR_ORG", "Disabled"), AuthError, Again.LATER, "API_DISABLED_FOR_ORG", "API Enabled"),
    (said(403, "API_CURRENTLY_DISABLED", "x"), AuthError, Again.LATER, "API_CURRENTLY_DISABLED", "API Enabled"),
    (said(403, "INSUFFICIENT_ACCESS", "x"), AuthError, Again.LATER, "INSUFFICIENT_ACCESS", "View Setup"),
    (said(403, "TXN_SECURITY_NO_ACCESS", "x"), AuthError, Again.LATER, "TXN_SECURITY_NO_ACCESS", "security policy"),
    (said(403, "STORAGE_LIMIT_EXCEEDED", "x"), RateLimited, Again.LATER, "STORAGE_LIMIT_EXCEEDED", "storage used up"),
    (said(400, "UNABLE_TO_LOCK_ROW", "x"), ServerError, Again.AT_ONCE, "UNABLE_TO_LOCK_ROW", "status 400"),
    (said(500, "UNABLE_TO_LOCK_ROW", "x"), ServerError, Again.AT_ONCE, "UNABLE_TO_LOCK_ROW", "status 500"),
    (said(403, "ORG_LOCKED", "x"), ServerError, Again.AT_ONCE, "ORG_LOCKED", "status 403"),
    (said(503, "SERVER_UNAVAILABLE", "x"), ServerError, Again.AT_ONCE, "SERVER_UNAVAILABLE", "status 503"),
    (said(500, "UNKNOWN_EXCEPTION", "Oops"), ServerError, Again.AT_ONCE, "UNKNOWN_EXCEPTION", "status 500"),
    (said(400, "QUERY_TIMEOUT", "Too long"), UpstreamTimeout, Again.SOON, "QUERY_TIMEOUT", "too long"),
    (said(400, "INVALID_FIELD", "x"), InvalidAnswer, Again.LATER, "INVALID_FIELD", "status 400"),
    (said(404, "NOT_FOUND", "x"), InvalidAnswer, Again.SOON, "NOT_FOUND", "status 404"),
    (said(410, "UNSUPPORTED_API_VERSION", "x"), InvalidAnswer, Again.LATER, "UNSUPPORTED_API_VERSION", "api_version"),
    (Canned(410, b""), InvalidAnswer, Again.LATER, "HTTP_410", "raise salesforce.api_version"),
    (Canned(420, b""), ServerError, Again.SOON, "HTTP_420", "edge finds no way to the org"),
    (page(420, PAGE % b""), ServerError, Again.SOON, "HTTP_420", "edge finds no way to the org"),
    (Canned(500, b""), ServerError, Again.AT_ONCE, "HTTP_500", "status 500"),
    (page(500, PAGE % b"Internal error"), ServerError, Again.AT_ONCE, "HTTP_500", "web page"),
    *(
        (said(status, code, "x"), ServerError, Again.AT_ONCE, f"HTTP_{status}", f"status {status} {code}")
        for status, code in (
            (500, "INTERNAL_ERROR"),
            (500, "APEX_ERROR"),
            (502, "BAD_GATEWAY"),
            (503, "SERVICE_UNAVAILABLE"),
            (503, "SERVER_TOO_BUSY"),
            (504, "GATEWAY_TIMEOUT"),
        )
    ),
    (page(500, DOWN), ServerError, Again.SOON, "MAINTENANCE_PAGE", "maintenance page"),
    (page(502, PAGE % b"Bad gateway"), ServerError, Again.AT_ONCE, "HTTP_502", "web page"),
    (Canned(503, b""), ServerError, Again.AT_ONCE, "HTTP_503", "status 503"),
    (page(503, DOWN), ServerError, Again.AT_ONCE, "HTTP_503", "web page"),
    (page(504, PAGE % b""), ServerError, Again.AT_ONCE, "HTTP_504", "web page"),
    (page(511, PAGE % b"Sign in"), ConnectError, Again.SOON, None, "portal in between wants somebody to log in"),
    (Canned(403, b""), AuthError, Again.LATER, "HTTP_403", "status 403"),
    (page(403, PAGE % b"Blocked"), InvalidAnswer, Again.SOON, "WEB_PAGE", "firewall or proxy in between"),
    (page(403, DOWN), ServerError, Again.SOON, "MAINTENANCE_PAGE", "maintenance page"),
    (page(404, PAGE % b"Not found"), InvalidAnswer, Again.SOON, "HTTP_404", "web page"),
    (page(200, DOWN), ServerError, Again.SOON, "MAINTENANCE_PAGE", "maintenance page"),
    (Canned(200, DOWN), ServerError, Again.SOON, "MAINTENANCE_PAGE", "maintenance page"),
    (page(200, PAGE % b"Service Not Available"), ServerError, Again.SOON, "MAINTENANCE_PAGE", "maintenance page"),
    (page(200, PAGE % b"Sign in to the Wi-Fi"), InvalidAnswer, Again.SOON, "WEB_PAGE", "proxy or portal in between"),
    (
        page(200, PAGE % b'Internet unavailable until <input type="password"> is right'),
        InvalidAnswer,
        Again.SOON,
        "WEB_PAGE",
        "proxy or portal in between",
    ),
    (page(200, b""), InvalidAnswer, Again.SOON, "WEB_PAGE", "My Domain"),
    *(
        (page(200, PAGE % text.encode()), ServerError, Again.SOON, "MAINTENANCE_PAGE", "maintenance page")
        for text in (
            "Wegen Wartungsarbeiten sind wir bald zurück.",
            "Nous effectuons une maintenance.",
            "Le service est momentanément indisponible.",
            "Estamos en mantenimiento.",
            "Manutenzione in corso",
            "Estamos em manuten&ccedil;&atilde;o.",
            "ただいまメンテナンス中です",
            "系统维护中",
            "시스템 점검 중입니다",
            'Salesforce <a href="https://status.salesforce.com">Trust</a>',
        )
    ),
    (
        Canned(200, PAGE % "Em manutenção".encode("latin-1"), {"Content-Type": "text/html; charset=ISO-8859-1"}),
        ServerError,
        Again.SOON,
        "MAINTENANCE_PAGE",
        "maintenance page",
    ),
    *(
        (
            Canned(200, DOWN, {"Content-Type": f"text/html; charset={charset}"}),
            ServerError,
            Again.SOON,
            "MAINTENANCE_PAGE",
            "maintenance page",
        )
        for charset in ("no-such-charset", "idna", "undefined", "base64", "rot13")
    ),
    *(
        (page(200, PAGE % text.encode()), InvalidAnswer, Again.SOON, "WEB_PAGE", "proxy or portal in between")
        for text in (
            "Internet nicht verfügbar: <form action=/login><input name=room></form>",
            "Internet unavailable until you accept: <FORM method=post>",
            "Wartung? <input type=password>",
            "Indisponible <input type = 'password'>",
            "Diese Seite ist nicht verfügbar, sie wurde blockiert.",
            "El sitio no disponible ha sido bloqueado",
            "WLAN: Hotspot nicht verfügbar",
            "Willkommen im Hotel",
            "<script>location='https://acme.my.salesforce.com/secur/frontdoor.jsp'</script>",
        )
    ),
    (Canned(200, b""), InvalidAnswer, Again.SOON, None, "an empty body"),
    (Canned(200, b"OK"), InvalidAnswer, Again.SOON, None, "not JSON"),
    (Canned(204, b""), InvalidAnswer, Again.SOON, "HTTP_204", "status 204"),
    (
        sent("https://acme--new.my.salesforce.com/services/data/v62.0/limits"),
        InvalidAnswer,
        Again.LATER,
        "OTHER_DOMAIN",
        "put https://acme--new.my.salesforce.com into salesforce.url",
    ),
    (
        sent("https://ACME--uat.sandbox.my.salesforce.com/", 301),
        InvalidAnswer,
        Again.LATER,
        "OTHER_DOMAIN",
        "https://acme--uat.sandbox.my.salesforce.com",
    ),
    (sent("https://status.salesforce.com/"), ServerError, Again.SOON, "MAINTENANCE_PAGE", "during maintenance"),
    (sent("/maintenance.html"), ServerError, Again.SOON, "MAINTENANCE_PAGE", "during maintenance"),
    (
        sent("https://na1.salesforce.com/down/unavailable", 307),
        ServerError,
        Again.SOON,
        "MAINTENANCE_PAGE",
        "na1.sales",
    ),
    (sent("https://pages.example/maintenance/"), ServerError, Again.SOON, "MAINTENANCE_PAGE", "pages.example"),
    *(
        (
            sent(place),
            InvalidAnswer,
            Again.SOON,
            "REDIRECTED",
            "another page of the same host, as no API does: check that",
        )
        for place in (
            "/secur/login",
            "https://ACME.my.salesforce.com/secur/login",
            "?ec=302",
            "//acme.my.salesforce.com./x",
        )
    ),
    (
        sent("https://acme.my.salesforce.com/maintenance"),
        ServerError,
        Again.SOON,
        "MAINTENANCE_PAGE",
        "another page of the same host",
    ),
    (
        sent("https://acme.my.sfcrmproducts.cn/services"),
        InvalidAnswer,
        Again.LATER,
        "OTHER_DOMAIN",
        "put https://acme.my.sfcrmproducts.cn into salesforce.url",
    ),
    (sent("https://chn1.sfcrmproducts.cn/unavailable"), ServerError, Again.SOON, "MAINTENANCE_PAGE", "chn1.sfcrm"),
    (sent("https://acme.crmforce.mil/unavailable"), ServerError, Again.SOON, "MAINTENANCE_PAGE", "acme.crmforce"),
    (
        sent("https://salesforce.com.portal.example/unavailable"),
        InvalidAnswer,
        Again.SOON,
        "REDIRECTED",
        "no token goes",
    ),
    (sent("https://login.salesforce.com/?startURL=x"), InvalidAnswer, Again.SOON, "REDIRECTED", "login.salesforce.com"),
    (
        sent("http://portal.example/login?from=/maintenance-unavailable"),
        InvalidAnswer,
        Again.SOON,
        "REDIRECTED",
        "portal.example",
    ),
    (sent("http://[half", 303), InvalidAnswer, Again.SOON, "REDIRECTED", "no URL"),
    (Canned(302, b""), InvalidAnswer, Again.SOON, "HTTP_302", "status 302"),
    (Canned(304, b""), InvalidAnswer, Again.SOON, "HTTP_304", "status 304"),
)


@pytest.mark.parametrize(("answer", "kind", "again", "code", "words"), CASES)
async def test_what_an_answer_means(
    client_over: Client, answer: Canned, kind: type[UpstreamError], again: Again, code: str | None, words: str
) -> None:
    """Only what may pass at once is asked again at once."""
    error, asked = await failure(client_over, answer)
    assert (type(error), error.again, error.code) == (kind, again, code)
    assert words in str(error)
    assert asked == (ATTEMPTS if again is Again.AT_ONCE else 1)


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (page(200, DOWN), ServerError, "MAINTENANCE_PAGE"),
        (page(403, DOWN), ServerError, "MAINTENANCE_PAGE"),
        (page(403, PAGE % b"Blocked"), InvalidAnswer, "WEB_PAGE"),
        (sent("https://status.salesforce.com/maintenance"), ServerError, "MAINTENANCE_PAGE"),
        (sent("https://acme--new.my.salesforce.com/services/oauth2/token"), InvalidAnswer, "OTHER_DOMAIN"),
        (Canned(420, b""), ServerError, "HTTP_420"),
        (page(200, PAGE % b"Sign in to the Wi-Fi"), InvalidAnswer, "WEB_PAGE"),
        (page(502, PAGE % b""), ServerError, "HTTP_502"),
    ],
)
async def test_the_token_endpoint_is_behind_the_same_edge(
    client_over: Client, answer: Canned, kind: type[UpstreamError], code: str
) -> None:
    """Whoever has no session meets there what others meet at the data: no refused credential, and told alike."""
    with pytest.raises(kind) as caught:
        await client_over(CannedTransport(answer)).get_json("limits/")
    assert (type(caught.value), caught.value.code) == (kind, code)


async def test_a_log_file_may_be_a_maintenance_page(client_over: Client) -> None:
    """200 with HTML where CSV belongs is read far enough to tell."""
    client = client_over(CannedTransport(LOGIN, page(200, DOWN)))
    with pytest.raises(ServerError, match="maintenance page") as caught:
        async with client.stream("sobjects/EventLogFile/0AT1/LogFile"):
            pass
    assert caught.value.code == "MAINTENANCE_PAGE"


@pytest.mark.parametrize("as_date", [False, True])
@pytest.mark.parametrize(
    "answer",
    [
        said(403, LIMIT, "ConcurrentRequests Limit exceeded."),
        said(403, LIMIT, "TotalRequests Limit exceeded."),
        said(403, "SOMETHING_NEW", "x"),
        page(403, PAGE % b"Blocked"),
        Canned(404, []),
        Canned(420, b""),
        Canned(429, b""),
        Canned(500, b""),
        said(500, "UNKNOWN_EXCEPTION", "x"),
        Canned(503, b""),
        page(503, DOWN),
        page(200, DOWN),
        sent("/maintenance"),
    ],
)
async def test_a_pause_is_kept_whatever_the_status(
    client_over: Client, clock: ManualClock, answer: Canned, as_date: bool
) -> None:
    """As a number and as a date: the next poll waits for it, and nothing is asked meanwhile."""
    seconds = LONGEST_PAUSE + 590
    header = formatdate(clock.time() + seconds, usegmt=True) if as_date else str(int(seconds))
    asks = Canned(answer.status, answer.body, {**answer.headers, "Retry-After": header})
    error, asked = await failure(client_over, asks)
    assert (error.retry_after, asked) == (seconds, 1)


@pytest.mark.parametrize("body", [b"<html>", b"", [], {}, [[]], None, "x", [{"errorCode": 7, "message": ["y"]}]])
@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 420, 500, 502, 503, 504, 599])
async def test_no_shape_of_body_breaks_it(client_over: Client, status: int, body: Any) -> None:
    """Arrays, objects, texts, pages, nothing: an error with the status in its sentence."""
    error, _ = await failure(client_over, Canned(status, body))
    assert f"status {status}" in str(error)


def test_every_row_that_is_evidence_names_a_reason_of_the_catalogue() -> None:
    """And no code speaks for two reasons."""
    assert {row.reason for row in REFUSALS if row.reason} == set(EVIDENCE) <= set(CATALOG.reason_names)
    codes = [code for found in EVIDENCE.values() for code in found]
    assert len(codes) == len(set(codes))
