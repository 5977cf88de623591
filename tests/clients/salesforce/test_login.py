"""Logging in to Salesforce: both flows, and what happens after a refusal."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from exporter.clients.connection import connect
from exporter.clients.salesforce.client import SalesforceClient
from exporter.clients.salesforce.login import ASSERTION_LIFE, JWT_GRANT
from exporter.clients.salesforce.pause import FIRST_PAUSE, LONGEST_PAUSE
from exporter.config.file import load_config
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import Settings
from exporter.errors import AuthError, RateLimited, ServerError, UpstreamError
from exporter.sources import salesforce_limits
from tests.clients.canned import Canned, CannedTransport
from tests.clients.conftest import MakeHttp, Sent
from tests.clocks import ManualClock
from tests.conftest import SIMULATOR

LOGIN = Canned(200, {"access_token": "00Dtoken", "instance_url": "https://acme.my.salesforce.com"})
LIMITS = Canned(200, {"DailyApiRequests": {"Max": 100, "Remaining": 60}})
REFUSED = Canned(401, {"error": "invalid_client", "error_description": "invalid client credentials"})
AUDIENCE = "https://test.salesforce.com"


@pytest.fixture(scope="session")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    kind: PrivateFormat = PrivateFormat.PKCS8,
    encryption: KeySerializationEncryption | None = None,
) -> str:
    return key.private_bytes(Encoding.PEM, kind, encryption or NoEncryption()).decode()


Client = Callable[..., SalesforceClient]


@pytest.fixture
def client_over(
    config_data: dict[str, Any], write_config: Any, make_http: MakeHttp, clock: ManualClock, sent: Sent
) -> Client:
    """The client of acme's org over a transport; with a ``private_key`` it logs in by JWT bearer."""

    def make(transport: httpx.AsyncBaseTransport, private_key: str | None = None, **flow: str) -> SalesforceClient:
        file: Path = write_config(config_data)
        if private_key is not None:
            file.with_name("key.pem").write_text(private_key)
            names = {"client_id": Settings().client_id, "username": "monitoring@acme.example"}
            auth = {"jwt_bearer": {**names, "private_key_file": "key.pem", **flow}}
            config_data["integrations"][0]["salesforce"]["auth"] = auth
            write_config(config_data)
        client = connect(load_config(file).integrations[0], make_http(transport), clock, sent.of).salesforce
        assert client is not None
        return client

    return make


