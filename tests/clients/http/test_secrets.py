"""Secrets and tokens stay out of everything a person can read."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
import structlog

from exporter.clients.connection import connect
from exporter.clients.salesforce.pause import LONGEST_PAUSE
from exporter.config.settings import Config
from exporter.demo.simulator.faults import NAMES, Fault
from exporter.demo.simulator.login_faults import LOGIN_FAULTS
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import Settings
from exporter.errors import UpstreamError
from exporter.logs import set_up_logging
from exporter.service import open_service
from tests.clients.conftest import MakeHttp, Sent
from tests.clocks import ManualClock
from tests.conftest import WEBHOOK_TOKEN, client_of

APIS_WITH_TOKENS = ("token", "salesforce", "bridge")
FAULTS = [
    *((api, name) for api in APIS_WITH_TOKENS for name in NAMES if name not in ("hang", "missing_scopes")),
    *(("token", name) for name in LOGIN_FAULTS),
]
CONFIGURED = (Settings().client_secret, Settings().bridge_token, WEBHOOK_TOKEN)


class Wiretap(httpx.AsyncBaseTransport):
    """Hears every token that is sent; ``broken`` makes it fail in a way nobody expects."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self.tokens: set[str] = set()
        self.broken = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme:
            self.tokens.add(token)
        if self.broken:
            raise RuntimeError("a bug somewhere below")
        return await self._inner.handle_async_request(request)


@pytest.fixture
def wiretap(transport: httpx.ASGITransport) -> Wiretap:
    return Wiretap(transport)


@pytest.fixture
def loudest_logs(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """The product's logging at its most talkative, on the captured standard error."""
    root = logging.getLogger()
    handlers, level, processors = root.handlers[:], root.level, structlog.get_config()
    set_up_logging("debug", "logfmt")
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**processors)


async def test_nothing_a_person_reads_holds_a_secret(
    loudest_logs: None,
    capsys: pytest.CaptureFixture[str],
    config: Config,
    clock: ManualClock,
    wiretap: Wiretap,
    acme: Org,
) -> None:
    """Through every fault of every API: not the log at level debug, not the metrics, not the HTTP API."""
    seen: list[str] = []
    async with open_service(config, clock, wiretap) as service, client_of(service) as http:
        for api, fault in [("salesforce", ""), *FAULTS, ("token", "bug")]:
            acme.faults.clear()
            clock.advance(LONGEST_PAUSE)  # a refused login is not tried again earlier
            wiretap.broken = fault == "bug"
            if fault in NAMES:
                acme.faults.put(Fault(api, fault))
            if api == "token":
                acme.sessions.expire_all()
            for target in service.poller.targets:
                if target.integration == "acme":
                    await service.poller.poll(target)
            for path in ("/metrics", "/api/v1/integrations", "/api/v1/resyncs", "/-/ready"):
                seen.append((await http.get(path)).text)
        seen += [repr(service), repr(config), repr(service.poller.targets)]
    output = capsys.readouterr()
    seen += [output.out, output.err]
    assert "poll failed" in output.err
    assert "a bug somewhere below" in output.err
    _assert_absent("\n".join(seen), (*CONFIGURED, *wiretap.tokens))
    assert len(wiretap.tokens) >= 4


@pytest.mark.parametrize(("api", "fault"), FAULTS)
async def test_no_error_holds_a_secret(
    config: Config,
    clock: ManualClock,
    wiretap: Wiretap,
    make_http: MakeHttp,
    sent: Sent,
    acme: Org,
    api: str,
    fault: str,
) -> None:
    """Neither an error's text nor its representation, nor those of what caused it."""
    connection = connect(config.integrations[0], make_http(wiretap), clock, sent.of)
    assert connection.salesforce is not None
    assert connection.bridge is not None
    acme.faults.put(Fault(api, fault))
    texts = [repr(connection), repr(connection.salesforce), repr(connection.bridge)]
    for question in (connection.salesforce.get_json("limits/"), connection.bridge.sync_health()):
        with suppress(UpstreamError):
            try:
                await question
            except UpstreamError as error:
                texts += _everything_said(error)
                raise
    _assert_absent("\n".join(texts), (*CONFIGURED, *wiretap.tokens))


def _everything_said(error: BaseException) -> list[str]:
    chain: list[Any] = ["".join(traceback.format_exception(error))]
    link: BaseException | None = error
    while link is not None:
        chain += [str(link), repr(link), repr(link.args), repr(vars(link))]
        link = link.__cause__ or link.__context__
    return chain


def _assert_absent(text: str, secrets: tuple[str, ...]) -> None:
    for secret in secrets:
        assert secret not in text, f"{secret!r} shows in …{text[max(0, text.find(secret) - 200) :][:300]}…"
