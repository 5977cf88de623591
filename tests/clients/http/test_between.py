"""What stands in between and answers in an API's place is told as that, whatever API was asked."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from exporter.clients.http.retry import ATTEMPTS
from exporter.errors import Again, ConnectError
from tests.clients.canned import Canned, CannedTransport
from tests.clients.conftest import Client, MakeUpstream

SQUID = {"X-Squid-Error": "ERR_CONNECT_FAIL 111"}
BASIC = {"Proxy-Authenticate": "Basic realm=x"}
LOGIN = Canned(200, {"access_token": "00Dtoken", "instance_url": "https://acme.my.salesforce.com"})


@pytest.mark.parametrize(
    ("status", "headers", "again"),
    [
        (407, BASIC, Again.HOURLY),
        (407, {}, Again.HOURLY),
        (401, BASIC, Again.HOURLY),
        (403, SQUID, Again.HOURLY),
        (502, SQUID, Again.AT_ONCE),
        (503, SQUID, Again.AT_ONCE),
        (511, {}, Again.SOON),
        # May be the API's, or its edge's.
        (401, {"WWW-Authenticate": "Bearer"}, None),
        (403, {}, None),
        (502, {"Via": "1.1 varnish", "Server": "cloudflare"}, None),
        (503, {"Retry-After": "60"}, None),
        (504, {"X-Cache": "MISS from proxy"}, None),
        (200, SQUID, None),
        (302, BASIC, None),
    ],
)
async def test_whose_answer_it_is(
    upstream_over: MakeUpstream, status: int, headers: Mapping[str, str], again: Again | None
) -> None:
    """Only by signs that no API gives: what is not certain is the API's."""
    upstream = upstream_over(CannedTransport(Canned(status, {}, headers)))
    if again is None:
        assert await upstream.call("GET", "https://api.example/thing", lambda answer: answer.status) == status
        return
    with pytest.raises(ConnectError, match=r"^api\.example: (the proxy|a portal) in between .*GET /thing") as caught:
        await upstream.call("GET", "https://api.example/thing", lambda answer: answer.status)
    assert (caught.value.kind, caught.value.code, caught.value.again) == ("connect", None, again)


@pytest.mark.parametrize("path", ["login", "data", "log file"])
@pytest.mark.parametrize(("answer", "asked"), [(Canned(407, b"", BASIC), 1), (Canned(503, b"<html>", SQUID), ATTEMPTS)])
async def test_no_org_is_blamed_for_it(client_over: Client, path: str, answer: Canned, asked: int) -> None:
    """Neither as unavailable nor as refusing a credential; at the token endpoint as at the data."""
    before = [] if path == "login" else [LOGIN]
    transport = CannedTransport(*before, answer)
    client = client_over(transport)

    async def ask() -> None:
        if path != "log file":
            await client.get_json("limits/")
            return
        async with client.stream("sobjects/EventLogFile/0AT1/LogFile"):
            pass

    with pytest.raises(ConnectError) as caught:
        await ask()
    assert caught.value.code is None
    assert len(transport.requests) - len(before) == asked


async def test_a_pause_that_was_asked_for_is_kept(upstream_over: MakeUpstream) -> None:
    """As from an API."""
    upstream = upstream_over(CannedTransport(Canned(503, b"", SQUID | {"Retry-After": "600"})))
    with pytest.raises(ConnectError) as caught:
        await upstream.call("GET", "https://api.example/thing", lambda answer: answer.status)
    assert caught.value.retry_after == 600
