"""What each integration is connected with: an HTTP client, the clients of the outside APIs, and its way to resync."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

import httpx

from exporter.clients.connection import Connection, SpendCall, connect
from exporter.clients.hubspot.account_paces import AccountPaces
from exporter.clients.imap.mailboxes import Mailboxes
from exporter.clock import Clock
from exporter.config.network import Network
from exporter.config.settings import Integration
from exporter.exports.loading import Shelf
from exporter.remediation.actions import Ways, ways_of
from exporter.self_metrics import SelfMetrics

OpenHttp = Callable[[Network], httpx.AsyncClient]
"""Opens the HTTP client of one integration. Each has its own, which a reload closes under whoever is still at work with
it; the connections beneath are shared."""


class Connections:
    """``by_name`` and ``ways`` hold what is connected now, by integration."""

    def __init__(
        self,
        open_http: OpenHttp,
        spend: SpendCall,
        metrics: SelfMetrics,
        clock: Clock,
        paces: AccountPaces,
        shelf: Shelf,
    ) -> None:
        self.by_name: dict[str, Connection] = {}
        self.ways: dict[str, Ways] = {}
        self._open_http = open_http
        self._spend = spend
        self._metrics = metrics
        self._clock = clock
        self._paces = paces
        self._shelf = shelf
        self._mailboxes = Mailboxes(clock)
        self._http: dict[str, httpx.AsyncClient] = {}

    def open(self, integrations: Iterable[Integration], network: Network) -> None:
        """Connects what is not connected yet; sends nothing."""
        for entry in integrations:
            if entry.name not in self.by_name:
                self._connect(entry, network)

    def _connect(self, entry: Integration, network: Network) -> None:
        self._http[entry.name] = http = self._open_http(network)
        count, spend = self._metrics.request, self._spend
        connection = connect(entry, http, self._clock, count, self._paces, spend, self._shelf, network, self._mailboxes)
        self.by_name[entry.name] = connection
        self._metrics.know_integration(entry.name, connection.apis)
        self.ways[entry.name] = ways = ways_of(connection)
        for action in ways.by_name:
            self._metrics.know_action(entry.name, action)

    def drop_all_but(self, kept: Collection[str]) -> list[httpx.AsyncClient]:
        """Forgets the other connections and hands back their HTTP clients, to be closed once nobody polls with them."""
        dropped = [name for name in self.by_name if name not in kept]
        for name in dropped:
            del self.by_name[name]
            del self.ways[name]
        return [self._http.pop(name) for name in dropped]

    async def close(self) -> None:
        """Closes every HTTP client, and begins no thread any more."""
        self._mailboxes.close()
        for http in self._http.values():
            await http.aclose()