class TestJwtBearer:
    async def test_the_assertion(self, client_over: Client, clock: ManualClock, key: rsa.RSAPrivateKey) -> None:
        """Signed with the private key, good for less than three minutes, for the one audience."""
        transport = CannedTransport(LOGIN, LIMITS)
        await client_over(transport, pem(key), audience=AUDIENCE).get_json("limits/")
        login, limits = transport.requests
        assert str(login.url) == f"{SIMULATOR}/acme/salesforce/services/oauth2/token"
        form = parse_qs(login.content.decode())
        assert form.keys() == {"grant_type", "assertion"}
        assert form["grant_type"] == [JWT_GRANT]
        (assertion,) = form["assertion"]
        assert jwt.get_unverified_header(assertion) == {"alg": "RS256", "typ": "JWT"}
        # The clock is the test's, not the library's.
        claims = jwt.decode(
            assertion, key.public_key(), algorithms=["RS256"], audience=AUDIENCE, options={"verify_exp": False}
        )
        assert claims == {
            "iss": Settings().client_id,
            "sub": "monitoring@acme.example",
            "aud": AUDIENCE,
            "exp": clock.time() + ASSERTION_LIFE,
        }
        assert 60 <= ASSERTION_LIFE <= 180
        assert limits.headers["Authorization"] == "Bearer 00Dtoken"

    async def test_another_key_does_not_verify_it(self, client_over: Client, key: rsa.RSAPrivateKey) -> None:
        """The signature is one."""
        transport = CannedTransport(LOGIN, LIMITS)
        await client_over(transport, pem(key)).get_json("limits/")
        (assertion,) = parse_qs(transport.requests[0].content.decode())["assertion"]
        other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        with pytest.raises(jwt.InvalidSignatureError):
            jwt.decode(assertion, other.public_key(), algorithms=["RS256"], options={"verify_aud": False})

    @pytest.mark.parametrize("kind", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
    async def test_it_opens_the_simulated_org(
        self,
        client_over: Client,
        transport: httpx.ASGITransport,
        acme: Org,
        clock: ManualClock,
        key: rsa.RSAPrivateKey,
        kind: PrivateFormat,
    ) -> None:
        """Either form of PEM; and again, with a new assertion, when the session is over."""
        client = client_over(transport, pem(key, kind))
        assert await client.get_json("limits/")
        clock.advance(Settings().token_seconds)
        assert await client.get_json("limits/")
        assert acme.requests == {"token": 2, "salesforce.limits": 3}

    @pytest.mark.parametrize(
        ("make_text", "reason"),
        [
            (lambda key: "not-a-key-but-a-secret", "no PEM at all"),
            (lambda key: pem(key)[:800], "cut short"),
            (lambda key: pem(key, encryption=BestAvailableEncryption(b"x")), "encrypted$"),
            (
                lambda key: key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
                "a public key",
            ),
            (lambda key: pem(ec.generate_private_key(ec.SECP256R1())), "not an RSA key"),
        ],
        ids=["no key", "half a key", "encrypted", "public", "elliptic curve"],
    )
    async def test_what_is_no_private_key(
        self,
        client_over: Client,
        sent: Sent,
        key: rsa.RSAPrivateKey,
        tmp_path: Path,
        make_text: Callable[[rsa.RSAPrivateKey], str],
        reason: str,
    ) -> None:
        """It took the place of a good one: an AuthError that says so, with nothing of the text, and nothing is sent."""
        text = make_text(key)
        client = client_over(CannedTransport(LOGIN), pem(key))
        (tmp_path / "key.pem").write_text(text)
        with pytest.raises(AuthError, match=reason) as caught:
            await client.get_json("limits/")
        told = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value))
        assert not any(line in told for line in text.splitlines())
        assert sent.count == 0

    async def test_a_key_that_is_gone(
        self, client_over: Client, sent: Sent, key: rsa.RSAPrivateKey, tmp_path: Path
    ) -> None:
        """An AuthError too."""
        client = client_over(CannedTransport(LOGIN), pem(key))
        (tmp_path / "key.pem").unlink()
        with pytest.raises(
            AuthError, match=r'^cannot read the private key in the file "\S+key\.pem": No such file or directory$'
        ):
            await client.get_json("limits/")
        assert sent.count == 0

    def test_every_salesforce_source_applies(
        self, config_data: dict[str, Any], write_config: Any, key: rsa.RSAPrivateKey
    ) -> None:
        """The flow makes no difference to what is read, and nothing is said to be unused."""
        file: Path = write_config(config_data)
        file.with_name("key.pem").write_text(pem(key))
        flow = {"client_id": "an-id", "username": "me", "private_key_file": "key.pem"}
        config_data["integrations"][0]["salesforce"]["auth"] = {"jwt_bearer": flow}
        config = load_config(write_config(config_data))
        assert salesforce_limits.applies(config.integrations[0])
        assert config.notes == ()


