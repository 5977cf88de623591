"""The hook's client: what is sent, and what each answer means."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from jsonschema import Draft202012Validator

from exporter import __version__
from exporter.clients.hook import (
    LONGEST_REASON,
    MAX_ANSWER_BYTES,
    Delivery,
    HookClient,
    HookRecord,
    delivery_id,
)
from exporter.clients.http.signature import signature_header
from exporter.clients.http.upstream import Upstream
from exporter.config.secret import Secret
from exporter.config.settings import Hook
from exporter.errors import (
    AuthError,
    ConnectError,
    ExporterError,
    InvalidAnswer,
    RateLimited,
    ResyncRefused,
    ServerError,
    UpstreamTimeout,
)
from tests.clients.canned import Canned, CannedTransport
from tests.clients.conftest import MakeHttp
from tests.clocks import ManualClock

DOCUMENT = yaml.safe_load((Path(__file__).parents[2] / "exporter/clients/hook.openapi.yaml").read_text("utf-8"))
OPERATION = DOCUMENT["webhooks"]["resync"]["post"]
URL = "https://hook.example/resync/"
SECRET, OLDER = "hunter2-the-new-one", "hunter2-the-old-one"

DELIVERY = Delivery(
    id=delivery_id(("acme", 7, 100.0), ["e1", "e2"]),
    integration="acme",
    job=7,
    alert="HubSpotSalesforceSyncErrors",
    attempt=1,
    records=(
        HookRecord("e1", "contacts", "101", "003A", "picklists", "restricted_picklist_value"),
        HookRecord("é2", None, None, None, "other", "unknown"),
    ),
)
"""One record of which all is known, and one of which nothing is."""


@pytest.fixture
def secret_files(tmp_path: Path) -> list[Path]:
    files = [tmp_path / "new", tmp_path / "old"]
    for file, text in zip(files, (SECRET, OLDER), strict=True):
        file.write_text(f"  {text}\r\n")
    return files


MakeClient = Callable[..., HookClient]


@pytest.fixture
def client_over(secret_files: list[Path], make_http: MakeHttp, clock: ManualClock) -> MakeClient:
    """A client of the hook over a transport; with one secret, and an hour to answer."""

    def make(transport: httpx.AsyncBaseTransport, secrets: int = 1, timeout: float = 3600.0) -> HookClient:
        settings = Hook(URL, tuple(Secret(file=file) for file in secret_files[:secrets]), timeout)
        upstream = Upstream(make_http(transport), clock, lambda: None, max_bytes=MAX_ANSWER_BYTES)
        return HookClient(settings, upstream, clock)

    return make


def described(schema: Mapping[str, Any]) -> Draft202012Validator:
    """A validator of a schema in the document, whose formats count."""
    whole = {**schema, "components": DOCUMENT["components"]}
    Draft202012Validator.check_schema(whole)
    return Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)


class TestTheRequest:
    @pytest.mark.parametrize(
        "delivery",
        [DELIVERY, replace(DELIVERY, attempt=3, records=DELIVERY.records[:1] * 100)],
        ids=["of two", "of a hundred"],
    )
    @pytest.mark.parametrize("secrets", [1, 2])
    async def test_it_is_what_the_document_says(
        self, client_over: MakeClient, delivery: Delivery, secrets: int
    ) -> None:
        """Body and headers fit the OpenAPI document, and hold what they are about."""
        transport = CannedTransport(Canned(204, b""))
        await client_over(transport, secrets).deliver(delivery)
        (request,) = transport.requests
        assert (request.method, str(request.url)) == ("POST", URL)
        body = json.loads(request.content)
        described(OPERATION["requestBody"]["content"]["application/json"]["schema"]).validate(body)
        for parameter in OPERATION["parameters"]:
            assert described(parameter["schema"]).is_valid(request.headers[parameter["name"]]), parameter["name"]
        assert body == {
            "version": "1",
            "delivery_id": delivery.id,
            "integration": "acme",
            "job": 7,
            "alert": "HubSpotSalesforceSyncErrors",
            "categories": sorted({record.category for record in delivery.records}),
            "error_types": sorted({record.error_type for record in delivery.records}),
            "attempt": delivery.attempt,
            "records": body["records"],
            "requested_at": "2027-01-15T08:00:00.000Z",
        }
        assert body["records"][0]["salesforce_id"] == "003A"
        assert request.headers["HubSpot-Salesforce-Delivery"] == body["delivery_id"]
        assert request.headers["User-Agent"] == f"hubspot-salesforce-exporter/{__version__}"

    @pytest.mark.parametrize(
        "spoilt",
        [{"records": []}, {"records": [{"error_id": "e1"}]}, {"version": "2"}, {"attempt": 0}, {"job": "7"}],
        ids=lambda spoilt: next(iter(spoilt)),
    )
    async def test_the_document_would_notice(self, client_over: MakeClient, spoilt: dict[str, Any]) -> None:
        """It is strict enough to tell a wrong request."""
        transport = CannedTransport(Canned(204, b""))
        await client_over(transport).deliver(DELIVERY)
        body = {**json.loads(transport.requests[0].content), **spoilt}
        assert not described(OPERATION["requestBody"]["content"]["application/json"]["schema"]).is_valid(body)

    async def test_each_attempt_is_signed_anew(
        self, client_over: MakeClient, clock: ManualClock, secret_files: list[Path]
    ) -> None:
        """With the time it is sent at and both secrets of a rotation as they stand then; what it says is the same."""
        transport = CannedTransport(Canned(204, b""))
        client = client_over(transport, secrets=2)
        await client.deliver(DELIVERY)
        clock.advance(600.9)
        secret_files[0].write_text("a-third")
        await client.deliver(DELIVERY)
        first, second = transport.requests
        for request, moment, secret in ((first, 1_800_000_000, SECRET), (second, 1_800_000_600, "a-third")):
            expected = signature_header([secret, OLDER], moment, request.content)
            assert request.headers["HubSpot-Salesforce-Signature"] == expected
        said = [{**json.loads(request.content), "requested_at": None} for request in (first, second)]
        assert said[0] == said[1]

    @pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfeh\0"])
    async def test_a_secret_that_is_not_there_signs_nothing(
        self, client_over: MakeClient, secret_files: list[Path], content: bytes | None
    ) -> None:
        """Gone, empty or no text: an AuthError, and nothing is sent."""
        secret_files[1].unlink() if content is None else secret_files[1].write_bytes(content)
        transport = CannedTransport(Canned(204, b""))
        with pytest.raises(AuthError, match="hook secret"):
            await client_over(transport, secrets=2).deliver(DELIVERY)
        assert transport.requests == []

    def test_a_delivery_has_one_id_for_ever(self) -> None:
        """Of the job and its errors in any order; another job, or another error, has another."""
        assert delivery_id(("acme", 7, 100.0), ["e2", "e1"]) == DELIVERY.id
        others = [(("acme", 8, 100.0), ["e1", "e2"]), (("acme", 7, 100.1), ["e1", "e2"]), (("acme", 7, 100.0), ["e1"])]
        assert len({DELIVERY.id, *(delivery_id(origin, ids) for origin, ids in others)}) == 4


class TestTheAnswer:
    @pytest.mark.parametrize(
        ("answer", "rejected"),
        [
            (Canned(200, b""), {}),
            (Canned(202, b"queued"), {}),
            (Canned(200, b"OK", {"Content-Type": "text/html"}), {}),
            (Canned(204, b""), {}),
            (Canned(200, {"message": "Workflow was started"}), {}),
            (Canned(200, [1]), {}),
            (Canned(200, {"accepted": ["e1", "é2"]}), {}),
            (Canned(200, {"accepted": None, "rejected": None}), {}),
            (Canned(200, {"accepted": ["e1", "e9"], "rejected": []}), {"é2": "not answered"}),
            (Canned(200, {"accepted": []}), {"e1": "not answered", "é2": "not answered"}),
            (Canned(200, {"rejected": [{"id": "e1", "reason": " no\n such\x00 owner "}]}), {"e1": "no such owner"}),
            (Canned(200, {"rejected": [{"id": "e1", "reason": None}, {"id": "e9"}]}), {"e1": "rejected"}),
            (Canned(200, {"accepted": ["e1", "é2"], "rejected": [{"id": "é2", "reason": "x"}]}), {"é2": "x"}),
            (Canned(200, {"rejected": [{"id": "e1", "reason": "x" * 5000}]}), {"e1": "x" * LONGEST_REASON}),
            (Canned(409, {"reason": "frozen"}), {"e1": "frozen", "é2": "frozen"}),
            (
                Canned(422, b"<html>"),
                dict.fromkeys(
                    ["e1", "é2"],
                    "rejected (POST /resync/: status 422 with a web page instead of an answer "
                    "(maintenance, or a proxy or portal in between))",
                ),
            ),
        ],
    )
    async def test_outcomes(self, client_over: MakeClient, answer: Canned, rejected: dict[str, str]) -> None:
        """Who says nothing of a record accepts it, unless it says which it accepts; rejected ones have a reason."""
        assert await client_over(CannedTransport(answer)).deliver(DELIVERY) == rejected

    @pytest.mark.parametrize(
        ("answer", "error", "words"),
        [
            (Canned(410, {}), ResyncRefused, "the hook is gone: name another in remediation.hook.url (POST"),
            (Canned(400, {}), ResyncRefused, "the hook refuses the request (POST /resync/: status 400)"),
            (Canned(401, {}), ResyncRefused, "the hook does not take the signature"),
            (Canned(403, {}), ResyncRefused, "compare the secret and the clocks"),
            (Canned(404, b"<html>"), ResyncRefused, "nothing takes deliveries there: check remediation.hook.url"),
            (Canned(413, {}), ResyncRefused, "status 413"),
            (Canned(408, {}), InvalidAnswer, "status 408"),
            (Canned(425, {}), InvalidAnswer, "status 425"),
            (Canned(429, {}, {"Retry-After": "7"}), RateLimited, "status 429"),
            (Canned(503, {}, {"Retry-After": "7"}), ServerError, "status 503"),
            (Canned(500, b"<html>"), ServerError, "status 500"),
            (Canned(200, b" <html>sign in"), InvalidAnswer, "web page"),
            (Canned(200, {"accepted": "e1"}), InvalidAnswer, "accepted does not fit"),
            (Canned(200, {"rejected": [{"reason": "x"}]}), InvalidAnswer, "id missing"),
            (Canned(200, b" " * (MAX_ANSWER_BYTES + 1)), InvalidAnswer, "more than 1048576 bytes"),
            (Canned(307, b"", {"Location": "https://elsewhere.example/"}), InvalidAnswer, "sends to elsewhere.example"),
            (httpx.ConnectError("refused"), ConnectError, "hook.example"),
            (httpx.ReadTimeout("slow"), UpstreamTimeout, "hook.example"),
        ],
    )
    async def test_failures(
        self, client_over: MakeClient, answer: Canned | Exception, error: type[ExporterError], words: str
    ) -> None:
        """Asked once; what will not pass is told from what may; no redirect is followed, no secret told."""
        transport = CannedTransport(answer)
        client = client_over(transport, secrets=2)
        with pytest.raises(ExporterError) as caught:
            await client.deliver(DELIVERY)
        assert (type(caught.value), len(transport.requests)) == (error, 1)
        assert words in str(caught.value)
        signature = transport.requests[0].headers["HubSpot-Salesforce-Signature"]
        told = f"{caught.value!r} {caught.value} {client!r} {vars(client)}"
        assert not [text for text in (SECRET, OLDER, *signature.split("v1=")[1:]) if text in told]

    async def test_the_pause_it_asks_for_is_handed_on(self, client_over: MakeClient) -> None:
        """The job waits for it."""
        with pytest.raises(ServerError) as caught:
            await client_over(CannedTransport(Canned(503, {}, {"Retry-After": "600"}))).deliver(DELIVERY)
        assert caught.value.retry_after == 600

    async def test_a_slow_answer_is_not_waited_for_for_ever(self, client_over: MakeClient) -> None:
        """However it trickles in: the time for all of it is bounded."""

        class Stuck(httpx.AsyncBaseTransport):
            async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
                await asyncio.Event().wait()
                raise AssertionError(request)

        with pytest.raises(UpstreamTimeout, match=r"^the hook gave no whole answer in 0\.01 s$"):
            await client_over(Stuck(), timeout=0.01).deliver(DELIVERY)


def test_the_document_and_the_check_of_answers_agree() -> None:
    """What the document says of outcomes is what the exporter checks."""
    checked = json.loads((Path(__file__).parents[2] / "exporter/schemas/hook_answer.schema.json").read_text("utf-8"))
    outcomes = DOCUMENT["components"]["schemas"]["Outcomes"]

    def bare(node: Any) -> Any:
        if isinstance(node, dict):
            left_out = ("description", "title", "$schema")
            return {key: bare(value) for key, value in node.items() if key not in left_out}
        return [bare(value) for value in node] if isinstance(node, list) else node

    assert bare(outcomes) == bare(checked)
