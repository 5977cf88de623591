"""Logging in to Salesforce, server to server: client credentials or JWT bearer.

Facts: Salesforce Help, *OAuth 2.0 Client Credentials Flow* and *JWT Bearer Flow for Server-to-Server Integration*:
``POST /services/oauth2/token`` → ``{"access_token", "instance_url", "token_type"}``, no ``expires_in``, no refresh
token; refusals are an object ``{"error", "error_description"}``, see ``login_catalog``. An assertion is signed with
RS256 and expires within three minutes. Salesforce locks users out and logs every failed login, so a refused credential
is not tried on and on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from exporter.clients.http.answer import Answer
from exporter.clients.http.retry import LONGEST_RETRY_AFTER
from exporter.clients.http.secrets import secret_text
from exporter.clients.http.upstream import Upstream
from exporter.clients.salesforce.login_catalog import UNKNOWN, login_cause
from exporter.clients.salesforce.login_cause import plain_words
from exporter.clients.salesforce.maintenance import not_the_api
from exporter.clients.salesforce.pause import Pause, next_pause
from exporter.clients.salesforce.refusals import failure_of
from exporter.clock import Clock
from exporter.config.private_key import PrivateKeyError, load_private_key
from exporter.config.settings import ClientCredentials, JwtBearer, Salesforce
from exporter.config.urls import is_safe_url
from exporter.errors import Again, AuthError, InvalidAnswer, RateLimited, ServerError, UpstreamError

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ASSERTION_LIFE = 120
"""Seconds; of the three minutes Salesforce allows, one is left to clocks that differ."""

RATE_PAUSE = 60.0
"""Seconds without a login after Salesforce has said that there were too many."""

_CODE = re.compile(r"[A-Za-z_]{1,64}")

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Session:
    """A logged-in session, when it began and with which secret; neither token nor secret are in its representation."""

    instance_url: str
    token: str
    began: float = 0.0
    secret: str = ""

    def __repr__(self) -> str:
        return f"Session({self.instance_url})"


class Login:
    """Logs in with the flow that is configured. Not for concurrent use: the client asks one at a time."""

    def __init__(self, settings: Salesforce, upstream: Upstream, clock: Clock) -> None:
        self._settings = settings
        self._upstream = upstream
        self._clock = clock
        self._pause: Pause | None = None
        self._rest: tuple[float, UpstreamError] | None = None

    def secret(self) -> str:
        """The secret of the flow, read anew every time: the file may have been rotated. Raises ``AuthError``."""
        flow = self._settings.auth
        if isinstance(flow, ClientCredentials):
            return secret_text(flow.client_secret, "client secret")
        return secret_text(flow.private_key, "private key")

    async def session(self) -> Session:
        """A new session. Raises ``UpstreamError``; without any request while a refused credential is left alone."""
        secret, now = self.secret(), self._clock.time()
        self._respect_rest(now)
        if self._pause is not None:
            self._pause.respect(secret, now, "Salesforce refused the login")
        form = login_form(self._settings.auth, secret, now)
        url = f"{self._settings.url}/services/oauth2/token"
        try:
            session = await self._upstream.call("POST", url, lambda answer: self._judge(answer, secret), data=form)
        except UpstreamError as error:
            if isinstance(error, AuthError):
                self._pause = next_pause(self._pause, secret, error, self._clock.time())
            self._rest = None if error.retry_after is None else (self._clock.time(), error)
            raise
        self._pause = self._rest = None
        return session

    def _respect_rest(self, now: float) -> None:
        """Every source asks for a login; while Salesforce wants none, one of them was enough to know it. A pause that
        it asks for with a refusal is longer than ours, and no other secret ends it."""
        began, error = self._rest or (now, None)
        asked = min(error.retry_after or 0.0, LONGEST_RETRY_AFTER) if error is not None else 0.0
        left = asked - (now - began) if now >= began else 0.0
        if error is not None and left > 0:
            raise error.retold(f"{error}: not tried again for {left:.0f} s", retry_after=left)

    def _judge(self, answer: Answer, secret: str) -> Session:
        elsewhere = not_the_api(answer, self._settings.url, self._upstream.asked_pause(answer))
        if elsewhere is not None:
            raise elsewhere
        if answer.status in (400, 401, 403):
            raise self._refusal(answer)
        if answer.status != 200:  # noqa: PLR2004
            failure = failure_of(answer, None, "", self._upstream.asked_pause(answer))
            raise failure or self._upstream.failure(answer)
        body = _object(answer)
        token, instance_url = body.get("access_token"), body.get("instance_url", self._settings.url)
        if not isinstance(token, str) or not token or not isinstance(instance_url, str):
            raise InvalidAnswer(f"{answer.where}: a login without access_token or instance_url")
        if not is_safe_url(instance_url) or not token.isascii() or not token.isprintable():
            raise InvalidAnswer(f"{answer.where}: an instance_url or access_token that cannot be used safely")
        return Session(instance_url.rstrip("/"), token, self._clock.time(), secret)

    def _refusal(self, answer: Answer) -> UpstreamError:
        """What a refusal means, in our words; Salesforce's own are not repeated: they may name a user."""
        body = _object(answer)
        code = error_code(body.get("error", body.get("errorCode")))
        description = _text(body.get("error_description", body.get("message")))
        wait = self._upstream.asked_pause(answer)
        # Refused because of how much is asked by anybody, or because Salesforce fails: not because of the credential.
        failure = failure_of(answer, code and code.upper(), description or "", wait)
        cause = login_cause(code, description)
        if isinstance(failure, RateLimited) or (isinstance(failure, ServerError) and cause is UNKNOWN):
            return failure
        if cause is UNKNOWN and description is not None:
            log.debug("login refused", code=code, description=plain_words(description))
        told = f"{answer.where}: status {answer.status} {code or ''}".rstrip()
        message = f"{cause.sentence(self._settings.auth)} ({told})"
        match cause.again:
            case Again.AT_ONCE:
                return ServerError(message, code=code, retry_after=wait)
            case Again.SOON:
                return RateLimited(message, code=code, retry_after=RATE_PAUSE if wait is None else wait)
            case _:
                return AuthError(message, code=code, retry_after=wait)


def login_form(flow: ClientCredentials | JwtBearer, secret: str, now: float) -> dict[str, str]:
    """What is posted to the token endpoint; raises ``AuthError`` for a key that signs nothing."""
    if isinstance(flow, ClientCredentials):
        return {"grant_type": "client_credentials", "client_id": flow.client_id, "client_secret": secret}
    claims = {"iss": flow.client_id, "sub": flow.username, "aud": flow.audience, "exp": int(now) + ASSERTION_LIFE}
    return {"grant_type": JWT_GRANT, "assertion": _signed(claims, secret)}


def error_code(value: object) -> str | None:
    """An API's error code, if it looks like one: it is shown to people and must not carry anything else."""
    return value if isinstance(value, str) and _CODE.fullmatch(value) else None


def _signed(claims: Mapping[str, Any], secret: str) -> str:
    import jwt  # noqa: PLC0415  most orgs are logged in to without, and it takes cryptography with it

    try:
        return jwt.encode(dict(claims), load_private_key(secret), algorithm="RS256")
    except PrivateKeyError as error:
        raise AuthError(f"the private key is not an unencrypted RSA key in PEM form: {error}") from None


def _object(answer: Answer) -> dict[str, Any]:
    """The body if it is an object, or the first of an array. A refusal may be without; a login must be an object."""
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
    first = body[0] if isinstance(body, list) and body else None
    return first if isinstance(first, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None
