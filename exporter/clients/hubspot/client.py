"""HubSpot's public API: search, properties, batch update and read of its CRM; the account itself.

Facts: HubSpot developer documentation, *Search the CRM* and *Usage guidelines*. Errors are
``{"status": "error", "message", "category"}``; a 403 ``MISSING_SCOPES`` names what is missing, see ``scopes``; a 429
names its limit in ``policyName`` (``DAILY``, ``TEN_SECONDLY_ROLLING``, ``SECONDLY``) and, on searches, comes without
``Retry-After`` and without rate-limit headers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exporter.clients.http.answer import Answer
from exporter.clients.http.secrets import sendable_token
from exporter.clients.http.upstream import Upstream
from exporter.clients.hubspot.account_paces import AccountPaces
from exporter.clients.hubspot.batch_answer import BatchAnswer, read_batch, read_refusal
from exporter.clients.hubspot.call_pace import CallPace
from exporter.clients.hubspot.limit_headers import DailyQuota, daily_quota
from exporter.clients.hubspot.refusals import failure_of
from exporter.clients.hubspot.sync_time import SYNCED, last_syncs_in
from exporter.config.secret import Secret
from exporter.config.settings import HubSpot
from exporter.errors import UpstreamError
from exporter.schemas.json_schema import checked

FIRST_PAGE = "0"

MAX_INPUTS = 100
"""Of a batch update or read."""

Filters = Sequence[Mapping[str, Any]]
"""Conditions that must all hold, each ``{"propertyName", "operator", "value"}``; values are strings."""

LARGEST_PAGE = 200
MOST_RESULTS = 10_000
"""Of one search, page after page: what lies behind them is refused (400)."""


@dataclass(frozen=True, slots=True)
class AccountAnswer:
    """What was asked of the account, checked, and what the headers of the same answer say of the day's calls."""

    body: Any
    quota: DailyQuota | None


