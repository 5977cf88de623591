"""Logging in to Salesforce, server to server: client credentials or JWT bearer.

Facts: Salesforce Help, *OAuth 2.0 Client Credentials Flow* and *JWT Bearer Flow for Server-to-Server Integration*:
``POST /services/oauth2/token`` → ``{"access_token", "instance_url", "token_type"}``, no ``expires_in``, no refresh
token; refusals are an object ``{"error", "error_description"}``. An assertion is signed with RS256 and expires within
three minutes. Salesforce locks users out and logs every failed login, so a refused credential is not tried on and on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from exporter.clients.http.secrets import secret_text
from exporter.clients.http.upstream import Answer, Upstream
from exporter.clock import Clock
from exporter.config.settings import ClientCredentials, JwtBearer, Salesforce
from exporter.config.urls import is_safe_url
from exporter.errors import AuthError, InvalidAnswer

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ASSERTION_LIFE = 120
"""Seconds; of the three minutes Salesforce allows, one is left to clocks that differ."""

FIRST_PAUSE = 60.0
LONGEST_PAUSE = 900.0
"""Seconds without a login after a refused credential: the first, doubled with each refusal up to the longest."""

_CODE = re.compile(r"[A-Za-z_]{1,64}")


@dataclass(frozen=True)
class Session:
    """A logged-in session; the token is kept out of its representation."""

    instance_url: str
    token: str

    def __repr__(self) -> str:
        return f"Session({self.instance_url})"


@dataclass(frozen=True, slots=True)
class _Refusal:
    """The credential Salesforce refused last, how often in a row, and until when it is left alone."""

    secret: str = field(repr=False)
    code: str | None
    count: int
    at: float

    @property
    def pause(self) -> float:
        # Bounded before it is doubled: a credential may be wrong for months.
        return float(min(FIRST_PAUSE * 2 ** min(self.count - 1, 10), LONGEST_PAUSE))

    def seconds_left(self, secret: str, now: float) -> float:
        """0 for another secret, and when the clock was set back: nothing is known of that time."""
        waited = now - self.at
        return self.pause - waited if secret == self.secret and 0 <= waited < self.pause else 0.0


class Login:
    """Logs in with the flow that is configured. Not for concurrent use: the client asks one at a time."""

    def __init__(self, settings: Salesforce, upstream: Upstream, clock: Clock) -> None:
        self._settings = settings
        self._upstream = upstream
        self._clock = clock
        self._refusal: _Refusal | None = None

    async def session(self) -> Session:
        """A new session. Raises ``UpstreamError``; without any request while a refused credential is left alone."""
        flow, now = self._settings.auth, self._clock.time()
        secret = _read(flow)
        self._respect_refusal(secret, now)
        form = login_form(flow, secret, now)
        url = f"{self._settings.url}/services/oauth2/token"
        try:
            session = await self._upstream.call("POST", url, self._judge, data=form)
        except AuthError as error:
            before = self._refusal.count if self._refusal and self._refusal.secret == secret else 0
            self._refusal = _Refusal(secret, error.code, before + 1, self._clock.time())
            raise
        self._refusal = None
        return session

    def _respect_refusal(self, secret: str, now: float) -> None:
        refusal = self._refusal
        left = refusal.seconds_left(secret, now) if refusal else 0.0
        if refusal and left:
            raise AuthError(
                f"Salesforce refused the login ({refusal.code or 'no code'}, {refusal.count} times in a row): "
                f"not tried again for {left:.0f} s unless the secret changes",
                code=refusal.code,
            )

    def _judge(self, answer: Answer) -> Session:
        if answer.status in (400, 401, 403):
            raise AuthError(f"{answer.where}: status {answer.status}", code=error_code(_object(answer).get("error")))
        if answer.status != 200:  # noqa: PLR2004
            raise self._upstream.failure(answer)
        body = _object(answer)
        token, instance_url = body.get("access_token"), body.get("instance_url", self._settings.url)
        if not isinstance(token, str) or not token or not isinstance(instance_url, str):
            raise InvalidAnswer(f"{answer.where}: a login without access_token or instance_url")
        if not is_safe_url(instance_url) or not token.isascii() or not token.isprintable():
            raise InvalidAnswer(f"{answer.where}: an instance_url or access_token that cannot be used safely")
        return Session(instance_url.rstrip("/"), token)


def login_form(flow: ClientCredentials | JwtBearer, secret: str, now: float) -> dict[str, str]:
    """What is posted to the token endpoint; raises ``AuthError`` for a key that signs nothing."""
    if isinstance(flow, ClientCredentials):
        return {"grant_type": "client_credentials", "client_id": flow.client_id, "client_secret": secret}
    claims = {"iss": flow.client_id, "sub": flow.username, "aud": flow.audience, "exp": int(now) + ASSERTION_LIFE}
    return {"grant_type": JWT_GRANT, "assertion": jwt.encode(claims, _private_key(secret), algorithm="RS256")}


def error_code(value: object) -> str | None:
    """An API's error code, if it looks like one: it is shown to people and must not carry anything else."""
    return value if isinstance(value, str) and _CODE.fullmatch(value) else None


def _read(flow: ClientCredentials | JwtBearer) -> str:
    """The secret of the flow, read anew at every login: the file may have been rotated."""
    if isinstance(flow, ClientCredentials):
        return secret_text(flow.client_secret, "client secret")
    return secret_text(flow.private_key, "private key")


def _private_key(text: str) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # What a library says of a key it cannot read may quote from it.
        raise AuthError("the private key is not an unencrypted private key in PEM form") from None
    if not isinstance(key, RSAPrivateKey):
        raise AuthError("the private key is not an RSA key, which RS256 needs")
    return key


def _object(answer: Answer) -> dict[str, Any]:
    """The body if it is an object. A refusal without one has no code; a login must be one."""
    try:
        body = answer.json()
    except InvalidAnswer:
        if answer.status == 200:  # noqa: PLR2004
            raise
        return {}
    if isinstance(body, dict):
        return body
    if answer.status == 200:  # noqa: PLR2004
        raise InvalidAnswer(f"{answer.where}: a login that is not an object")
    return {}
