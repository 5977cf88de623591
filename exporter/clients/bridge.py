"""The Sync Health bridge: what a team puts in front of the page HubSpot has no API for. See ``bridge.openapi.yaml``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

from exporter.clients.http.answer import Answer
from exporter.clients.http.secrets import sendable_token
from exporter.clients.http.upstream import Upstream
from exporter.config.secret import Secret
from exporter.errors import AuthError, InvalidAnswer, ResyncRefused
from exporter.model import SyncError
from exporter.schemas.json_schema import checked

T = TypeVar("T")

MAX_RESYNC_IDS = 100
"""HubSpot resyncs at most 100 ticked errors at a time; the bridge answers 400 to more."""

MAX_PAGES = 10_000

LIMIT = 500
"""Errors that are asked for at a time where all are wanted."""

_CANNOT = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED)

_REFUSED = {
    False: "The bridge does not take the token. Put the one it expects into the file or variable that "
    "sync_health.token_file or token_env names.",
    True: "The bridge wants a token. Name the file or variable that holds it in sync_health.token_file or token_env.",
}


@dataclass(frozen=True, slots=True)
class ResyncAnswer:
    """Which error ids the bridge took, and which it refused with what reason."""

    accepted: frozenset[str]
    rejected: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """Some of the errors, and the cursor of those behind them; ``None`` if these are the last."""

    errors: tuple[SyncError, ...]
    next_after: str | None


class BridgeClient:
    """One integration's bridge."""

    def __init__(self, url: str, token: Secret | None, upstream: Upstream, max_pages: int = MAX_PAGES) -> None:
        self._url = url
        self._token = token
        self._upstream = upstream
        self._max_pages = max_pages

    async def sync_health(self) -> Any:
        """``GET /sync-health`` as JSON, unchecked: the source that parses it does that."""
        return await self._upstream.call("GET", f"{self._url}/sync-health", self._json, headers=self._headers())

    async def sync_errors(self, category: str, error_type: str | None = None) -> AsyncIterator[SyncError]:
        """Every error of a category, page by page. A cursor that comes back ends the list."""
        after: str | None = None
        seen: set[str | None] = {None}
        for _page in range(self._max_pages):
            page = await self.error_page(category, error_type, after, LIMIT)
            for error in page.errors:
                yield error
            after = page.next_after
            if after in seen:
                return
            seen.add(after)
        raise InvalidAnswer(f"GET /sync-errors: no end after {self._max_pages} pages")

    async def error_page(
        self, category: str | None, error_type: str | None, after: str | None, limit: int
    ) -> ErrorPage:
        """The errors behind a cursor: of all categories or of this one, about ``limit``; a bridge may have its own."""
        named = {"category": category, "error_type": error_type, "after": after, "limit": str(limit)}
        params = {key: value for key, value in named.items() if value is not None}
        url = f"{self._url}/sync-errors"
        answer = await self._upstream.call("GET", url, self._json, headers=self._headers(), params=params)
        page = checked(answer, "bridge_sync_errors", "GET /sync-errors")
        return ErrorPage(tuple(map(_sync_error, page["results"])), page.get("next_after") or None)

    async def as_of(self, category: str) -> float | None:
        del category  # it looks at the page as it is asked
        return None

    async def resync(self, error_ids: Sequence[str]) -> ResyncAnswer:
        """Asks for a resync of at most 100 errors. Not retried here: the job behind it knows what is still to do."""
        body = {"error_ids": list(error_ids)}
        url = f"{self._url}/resync"
        answer = await self._upstream.call(
            "POST", url, self._json, headers=self._headers(), json_body=body, retry=False
        )
        taken = checked(answer, "bridge_resync", "POST /resync")
        return ResyncAnswer(
            accepted=frozenset(taken["accepted"]),
            rejected={entry["id"]: entry.get("reason") or "rejected" for entry in taken.get("rejected") or ()},
        )

    async def clear_suspension(self) -> str | None:
        """Presses *Clear Suspension*; the bridge's reason where the cause still holds (409), ``None`` where it took it.

        Raises ``ResyncRefused`` if the bridge cannot do it at all.
        """

        def judge(answer: Answer) -> str | None:
            if answer.status == HTTPStatus.CONFLICT:
                return str(answer.object.get("reason") or "the cause still holds")
            if answer.status in _CANNOT:
                raise ResyncRefused(f"the bridge cannot clear suspensions ({answer.told()})")
            if answer.status not in (200, 202, 204):
                self._json(answer)
            return None

        url = f"{self._url}/clear-suspension"
        return await self._upstream.call("POST", url, judge, headers=self._headers(), retry=False)

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "application/json"}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {sendable_token(self._token, 'bridge')}"
        return headers

    def _json(self, answer: Answer) -> Any:
        if answer.status in (401, 403):
            pause = self._upstream.asked_pause(answer)
            raise AuthError(f"{_REFUSED[self._token is None]} ({answer.told()})", retry_after=pause)
        if answer.status == HTTPStatus.NOT_FOUND and not answer.is_web_page:
            reason = f"{answer.host} has nothing at this path: check sync_health.url ({answer.told()})"
            raise InvalidAnswer(reason, code="HTTP_404", retry_after=self._upstream.asked_pause(answer))
        if answer.status not in (200, 202):
            raise self._upstream.failure(answer)
        body = answer.json()
        if not isinstance(body, dict):
            raise InvalidAnswer(f"{answer.where}: an answer that is not an object")
        return body


def _sync_error(entry: Mapping[str, Any]) -> SyncError:
    record = entry.get("hubspot_id") or entry.get("salesforce_id") or entry["id"]
    return SyncError(
        id=entry["id"],
        category=entry["category"],
        error_type=entry.get("error_type"),
        record=f"{entry.get('object_type') or 'record'}/{record}",
        object_type=entry.get("object_type"),
        hubspot_id=entry.get("hubspot_id"),
        salesforce_id=entry.get("salesforce_id"),
        affected_records=_only(int, entry.get("affected_records")),
        last_seen=_only(str, entry.get("last_seen")),
        details=_only(str, entry.get("details")),
    )


def _only(kind: type[T], value: object) -> T | None:
    """Only shown to people, so a value of another type is left out rather than the whole list refused."""
    return value if isinstance(value, kind) and not isinstance(value, bool) else None
