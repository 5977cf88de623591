"""The paces of every HubSpot account, across objects and integrations."""

from __future__ import annotations

import hashlib

from exporter.clients.hubspot.call_pace import CallPace
from exporter.clients.hubspot.search_pace import SearchPace
from exporter.clock import Clock


class AccountPaces:
    """A pace of searches and one of other calls for every account.

    An account is told by address and token: two tokens of one account cannot be seen to belong together, and then
    HubSpot's 429 is what holds them back.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._searches: dict[tuple[str, str], SearchPace] = {}
        self._calls: dict[tuple[str, str], CallPace] = {}

    def searches(self, url: str, token: str) -> SearchPace:
        """The token itself is not kept."""
        return self._searches.setdefault(_key(url, token), SearchPace(self._clock))

    def calls(self, url: str, token: str) -> CallPace:
        """Likewise."""
        return self._calls.setdefault(_key(url, token), CallPace(self._clock))


def _key(url: str, token: str) -> tuple[str, str]:
    return url, hashlib.sha256(token.encode()).hexdigest()