class TestAfterARefusal:
    async def test_it_is_not_tried_again_at_once(self, client_over: Client, sent: Sent) -> None:
        """Within a minute every question fails with a sentence, and nothing is sent."""
        client = client_over(CannedTransport(REFUSED))
        with pytest.raises(AuthError, match="status 401"):
            await client.get_json("limits/")
        with pytest.raises(
            AuthError, match=r"refused the login \(invalid_client, 1 times .* for 60 s unless"
        ) as caught:
            await client.get_json("limits/")
        assert caught.value.code == "invalid_client"
        assert sent.count == 1

    async def test_the_pauses_grow(self, client_over: Client, clock: ManualClock, sent: Sent) -> None:
        """One minute, two, four, eight, then a quarter of an hour each."""
        client = client_over(CannedTransport(REFUSED))
        pauses = []
        for _ in range(8):
            began, requests = clock.time(), sent.count
            while sent.count == requests:
                with pytest.raises(AuthError):
                    await client.get_json("limits/")
                if sent.count == requests:
                    clock.advance(1)
            pauses.append(clock.time() - began)
        assert pauses == [0, 60, 120, 240, 480, 900, 900, 900]
        assert (FIRST_PAUSE, LONGEST_PAUSE) == (60, 900)

    async def test_a_login_forgets_refusals(self, client_over: Client, clock: ManualClock, sent: Sent) -> None:
        """After a success the next refusal is a first one again."""
        expired = Canned(401, [{"message": "", "errorCode": "INVALID_SESSION_ID"}])
        client = client_over(CannedTransport(REFUSED, REFUSED, LOGIN, LIMITS, expired, REFUSED))
        for pause in (60, 120):
            with pytest.raises(AuthError):
                await client.get_json("limits/")
            clock.advance(pause)
        assert await client.get_json("limits/") == LIMITS.body
        with pytest.raises(AuthError, match="status 401"):
            await client.get_json("limits/")
        with pytest.raises(AuthError, match=r"invalid_client, 1 times in a row\): not tried again for 60 s"):
            await client.get_json("limits/")
        assert sent.count == 6

    async def test_a_new_secret_is_tried_at_once(
        self, client_over: Client, transport: httpx.ASGITransport, tmp_path: Path, acme: Org
    ) -> None:
        """Who has put the right secret in place need not wait."""
        client = client_over(transport)
        (tmp_path / "client-secret").write_text("wrong")
        for _ in range(3):
            with pytest.raises(AuthError):
                await client.get_json("limits/")
        assert acme.requests == {"token": 1}
        (tmp_path / "client-secret").write_text(Settings().client_secret)
        assert await client.get_json("limits/")

    async def test_another_wrong_secret_begins_anew(
        self, client_over: Client, tmp_path: Path, clock: ManualClock, sent: Sent
    ) -> None:
        """The pause belongs to the secret, and the first one is a minute."""
        client = client_over(CannedTransport(REFUSED))
        for _ in range(3):
            with pytest.raises(AuthError):
                await client.get_json("limits/")
            clock.advance(LONGEST_PAUSE)
        (tmp_path / "client-secret").write_text("also-wrong")
        for match in ("status 401", r"1 times .* for 60 s"):
            with pytest.raises(AuthError, match=match) as caught:
                await client.get_json("limits/")
            assert "also-wrong" not in str(caught.value)
        assert sent.count == 4

    async def test_many_questions_are_refused_together(self, client_over: Client, sent: Sent) -> None:
        """Twenty questions with a wrong secret send one login."""
        client = client_over(CannedTransport(REFUSED))
        answers = await asyncio.gather(*(client.get_json("limits/") for _ in range(20)), return_exceptions=True)
        assert {type(answer) for answer in answers} == {AuthError}
        assert sent.count == 1

    async def test_a_clock_that_is_set_back_locks_nobody_out(
        self, client_over: Client, clock: ManualClock, sent: Sent
    ) -> None:
        """A pause does not last until the old time comes again."""
        client = client_over(CannedTransport(REFUSED, LOGIN, LIMITS))
        with pytest.raises(AuthError):
            await client.get_json("limits/")
        clock.advance(-86_400)
        assert await client.get_json("limits/")

    @pytest.mark.parametrize(("fault", "error"), [("rate_limited", RateLimited), ("unavailable_html", ServerError)])
    async def test_other_failures_do_not_pause(
        self, client_over: Client, transport: httpx.ASGITransport, acme: Org, fault: str, error: type[Exception]
    ) -> None:
        """An outage says nothing of the credential."""
        client = client_over(transport)
        acme.faults.put(Fault("token", fault))
        with pytest.raises(error):
            await client.get_json("limits/")
        acme.faults.clear()
        assert await client.get_json("limits/")


@pytest.mark.parametrize(
    "answer",
    [
        Canned(400, {"error": "invalid_grant", "error_description": "audience is invalid"}),
        Canned(400, {"error": "rate_limit_exceeded", "error_description": "login rate exceeded"}),
        Canned(401, {"error": "invalid_client"}),
        Canned(403, {"error": "access_denied"}),
        Canned(429, {}),
        Canned(500, {"error": "server_error"}),
        Canned(503, b"<html>Service Unavailable</html>"),
        Canned(420, b""),
        Canned(404, b""),
    ],
)
async def test_a_pause_that_is_asked_for_is_every_sources(
    client_over: Client, clock: ManualClock, sent: Sent, answer: Canned
) -> None:
    """Whatever the status: who asks meanwhile sends nothing and is told how long; then it is tried again."""
    client = client_over(CannedTransport(Canned(answer.status, answer.body, {"Retry-After": "1800"}), LOGIN, LIMITS))
    for left, waited in ((1800, 900), (900, 899), (1, 1)):
        with pytest.raises(UpstreamError) as caught:
            await client.get_json("limits/")
        assert caught.value.retry_after == left
        clock.advance(waited)
    assert sent.count == 1
    assert await client.get_json("limits/") == LIMITS.body


@pytest.mark.parametrize("code", ["UNKNOWN_EXCEPTION", "SERVER_UNAVAILABLE", "UNABLE_TO_LOCK_ROW"])
async def test_a_failure_of_salesforce_is_no_refused_credential(client_over: Client, sent: Sent, code: str) -> None:
    """Though the token endpoint says it with 400: it is tried again at once, and nothing pauses."""
    failed = Canned(400, [{"errorCode": code, "message": "x"}])
    client = client_over(CannedTransport(failed, failed, failed, LOGIN, LIMITS))
    with pytest.raises(ServerError, match=code):
        await client.get_json("limits/")
    assert sent.count == 3
    assert await client.get_json("limits/") == LIMITS.body
