"""Salesforce REST: what is asked and what refusals mean; reads the org's usage off every answer.

Facts: Salesforce REST API Developer Guide v60–v67. ``Sforce-Limit-Info: api-usage=10018/100000`` comes with every REST
answer at no cost. Errors are an array of ``{"message", "errorCode"}``; 502 and 503 may be HTML. The error code
decides, not the status.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar
from urllib.parse import urlencode

from exporter.clients.http.answer import Answer
from exporter.clients.http.upstream import Upstream
from exporter.clients.salesforce.composite import Records, Refused, composite_body, composite_records
from exporter.clients.salesforce.login import Login, Session, error_code
from exporter.clients.salesforce.maintenance import not_the_api
from exporter.clients.salesforce.refusals import failure_of
from exporter.clients.salesforce.sessions import Sessions
from exporter.clock import Clock
from exporter.config.settings import Salesforce
from exporter.errors import InvalidAnswer, UnknownColumn, UpstreamError
from exporter.model import OrgUsage
from exporter.schemas.json_schema import checked

_USAGE = re.compile(r"(?:^|[;,])\s*api-usage=(\d{1,15})/(\d{1,15})")
_UNKNOWN_COLUMN = re.compile(r"No such column '([A-Za-z][A-Za-z0-9_.]{0,79})'")

T = TypeVar("T")


class SalesforceClient:
    """One org. ``usage`` is what the newest answer said of the org's API calls, ``None`` before the first."""

    def __init__(self, settings: Salesforce, upstream: Upstream, clock: Clock, login: Upstream | None = None) -> None:
        self._settings = settings
        self._upstream = upstream
        self._clock = clock
        self._sessions = Sessions(Login(settings, login or upstream, clock), clock)
        self.usage: OrgUsage | None = None

    async def log_in(self) -> None:
        """A session for all that is asked afterwards, for no API call; raises ``UpstreamError``."""
        await self._sessions.begin()

    async def get_json(self, resource: str) -> Any:
        """``GET /services/data/vXX.X/{resource}`` as JSON; raises ``UpstreamError``.

        A session that has expired is renewed once; one that is refused from the start is an ``AuthError``.
        """
        return await self._ask("GET", resource, self._judge)

    async def composite(self, queries: Mapping[str, str]) -> Mapping[str, Records | Refused]:
        """What becomes of up to 5 SOQL queries, by their names, for one API call; raises if none is answered."""

        def judge(answer: Answer) -> Mapping[str, Records | Refused]:
            return composite_records(self._judge(answer), answer.where, queries, self._refusal)

        body = composite_body(queries, self._settings.api_version)
        return await self._ask("POST", "composite", judge, body)

    async def query(self, soql: str, *, retry: bool = True) -> Records:
        """The first batch of records of a SOQL query, for one API call. Values in it: see ``soql``. Without ``retry``
        one that fails is sent no second time."""

        def judge(answer: Answer) -> Records:
            body = checked(self._judge(answer), "salesforce_records", answer.where)
            return Records(tuple(body["records"]), body["done"])

        resource = "query/?" + urlencode({"q": soql}, errors="replace")
        return await self._ask("GET", resource, judge, retry=retry)

    async def update(self, object_name: str, record_id: str, fields: Mapping[str, str]) -> None:
        """Writes these fields of a record, for one API call. Sent once: who asked knows how it goes on."""

        def judge(answer: Answer) -> None:
            self._take_usage(answer)
            if answer.status not in (200, 204) or answer.is_web_page:
                raise self._refusal(answer)

        await self._ask("PATCH", f"sobjects/{object_name}/{record_id}", judge, dict(fields), retry=False)

    @asynccontextmanager
    async def stream(self, resource: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """``GET /services/data/vXX.X/{resource}`` piece by piece, for one API call, however large it is."""
        async with AsyncExitStack() as stack:

            async def opened(url: str, headers: dict[str, str]) -> AsyncIterator[bytes]:
                stream = self._upstream.stream(url, self._judge_opening, headers=headers)
                return await stack.enter_async_context(stream)

            yield await self._with_session(resource, opened)

    async def _ask(
        self, method: str, resource: str, judge: Callable[[Answer], T], json_body: Any = None, *, retry: bool = True
    ) -> T:
        async def asked(url: str, headers: dict[str, str]) -> T:
            headers |= {"Accept": "application/json"}
            return await self._upstream.call(method, url, judge, headers=headers, json_body=json_body, retry=retry)

        return await self._with_session(resource, asked)

    async def _with_session(self, resource: str, ask: Callable[[str, dict[str, str]], Awaitable[T]]) -> T:
        """What ``ask`` makes of URL and headers."""

        async def asked(session: Session) -> T:
            url = f"{session.instance_url}/services/data/v{self._settings.api_version}/{resource}"
            return await ask(url, {"Authorization": f"Bearer {session.token}"})

        kind = re.split(r"[/?]", resource, maxsplit=1)[0]
        return await self._sessions.use(kind, asked)

    def _judge(self, answer: Answer) -> Any:
        self._take_usage(answer)
        if answer.status == 200 and not answer.is_web_page:  # noqa: PLR2004
            return answer.json()
        raise self._refusal(answer)

    def _judge_opening(self, answer: Answer) -> None:
        self._take_usage(answer)
        if answer.status != 200 or answer.is_web_page:  # noqa: PLR2004
            raise self._refusal(answer)

    def _take_usage(self, answer: Answer) -> None:
        usage = parse_limit_info(answer.headers.get("sforce-limit-info", ""), self._clock.time())
        if usage is not None:
            self.usage = usage

    def _refusal(self, answer: Answer) -> UpstreamError:
        elsewhere = not_the_api(answer, self._settings.url, self._upstream.asked_pause(answer))
        if elsewhere is not None:
            return elsewhere
        code, message = _first_error(answer)
        if code == "INVALID_FIELD" and (column := _UNKNOWN_COLUMN.search(message)):
            where = f"{answer.where}: status {answer.status} {code}"
            return UnknownColumn(f"{where}: no column {column[1]}", code=code, column=column[1])
        failure = failure_of(answer, code, message, self._upstream.asked_pause(answer))
        return failure or self._upstream.failure(answer, code)


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
    return error_code(first.get("errorCode")), str(first.get("message", ""))
