"""Salesforce Status, and the org asked for its instance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from exporter.clients.connection import connect
from exporter.clients.trust import TrustClient
from exporter.config.settings import Config, TrustSettings
from exporter.demo.simulator.org import Org
from exporter.errors import AuthError, ConnectError, InvalidAnswer, RateLimited, ServerError, UpstreamError
from tests.clients.canned import Canned, CannedTransport
from tests.clients.conftest import MakeHttp, Sent
from tests.clocks import ManualClock

SIMULATED = TrustSettings("http://127.0.0.1:1/status", None)

Client = Callable[[httpx.AsyncBaseTransport], TrustClient]


@pytest.fixture
def client_over(config: Config, make_http: MakeHttp, clock: ManualClock, sent: Sent) -> Client:
    """Acme's client of the status page over a transport."""

    def make(transport: httpx.AsyncBaseTransport) -> TrustClient:
        acme = config.integrations[0]
        assert acme.salesforce is not None
        settings = replace(acme, salesforce=replace(acme.salesforce, status=SIMULATED))
        client = connect(settings, make_http(transport), clock, sent.of).trust
        assert client is not None
        return client

    return make


@pytest.fixture
def client(client_over: Client, transport: httpx.ASGITransport) -> TrustClient:
    """A client of the simulated status page."""
    return client_over(transport)


async def test_the_status_of_an_instance(client: TrustClient, acme: Org, sent: Sent) -> None:
    """One request without login; no API call of the org."""
    acme.set_trust("MINOR_INCIDENT_CORE")
    told = await client.instance_status("SIM1")
    assert told is not None
    assert (told["key"], told["status"], told["isActive"]) == ("SIM1", "MINOR_INCIDENT_CORE", True)
    assert sent.apis == [("acme", "status")]
    assert acme.requests == {"status": 1}
    assert acme.calls.used() == 0


async def test_no_token_is_sent(client_over: Client) -> None:
    """The status page is somebody else's: it sees no credentials."""
    transport = CannedTransport(Canned(200, {"key": "NA1"}))
    await client_over(transport).instance_status("NA1")
    (request,) = transport.requests
    assert (request.method, str(request.url)) == ("GET", "http://127.0.0.1:1/status/v1/instances/NA1/status")
    assert "authorization" not in request.headers


async def test_an_instance_that_does_not_exist(client: TrustClient) -> None:
    """It has no status."""
    assert await client.instance_status("NA99") is None


@pytest.mark.parametrize("name", ["../../admin", "..", "NA1/../x", "NA1?x=1", "NA1#", "a b", "\ud800", "NA1\r\nX: 1"])
async def test_a_name_stays_one_step_of_the_path(client_over: Client, name: str) -> None:
    """Whatever the configuration says, the request goes to the page's own path."""
    transport = CannedTransport(Canned(404, {}))
    assert await client_over(transport).instance_status(name) is None
    (request,) = transport.requests
    path = request.url.raw_path.decode()
    assert path.startswith("/status/v1/instances/")
    assert path.endswith("/status")
    assert path.count("/") == 5
    assert "?" not in path


@pytest.mark.parametrize(
    ("canned", "error"),
    [
        (Canned(500), ServerError),
        (Canned(503, b"<html>Try again later.</html>"), ServerError),
        (Canned(429, {}, {"Retry-After": "600"}), RateLimited),
        (Canned(301, {}, {"Location": "https://elsewhere.example/"}), InvalidAnswer),
        (Canned(401, {}), AuthError),
        (Canned(403, {}), AuthError),
        (Canned(403, b"<html>Blocked</html>"), InvalidAnswer),
        (Canned(200, b""), InvalidAnswer),
        (Canned(200, b"<html>"), InvalidAnswer),
        (Canned(200, []), InvalidAnswer),
        (Canned(200, None), InvalidAnswer),
        (httpx.ConnectError("refused"), ConnectError),
    ],
)
async def test_a_page_that_does_not_answer(client_over: Client, canned: Any, error: type[UpstreamError]) -> None:
    """Its failures are the usual ones."""
    with pytest.raises(error):
        await client_over(CannedTransport(canned)).instance_status("NA1")


@pytest.mark.parametrize(
    ("canned", "words"),
    [
        (Canned(401, {}), "salesforce.status.url"),
        (Canned(403, {}), "salesforce.status.url"),
        (Canned(403, b"<html>Blocked</html>"), "web page"),
        (Canned(302, b"", {"Location": "https://trust.example/"}), "sends to trust.example"),
        (Canned(301, b"", {"Location": "https://trust.example/"}), "no status page at .* sends to trust.example"),
        (Canned(404, b"<html>Not found</html>"), "no status page at this address.*salesforce.status: off"),
        (Canned(410, {"message": "Gone"}), "no status page at this address.*status 410"),
        (Canned(200, b"<html>Sign in</html>"), "web page"),
        (Canned(200, b""), "an empty body"),
        (Canned(503, b"<html>Back soon</html>"), "web page"),
    ],
)
async def test_it_is_told_what_answered_instead(client_over: Client, canned: Canned, words: str) -> None:
    """A page, a redirect, nothing: in the words that every API's failures have."""
    with pytest.raises(UpstreamError, match=words):
        await client_over(CannedTransport(canned)).instance_status("NA1")
