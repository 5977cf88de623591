"""Salesforce Status (Trust): how the instance of an org is doing. No login, and no API call of the org.

Facts: status.salesforce.com API, ``GET /v1/instances/{key}/status`` → ``{"key": "NA1", "status": "OK",
"isActive": true, "Incidents": […], "Maintenances": […]}``; 404 for a key it does not know. It is to be replaced by the
token-based My Trust Center API, whose paths could not be verified.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from exporter.clients.http.answer import Answer
from exporter.clients.http.upstream import Upstream
from exporter.config.settings import TrustSettings
from exporter.errors import AuthError, InvalidAnswer

_REFUSED = (
    "The status page does not let the exporter in, which sends no token there: check salesforce.status.url, or whether "
    "a proxy stands in between."
)
_NOT_THERE = (
    "There is no status page at this address, or no longer: put its new one into salesforce.status.url, or switch the "
    "source off with salesforce.status: off."
)

_MOVED = frozenset({301, 308, 404, 410})
"""404 with a web page: the API itself answers JSON for an instance that it does not know."""


class TrustClient:
    """The status of an instance, by its key."""

    def __init__(self, settings: TrustSettings, upstream: Upstream) -> None:
        self._settings = settings
        self._upstream = upstream

    @property
    def configured_instance(self) -> str | None:
        """The instance the configuration names."""
        return self._settings.instance

    async def instance_status(self, instance: str) -> dict[str, Any] | None:
        """The answer as an unchecked object, ``None`` for an instance that does not exist."""
        # A dot needs no quoting, but "." and ".." would be steps to another path.
        key = quote(instance, safe="", errors="replace").replace(".", "%2E")
        url = f"{self._settings.url}/v1/instances/{key}/status"
        return await self._upstream.call("GET", url, self._judge, headers={"Accept": "application/json"})

    def _judge(self, answer: Answer) -> dict[str, Any] | None:
        if answer.status == 404 and not answer.is_web_page:  # noqa: PLR2004
            return None
        if answer.status in _MOVED:
            told = f"{answer.told()}, {answer.redirect}" if answer.redirect else answer.told()
            raise InvalidAnswer(
                f"{_NOT_THERE} ({told})",
                code=f"HTTP_{answer.status}",
                retry_after=self._upstream.asked_pause(answer),
            )
        if answer.status in (401, 403) and not answer.is_web_page:
            raise AuthError(f"{_REFUSED} ({answer.told()})", retry_after=self._upstream.asked_pause(answer))
        if answer.status != 200:  # noqa: PLR2004
            raise self._upstream.failure(answer)
        body = answer.json()
        if not isinstance(body, dict):
            raise InvalidAnswer(f"{answer.where}: an answer that is not an object")
        return body