class HubSpotClient:
    """One HubSpot account; ``token`` is read for every request, so a rotated one works without a restart."""

    def __init__(self, settings: HubSpot, token: Secret, upstream: Upstream, paces: AccountPaces) -> None:
        self._settings = settings
        self._token = token
        self._upstream = upstream
        self._paces = paces

    async def search(
        self,
        object_type: str,
        filter_groups: Sequence[Filters],
        sort: str,
        properties: Sequence[str],
        *,
        limit: int = 1,
        after: str = FIRST_PAGE,
        ascending: bool = False,
    ) -> Any:
        """A page ``{"total", "results": [{"id", "properties"}], "paging"}`` of what any of the groups matches.

        The greatest value of ``sort`` comes first, or where ``ascending`` the least. A search changes nothing, so it is
        retried although it is a POST.
        """
        token = sendable_token(self._token, "HubSpot")
        body = {
            # All five are sent: HubSpot's own clients do, and some of its versions refuse a search without them.
            "filterGroups": [{"filters": list(filters)} for filters in filter_groups],
            "sorts": [{"propertyName": sort, "direction": "ASCENDING" if ascending else "DESCENDING"}],
            "properties": list(properties),
            "limit": limit,
            "after": after,
        }
        return await self._upstream.call(
            "POST",
            f"{self._url('objects', object_type)}/search",
            self._judge,
            headers=_headers(token),
            json_body=body,
            admit=self._paces.searches(self._settings.url, token).wait,
        )

    async def record(
        self, object_type: str, record_id: str, properties: Sequence[str], history: Sequence[str] = ()
    ) -> Any:
        """``{"id", "properties", "propertiesWithHistory"}`` of a record as it is now, of these properties, and with all
        earlier values of those in ``history``; ``None`` if there is no such record, or it is archived. The id is
        another than that which was asked for where records were merged."""
        token = sendable_token(self._token, "HubSpot")
        pace = self._paces.calls(self._settings.url, token)

        def judge(answer: Answer) -> Any:
            pace.learn(answer.headers)
            if answer.status == 404 and answer.object:  # noqa: PLR2004
                return None
            return self._judged(answer, "hubspot_record", pace)

        wanted = {"properties": ",".join(properties), "propertiesWithHistory": ",".join(history)}
        return await self._upstream.call(
            "GET",
            f"{self._url('objects', object_type)}/{record_id}",
            judge,
            headers=_headers(token),
            params={name: names for name, names in wanted.items() if names},
            admit=pace.wait,
        )

    async def properties(self, object_type: str) -> Any:
        """``{"results": [{"name", "type", …}]}``: every property of an object type that is not archived; ``None`` if
        the account has no such type."""
        token = sendable_token(self._token, "HubSpot")
        pace = self._paces.calls(self._settings.url, token)

        def judge(answer: Answer) -> Any:
            pace.learn(answer.headers)
            if answer.status in (400, 404) and answer.object:
                return None
            return self._judged(answer, "hubspot_properties", pace)

        url = self._url("properties", object_type)
        return await self._upstream.call("GET", url, judge, headers=_headers(token), admit=pace.wait)

    async def account_details(self) -> AccountAnswer:
        """``{"portalId", "uiDomain", …}``: which account the token belongs to."""
        return await self._ask_account("details", "hubspot_account_details")

    async def daily_usage(self) -> AccountAnswer:
        """``{"results": [{"name", "currentUsage", "usageLimit", …}]}``: the API calls of the account's day."""
        return await self._ask_account("api-usage/daily/private-apps", "hubspot_api_usage")

    async def _ask_account(self, resource: str, schema: str) -> AccountAnswer:
        token = sendable_token(self._token, "HubSpot")
        pace = self._paces.calls(self._settings.url, token)

        def judge(answer: Answer) -> AccountAnswer:
            pace.learn(answer.headers)
            return AccountAnswer(self._judged(answer, schema, pace), daily_quota(answer.headers))

        url = f"{self._settings.url}/account-info/{self._settings.api_version}/{resource}"
        return await self._upstream.call("GET", url, judge, headers=_headers(token), admit=pace.wait)

    async def batch_update(self, object_type: str, properties: Mapping[str, str], ids: Sequence[str]) -> BatchAnswer:
        """Writes these values to each of at most ``MAX_INPUTS`` records. Sent once: who asked knows how it goes on."""
        token = sendable_token(self._token, "HubSpot")
        pace = self._paces.calls(self._settings.url, token)
        inputs = [{"id": one, "objectWriteTraceId": one, "properties": dict(properties)} for one in ids]
        return await self._upstream.call(
            "POST",
            f"{self._url('objects', object_type)}/batch/update",
            lambda answer: self._judge_batch(answer, ids, pace),
            headers=_headers(token),
            json_body={"inputs": inputs},
            admit=pace.wait,
            retry=False,
        )

    async def try_writing_nothing(self, object_type: str) -> None:
        """Asks to update no record at all, which changes nothing; raises ``AuthError`` if the token may update none.

        HubSpot looks at the scopes before the body; what it then says to an empty batch, 200 or 400, does not matter.
        """
        token = sendable_token(self._token, "HubSpot")
        pace = self._paces.calls(self._settings.url, token)

        def judge(answer: Answer) -> None:
            pace.learn(answer.headers)
            if answer.status not in (200, 207) and not (answer.status == 400 and answer.object):  # noqa: PLR2004
                raise self._failure(answer, pace)

        url = f"{self._url('objects', object_type)}/batch/update"
        await self._upstream.call(
            "POST", url, judge, headers=_headers(token), json_body={"inputs": []}, admit=pace.wait, retry=False
        )

    async def last_syncs(self, object_type: str, ids: Sequence[str]) -> Mapping[str, float | None]:
        """When each of at most ``MAX_INPUTS`` records was synced with Salesforce last, in epoch seconds; ``None`` where
        it has no such time. Nothing of a record that is not there, or was merged into another."""
        token = sendable_token(self._token, "HubSpot")
        pace = self._paces.calls(self._settings.url, token)

        def judge(answer: Answer) -> Mapping[str, float | None]:
            pace.learn(answer.headers)
            if answer.status in (200, 207):
                body = checked(answer.json(), "hubspot_batch_read", answer.where)
                return last_syncs_in(body, object_type, frozenset(ids))
            raise self._failure(answer, pace)

        return await self._upstream.call(
            "POST",
            f"{self._url('objects', object_type)}/batch/read",
            judge,
            headers=_headers(token),
            json_body={"inputs": [{"id": one} for one in ids], "properties": [SYNCED]},
            admit=pace.wait,
        )

    def _judge_batch(self, answer: Answer, ids: Sequence[str], pace: CallPace) -> BatchAnswer:
        pace.learn(answer.headers)
        if answer.status in (200, 207):
            return read_batch(checked(answer.json(), "hubspot_batch", answer.where), ids)
        refusal = answer.object
        if answer.status == 400 and refusal:  # noqa: PLR2004
            return read_refusal(refusal, ids)
        if answer.status == 404 and refusal.get("category") == "OBJECT_NOT_FOUND":  # noqa: PLR2004
            return read_refusal(refusal, ids)
        raise self._failure(answer, pace)

    def _url(self, resource: str, object_type: str) -> str:
        version = self._settings.api_version
        path = f"v3/{resource}" if version == "v3" else f"{resource}/{version}"
        return f"{self._settings.url}/crm/{path}/{object_type}"

    def _judge(self, answer: Answer) -> Any:
        return self._judged(answer, "hubspot_search")

    def _judged(self, answer: Answer, schema: str, pace: CallPace | None = None) -> Any:
        if answer.status == 200:  # noqa: PLR2004
            return checked(answer.json(), schema, answer.where)
        raise self._failure(answer, pace)

    def _failure(self, answer: Answer, pace: CallPace | None) -> UpstreamError:
        """What the answer stands for; a limit that was met holds everybody who keeps this pace."""
        failure = failure_of(answer, self._upstream)
        if pace is not None and answer.status == 429 and failure.retry_after:  # noqa: PLR2004
            pace.hold(failure.retry_after)
        return failure


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Accept": "application/json"}
