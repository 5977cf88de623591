"""Salesforce REST: logs in, keeps the session, reads the org's usage off every answer.

Facts: Salesforce REST API Developer Guide v60–v67. ``Sforce-Limit-Info: api-usage=10018/100000`` comes with every REST
answer at no cost. Errors are an array of ``{"message", "errorCode"}``; those of the token endpoint are an object
``{"error", "error_description"}``; 502 and 503 may be HTML. The error code decides, not the status.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Any

from exporter.clients.upstream import Answer, Upstream
from exporter.clock import Clock
from exporter.config import Salesforce
from exporter.errors import AuthError, InvalidAnswer, RateLimited, ServerError, SessionExpired, UpstreamError
from exporter.model import OrgUsage
from exporter.urls import is_safe_url

_USAGE = re.compile(r"(?:^|[;,])\s*api-usage=(\d{1,15})/(\d{1,15})")
_CODE = re.compile(r"[A-Za-z_]{1,64}")
_AUTH_CODES = {"API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED"}
_UNAVAILABLE_CODES = {"SERVER_UNAVAILABLE", "UNKNOWN_EXCEPTION", "UNABLE_TO_LOCK_ROW", "ORG_LOCKED"}


@dataclass(frozen=True)
class Session:
    """A logged-in session; the token is kept out of its representation."""

    instance_url: str
    token: str

    def __repr__(self) -> str:
        return f"Session({self.instance_url})"


class SalesforceClient:
    """One org. ``usage`` is what the newest answer said of the org's API calls, ``None`` before the first."""

    def __init__(self, settings: Salesforce, upstream: Upstream, clock: Clock) -> None:
        self._settings = settings
        self._upstream = upstream
        self._clock = clock
        self._session: Session | None = None
        self._login = asyncio.Lock()
        self.usage: OrgUsage | None = None

    async def get_json(self, resource: str) -> Any:
        """``GET /services/data/vXX.X/{resource}`` as JSON; raises ``UpstreamError``.

        A session that has expired is renewed once; a second refusal is an ``AuthError``.
        """
        session = self._session or await self._renewed(None)
        try:
            return await self._get(session, resource)
        except SessionExpired:
            return await self._get(await self._renewed(session), resource)

    async def _get(self, session: Session, resource: str) -> Any:
        url = f"{session.instance_url}/services/data/v{self._settings.api_version}/{resource}"
        headers = {"Authorization": f"Bearer {session.token}", "Accept": "application/json"}
        return await self._upstream.call("GET", url, self._judge, headers=headers)

    async def _renewed(self, refused: Session | None) -> Session:
        """A session other than ``refused``: many callers whose session expired log in once."""
        async with self._login:
            if self._session is None or self._session is refused:
                self._session = None
                self._session = await self._log_in()
            return self._session

    async def _log_in(self) -> Session:
        flow = self._settings.client_credentials
        if flow is None:
            raise AuthError("no OAuth flow is configured")
        try:
            secret = flow.client_secret.read()
        except (OSError, KeyError, UnicodeDecodeError) as error:
            raise AuthError(f"cannot read the client secret ({type(error).__name__})") from error
        form = {"grant_type": "client_credentials", "client_id": flow.client_id, "client_secret": secret}
        url = f"{self._settings.url}/services/oauth2/token"
        return await self._upstream.call("POST", url, self._judge_login, data=form)

    def _judge(self, answer: Answer) -> Any:
        self._take_usage(answer)
        if answer.status == 200:  # noqa: PLR2004
            return answer.json()
        raise self._refusal(answer)

    def _take_usage(self, answer: Answer) -> None:
        usage = parse_limit_info(answer.headers.get("sforce-limit-info", ""), self._clock.time())
        if usage is not None:
            self.usage = usage

    def _refusal(self, answer: Answer) -> UpstreamError:
        code, message = _first_error(answer)
        where = f"{answer.where}: status {answer.status} {code or ''}".rstrip()
        if code == "REQUEST_LIMIT_EXCEEDED":
            # Also sent for too many concurrent long calls; only the daily one speaks of the total.
            quota = "org quota used up" if "TotalRequests" in message else "too many concurrent requests"
            return RateLimited(f"{where}: {quota}", code=code)
        if answer.status == 401:  # noqa: PLR2004
            return SessionExpired(where, code=code)
        if code in _AUTH_CODES or answer.status == 403:  # noqa: PLR2004
            return AuthError(where, code=code)
        if code in _UNAVAILABLE_CODES:
            return ServerError(where, code=code)
        return self._upstream.failure(answer, code)

    def _judge_login(self, answer: Answer) -> Session:
        if answer.status in (400, 401, 403):
            error = _object(answer).get("error")
            raise AuthError(f"{answer.where}: status {answer.status}", code=_code(error))
        if answer.status != 200:  # noqa: PLR2004
            raise self._upstream.failure(answer)
        body = _object(answer)
        token, instance_url = body.get("access_token"), body.get("instance_url", self._settings.url)
        if not isinstance(token, str) or not token or not isinstance(instance_url, str):
            raise InvalidAnswer(f"{answer.where}: a login without access_token or instance_url")
        if not is_safe_url(instance_url) or not token.isascii() or not token.isprintable():
            raise InvalidAnswer(f"{answer.where}: an instance_url or access_token that cannot be used safely")
        return Session(instance_url.rstrip("/"), token)


def parse_limit_info(header: str, now: float) -> OrgUsage | None:
    """Org usage of ``Sforce-Limit-Info``; ``per-app-api-usage`` beside it is another thing and is left out."""
    match = _USAGE.search(header)
    return OrgUsage(int(match[1]), int(match[2]), now) if match else None


def _first_error(answer: Answer) -> tuple[str | None, str]:
    """Code and message of ``[{"errorCode": …, "message": …}]``, nothing from HTML or any other shape."""
    try:
        body = answer.json()
    except InvalidAnswer:
        return None, ""
    first = body[0] if isinstance(body, list) and body else body
    if not isinstance(first, dict):
        return None, ""
    return _code(first.get("errorCode")), str(first.get("message", ""))


def _code(value: object) -> str | None:
    """An API's error code, if it looks like one: it is shown to people and must not carry anything else."""
    return value if isinstance(value, str) and _CODE.fullmatch(value) else None


def _object(answer: Answer) -> dict[str, Any]:
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
