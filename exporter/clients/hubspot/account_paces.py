"""The paces of every HubSpot account, across objects, integrations and, where they share a store, replicas."""

from __future__ import annotations

import hashlib

from exporter.clients.hubspot.call_pace import CallPace
from exporter.clients.hubspot.search_pace import SearchPace
from exporter.clients.hubspot.shared_turns import Ledger, SharedTurns
from exporter.clock import Clock


class AccountPaces:
    """A pace of searches and one of other calls for every account; ``ledger`` is what replicas share.

    An account is told by address and token: two tokens of one account cannot be seen to belong together, and then
    HubSpot's 429 is what holds them back.
    """

    def __init__(self, clock: Clock, ledger: Ledger | None = None) -> None:
        self._clock = clock
        self._ledger = ledger
        self._searches: dict[str, SearchPace] = {}
        self._calls: dict[str, CallPace] = {}

    def searches(self, url: str, token: str) -> SearchPace:
        """The token itself is not kept."""
        key = _key("searches", url, token)
        if key not in self._searches:
            self._searches[key] = SearchPace(self._clock, self._turns(key))
        return self._searches[key]

    def calls(self, url: str, token: str) -> CallPace:
        """Likewise."""
        key = _key("calls", url, token)
        if key not in self._calls:
            self._calls[key] = CallPace(self._clock, self._turns(key))
        return self._calls[key]

    def _turns(self, key: str) -> SharedTurns | None:
        return None if self._ledger is None else SharedTurns(self._ledger, key, self._clock)


def _key(what: str, url: str, token: str) -> str:
    return hashlib.sha256("\n".join((what, url, token)).encode()).hexdigest()
