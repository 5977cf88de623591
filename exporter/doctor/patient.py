"""One integration as the checks see it: its settings, its clients, and answers that several of them look at."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import httpx

from exporter.clients.connection import Connection, connect
from exporter.clients.http.upstream import Upstream
from exporter.clients.hubspot.account_paces import AccountPaces
from exporter.clients.hubspot.client import AccountAnswer
from exporter.clients.imap.mailboxes import Mailboxes
from exporter.clock import Clock
from exporter.config.network import Network
from exporter.config.settings import Integration
from exporter.doctor.calls import Calls
from exporter.doctor.once import Once
from exporter.doctor.server_time import ServerTimes
from exporter.errors import UpstreamError
from exporter.model import Access, MailboxNews, SyncHealth
from exporter.sources import mailbox, salesforce_access, sync_health
from exporter.sources.source import Fetched, configured
from exporter.sources.usage_log.listing import listed_files
from exporter.sources.usage_log.log_file import LogFile
from exporter.store.database import Database


@dataclass(frozen=True, slots=True)
class Shared:
    """What the integrations of one look share: one pace an account, threads for mailboxes, the network."""

    paces: AccountPaces
    mailboxes: Mailboxes
    network: Network


class Patient:
    """``prove`` is the record whose touch is to be proved, such as ``contacts/101``, if any is; ``untouchable`` are the
    object types of which it was found that none can be touched, ``unsearchable`` those that cannot be searched.
    ``database`` is the store, if there is one that can be used."""

    def __init__(
        self,
        settings: Integration,
        http: httpx.AsyncClient,
        clock: Clock,
        calls: Calls,
        shared: Shared,
        prove: str | None = None,
        database: Database | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.calls = calls
        self.prove = prove
        self.database = database
        self.times = ServerTimes(clock)
        http.event_hooks = {"response": [self.times.note]}
        self.without_login = Upstream(http, clock, lambda: None)
        self.connection: Connection = connect(
            settings,
            http,
            clock,
            lambda _name, _api: None,
            shared.paces,
            calls.spend,
            network=shared.network,
            mailboxes=shared.mailboxes,
        )
        self.limits: Once[Any] = Once(self._limits)
        self.logged_in = False
        self.untouchable: set[str] = set()
        self.unsearchable: set[str] = set()
        self.access: Once[Access] = Once(self._access)
        self.access_parts: dict[str, UpstreamError | None] = {}
        self.account: Once[AccountAnswer] = Once(self._account)
        self.log_files: Once[list[LogFile]] = Once(self._log_files)
        self._definitions: dict[str, Once[Any]] = {}
        self.page: Once[SyncHealth] = Once(self._page)
        self.news: Once[MailboxNews] = Once(self._news)

    async def definitions(self, object_type: str) -> Any:
        """HubSpot's properties of an object type, asked for once; ``None`` if there is no such type."""
        known = self._definitions.setdefault(object_type, Once(lambda: self._properties(object_type)))
        return await known.get()

    def reads(self, source: str) -> bool:
        """Whether the configuration has not switched this source off."""
        return source in self.settings.intervals

    async def _properties(self, object_type: str) -> Any:
        return await configured(self.connection.hubspot, "HubSpot token").properties(object_type)

    async def _limits(self) -> Any:
        return await configured(self.connection.salesforce, "Salesforce org").get_json("limits/")

    async def _access(self) -> Access:
        told = await salesforce_access.SOURCE.fetch(self.connection, None)
        payload = told
        if isinstance(told, Fetched):
            payload = told.payload
            self.access_parts.update(told.parts)
        return salesforce_access.parse(payload, self.clock.time())

    async def _account(self) -> AccountAnswer:
        return await configured(self.connection.hubspot, "HubSpot token").account_details()

    async def _log_files(self) -> list[LogFile]:
        salesforce = configured(self.connection.salesforce, "Salesforce org")
        files, _without = await listed_files(salesforce, self.clock.time(), ())
        return files

    async def _page(self) -> SyncHealth:
        payload = await sync_health.SOURCE.fetch(self.connection, None)
        return sync_health.parse(payload, self.clock.time())

    async def _news(self) -> MailboxNews:
        """Read as the source reads them, and forgotten again."""
        told = await mailbox.fetch(self.connection, None)
        if told.failure is not None:
            raise told.failure
        # As the store would hand it on: lists, not tuples.
        return mailbox.parse(json.loads(json.dumps(told.payload)), self.clock.time())
