"""HubSpot's public CRM API: search.

Facts: HubSpot developer documentation, *Search the CRM* and *Usage guidelines*. Errors are
``{"status": "error", "message", "category"}``; a 403 ``MISSING_SCOPES`` names what is missing, see ``scopes``; a 429
names its limit in ``policyName`` (``DAILY``, ``TEN_SECONDLY_ROLLING``, ``SECONDLY``) and, on searches, comes without
``Retry-After`` and without rate-limit headers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from exporter.clients.http.secrets import sendable_token
from exporter.clients.http.upstream import LONGEST_PAUSE, Answer, Upstream
from exporter.clients.hubspot.scopes import missing_scopes
from exporter.clients.hubspot.search_pace import SearchPaces
from exporter.config.secret import Secret
from exporter.config.settings import HubSpot
from exporter.errors import AuthError, InvalidAnswer, RateLimited, UpstreamError
from exporter.schemas.json_schema import checked

FIRST_PAGE = "0"
SHORT_PAUSE = 1.0
"""Seconds to wait after a 429 that does not say: the limits of seconds are rolling."""

_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_MOST_SCOPES = 5

_WHERE_SCOPES_ARE = (
    "of the token in hubspot.token_file or token_env: HubSpot, Settings → Development → Keys (a service key), or "
    "Integrations → Private Apps"
)
_UNAUTHORIZED = (
    "HubSpot does not take the token. Put a valid one into the file or variable that hubspot.token_file or token_env "
    "names: a service key (HubSpot, Settings → Development → Keys) or a private app's token; it may have been rotated "
    "or deleted, or be of another account's data centre."
)

Filters = Sequence[Mapping[str, Any]]
"""Conditions that must all hold, each ``{"propertyName", "operator", "value"}``; values are strings."""


class HubSpotClient:
    """One HubSpot account; ``token`` is read for every request, so a rotated one works without a restart."""

    def __init__(self, settings: HubSpot, token: Secret, upstream: Upstream, paces: SearchPaces) -> None:
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
    ) -> Any:
        """A page ``{"total", "results": [{"id", "properties"}], "paging"}`` of what any of the groups matches.

        The greatest value of ``sort`` comes first. A search changes nothing, so it is retried although it is a POST.
        """
        token = sendable_token(self._token, "HubSpot")
        body = {
            # All five are sent: HubSpot's own clients do, and some of its versions refuse a search without them.
            "filterGroups": [{"filters": list(filters)} for filters in filter_groups],
            "sorts": [{"propertyName": sort, "direction": "DESCENDING"}],
            "properties": list(properties),
            "limit": limit,
            "after": after,
        }
        return await self._upstream.call(
            "POST",
            f"{self._objects_url()}/{object_type}/search",
            self._judge,
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
            json_body=body,
            admit=self._paces.of(self._settings.url, token).wait,
        )

    def _objects_url(self) -> str:
        version = self._settings.api_version
        return f"{self._settings.url}/crm/" + ("v3/objects" if version == "v3" else f"objects/{version}")

    def _judge(self, answer: Answer) -> Any:
        if answer.status == 200:  # noqa: PLR2004
            return checked(answer.json(), "hubspot_search", answer.where)
        raise self._refusal(answer)

    def _refusal(self, answer: Answer) -> UpstreamError:
        body = _object(answer)
        code = _code(body.get("category"))
        where = f"{answer.where}: status {answer.status} {code or ''}".rstrip()
        if answer.status == 401:  # noqa: PLR2004
            return AuthError(f"{_UNAUTHORIZED} ({where})", code=code)
        if answer.status == 403:  # noqa: PLR2004
            return AuthError(f"{_forbidden(code, missing_scopes(body))} ({where})", code=code)
        if answer.status == 429:  # noqa: PLR2004
            return self._rate_limited(answer, _code(body.get("policyName")))
        return self._upstream.failure(answer, code)

    def _rate_limited(self, answer: Answer, policy: str | None) -> RateLimited:
        """A limit of seconds is waited out; the daily one is not, whatever short pause is asked for."""
        where = f"{answer.where}: status 429 {policy or ''}".rstrip()
        pause = self._upstream.asked_pause(answer)
        if policy == "DAILY":
            return RateLimited(where, code=policy, retry_after=pause if (pause or 0.0) > LONGEST_PAUSE else None)
        return RateLimited(where, code=policy, retry_after=SHORT_PAUSE if pause is None else pause)


def _forbidden(code: str | None, scopes: Sequence[str]) -> str:
    """What is missing, and where it is granted. HubSpot may ask for any of several scopes."""
    if scopes:
        shown = ", ".join(scopes[:_MOST_SCOPES]) + (", …" if len(scopes) > _MOST_SCOPES else "")
        return f"A scope is missing: {shown}. Add it to the scopes {_WHERE_SCOPES_ARE}."
    if code == "MISSING_SCOPES":
        return f"A scope is missing, and HubSpot does not say which. Check the scopes {_WHERE_SCOPES_ARE}."
    return f"HubSpot forbids it. Check the scopes {_WHERE_SCOPES_ARE}."


def _code(value: object) -> str | None:
    """A word of HubSpot's, if it looks like one: it is shown to people and must not carry anything else."""
    return value if isinstance(value, str) and _CODE.fullmatch(value) else None


def _object(answer: Answer) -> Mapping[str, Any]:
    try:
        body = answer.json()
    except InvalidAnswer:
        return {}
    return body if isinstance(body, dict) else {}
