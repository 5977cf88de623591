"""HubSpot's public CRM API: search.

Facts: HubSpot developer documentation, *Search the CRM* and *Usage guidelines*. Errors are
``{"status": "error", "message", "category"}``; a 403 ``MISSING_SCOPES`` names what is missing, see ``scopes``; a 429
names its limit in ``policyName`` (``DAILY``, ``TEN_SECONDLY_ROLLING``, ``SECONDLY``) and, on searches, comes without
``Retry-After`` and without rate-limit headers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from exporter.clients.http.secrets import sendable_token
from exporter.clients.http.upstream import Answer, Upstream
from exporter.clients.hubspot.refusals import failure_of
from exporter.clients.hubspot.search_pace import SearchPaces
from exporter.config.secret import Secret
from exporter.config.settings import HubSpot
from exporter.schemas.json_schema import checked

FIRST_PAGE = "0"

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
        raise failure_of(answer, self._upstream)
