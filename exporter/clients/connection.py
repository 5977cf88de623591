"""The clients of one integration, made from its configuration."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import httpx

from exporter.clients.bridge import BridgeClient, ErrorPage
from exporter.clients.directory import SyncHealthDirectory
from exporter.clients.export_folder import ExportFolder
from exporter.clients.exports import ExportedErrors
from exporter.clients.hook import MAX_ANSWER_BYTES, HookClient
from exporter.clients.http.upstream import Upstream
from exporter.clients.hubspot.account_paces import AccountPaces
from exporter.clients.hubspot.client import HubSpotClient
from exporter.clients.imap.mailboxes import Mailboxes
from exporter.clients.salesforce.client import SalesforceClient
from exporter.clients.salesforce.org_instance import OrgInstance
from exporter.clients.trust import TrustClient
from exporter.clock import Clock
from exporter.config.network import Network
from exporter.config.settings import Integration
from exporter.exports.loading import Shelf
from exporter.model import OrgUsage, SyncError

if TYPE_CHECKING:
    from exporter.clients.imap.client import MailboxClient


class SyncHealthReader(Protocol):
    """A bridge or a directory."""

    async def sync_health(self) -> Any:
        """What the Sync Health page shows, as unchecked JSON."""


class ErrorLister(Protocol):
    """Who knows the single errors: a bridge, or what was exported."""

    def sync_errors(self, category: str, error_type: str | None = None) -> AsyncIterator[SyncError]:
        """Every error of a category, of all types or of this one."""

    async def error_page(
        self, category: str | None, error_type: str | None, after: str | None, limit: int
    ) -> ErrorPage:
        """Some errors, of all categories or of this one, behind a cursor."""

    async def as_of(self, category: str) -> float | None:
        """Of when its list of a category is, 0 if it has none; ``None`` for one that is made as it is asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Connection:
    """What one integration's sources and actions may talk to; ``None`` where nothing is configured.

    A connection equals only itself: it holds sessions.
    """

    salesforce: SalesforceClient | None
    bridge: BridgeClient | None
    sync_health: SyncHealthReader | None
    trust: TrustClient | None
    org_instance: OrgInstance | None
    hubspot: HubSpotClient | None
    settings: Integration
    clock: Clock
    hook: HookClient | None = None
    exported: ExportedErrors | None = None
    export_folder: ExportFolder | None = None
    mailbox: MailboxClient | None = None

    @property
    def lister(self) -> ErrorLister | None:
        """Who lists the single errors, if anybody does."""
        return self.bridge or self.exported

    @property
    def apis(self) -> tuple[str, ...]:
        """The outside APIs it can talk to, as ``upstream_requests_total{api}`` names them."""
        clients = {
            "salesforce": self.salesforce,
            "hubspot": self.hubspot,
            "status": self.trust,
            "bridge": self.bridge,
            "hook": self.hook,
        }
        return tuple(api for api, client in clients.items() if client is not None)

    @property
    def org_usage(self) -> OrgUsage | None:
        """The org's API calls as the newest Salesforce answer stated them."""
        return self.salesforce.usage if self.salesforce else None


CountRequest = Callable[[str, str], None]
"""Called with integration and API for every request sent."""

SpendCall = Callable[[str], Awaitable[None]]
"""Awaited with the integration before every request that costs a Salesforce API call; raises ``BudgetExceeded``."""


def connect(
    integration: Integration,
    http: httpx.AsyncClient,
    clock: Clock,
    count: CountRequest,
    paces: AccountPaces | None = None,
    spend: SpendCall | None = None,
    shelf: Shelf | None = None,
    network: Network | None = None,
    mailboxes: Mailboxes | None = None,
) -> Connection:
    """Builds the clients; sends nothing. ``paces`` is shared by integrations of one HubSpot account; ``shelf`` is where
    exported errors are kept: without it there are none. ``mailboxes`` is shared by those that read e-mails; ``network``
    says whose authorities a mail server may be trusted by."""

    def upstream(api: str, **limits: Any) -> Upstream:
        return Upstream(http, clock, lambda: count(integration.name, api), **limits)

    salesforce = trust = org_instance = hubspot = bridge = directory = hook = None
    if integration.salesforce is not None:
        metered = Upstream(
            http,
            clock,
            lambda: count(integration.name, "salesforce"),
            (lambda: spend(integration.name)) if spend else None,
        )
        # A login costs no API call, so it is counted but not metered.
        salesforce = SalesforceClient(integration.salesforce, metered, clock, login=upstream("salesforce"))
        org_instance = OrgInstance(integration.salesforce.url, salesforce, clock)
        if integration.salesforce.status is not None:
            trust = TrustClient(integration.salesforce.status, upstream("status"))
    account = integration.hubspot
    if account is not None and account.token is not None:
        hubspot = HubSpotClient(account, account.token, upstream("hubspot"), paces or AccountPaces(clock))
    feed = integration.sync_health
    if feed is not None and feed.url is not None:
        bridge = BridgeClient(feed.url, feed.token, upstream("bridge"))
    if feed is not None and feed.directory is not None:
        directory = SyncHealthDirectory(feed.directory)
    told = integration.remediation.hook
    if told is not None:
        hook = HookClient(told, upstream("hook", timeout=told.timeout, max_bytes=MAX_ANSWER_BYTES), clock)
    return Connection(
        salesforce,
        bridge,
        bridge or directory,
        trust,
        org_instance,
        hubspot,
        integration,
        clock,
        hook,
        *_exports(integration, shelf, clock),
        _mailbox(integration, network or Network(), mailboxes or Mailboxes(clock)),
    )


def _exports(
    integration: Integration, shelf: Shelf | None, clock: Clock
) -> tuple[ExportedErrors | None, ExportFolder | None]:
    """What is exported where there is no bridge, and the directory it is dropped into."""
    feed = integration.sync_health
    if feed is None or feed.url is not None or shelf is None:
        return None, None
    exported = ExportedErrors(integration.name, feed, shelf, clock)
    return exported, ExportFolder(feed.directory, exported) if feed.directory is not None else None


def _mailbox(integration: Integration, network: Network, mailboxes: Mailboxes) -> MailboxClient | None:
    if integration.mailbox is None:
        return None
    from exporter.clients.imap.client import MailboxClient  # noqa: PLC0415  most have none

    return MailboxClient(integration.mailbox, network, mailboxes)
