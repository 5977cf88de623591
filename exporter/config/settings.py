"""The configuration as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exporter.catalog.titles import TITLES, Titles
from exporter.config.defaults import GOOD_FOR
from exporter.config.network import Network
from exporter.config.secret import Secret


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """OAuth 2.0 client credentials of a Salesforce connected app."""

    client_id: str
    client_secret: Secret


@dataclass(frozen=True, slots=True)
class JwtBearer:
    """OAuth 2.0 JWT bearer flow: ``username`` is who the exporter logs in as, ``audience`` the login host."""

    client_id: str
    username: str
    private_key: Secret
    audience: str


@dataclass(frozen=True, slots=True)
class TrustSettings:
    """Salesforce's public status API; ``instance`` of ``None`` is asked from the org."""

    url: str
    instance: str | None


@dataclass(frozen=True, slots=True)
class Salesforce:
    """How to reach the org, and what to look at there; ``url`` has no trailing slash.

    ``fields`` are (object, field) pairs; ``status`` is ``None`` where Trust is switched off;
    ``max_api_calls_per_day`` is what monitoring may cost in any 24 hours.
    """

    url: str
    api_version: str
    auth: ClientCredentials | JwtBearer
    integration_user: str | None
    permission_set: str
    objects: tuple[str, ...]
    fields: tuple[tuple[str, str], ...]
    status: TrustSettings | None
    max_api_calls_per_day: int


@dataclass(frozen=True, slots=True)
class Unsynced:
    """Which records are looked for that have not reached Salesforce: of these ``objects`` those that changed or were
    created within the last ``window`` seconds, but not within the last ``grace``. ``filters`` are further conditions
    by object, as HubSpot's search takes them."""

    objects: tuple[str, ...] = ("contacts", "companies", "deals")
    grace: float = 1800.0
    window: float = 86400.0
    filters: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)

    def says_what_syncs(self, object_type: str) -> bool:
        """Whether the owner's filters are told; leaving the canary's record out says nothing of the others."""
        return any(one["propertyName"] != RECORD_ID for one in self.filters.get(object_type, ()))


@dataclass(frozen=True, slots=True)
class HubSpot:
    """The HubSpot account; without a ``token`` nothing is asked there. ``connected_apps`` are names or ids of it in
    Salesforce's event log."""

    url: str
    api_version: str
    token: Secret | None
    allocated_api_calls: int | None
    connected_apps: tuple[str, ...]
    heartbeat_objects: tuple[str, ...]
    unsynced: Unsynced = field(default_factory=Unsynced)


@dataclass(frozen=True, slots=True)
class SyncHealthFeed:
    """Where Sync Health comes from: a bridge URL (with its token), a directory, or exports that are uploaded (which a
    directory does not exclude).

    Of exports: ``mapping`` holds fields by the heading of their column, ``titles`` what the catalogue's entries are
    called; ``good_for`` so many seconds an export says how things are.
    """

    url: str | None
    token: Secret | None
    directory: Path | None
    mapping: tuple[tuple[str, str], ...] = ()
    titles: Titles = TITLES
    good_for: float = GOOD_FOR


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An IMAP folder that HubSpot's notification e-mails come into.

    ``tls`` is ``implicit``, ``starttls`` or, on loopback alone, ``off``; ``is_token``: the credential is a bearer token
    for XOAUTH2. ``patterns_file`` replaces patterns that ship. ``account`` is a regular expression that finds the id of
    the HubSpot account in an e-mail that is this integration's; ``None``: the id that HubSpot itself tells.
    ``senders`` replace those that HubSpot is known to write as. ``shared``: another integration reads the same folder.
    """

    host: str
    port: int
    tls: str
    username: str
    credential: Secret
    is_token: bool
    folder: str
    patterns_file: Path | None
    account: str | None
    senders: tuple[str, ...] | None
    shared: bool = False

    @property
    def place(self) -> str:
        """Which folder of whom it is."""
        return f"{self.username}@{self.host.casefold()}:{self.port}/{self.folder}"


@dataclass(frozen=True, slots=True)
class Hook:
    """Somebody else's automation. Requests are signed with each of the ``secrets``, the newest first; ``timeout`` are
    seconds until the whole answer is there."""

    url: str
    secrets: tuple[Secret, ...]
    timeout: float


@dataclass(frozen=True, slots=True)
class Guards:
    """How far remediation may go: jobs of more than ``max_records`` wait for a human; resyncs leave the calls above
    ``allocation_share`` of the allocation alone, and ``org_reserve`` of the org's limit to its other apps."""

    max_records: int = 10_000
    allocation_share: float = 0.75
    org_reserve: float = 0.10


USUAL_GUARDS = Guards()


@dataclass(frozen=True, slots=True)
class OwnRemediation:
    """How one integration resyncs: ``action`` of ``None`` is the first of the table that it has what is needed for and
    that nobody has to name; ``touch_property`` is the HubSpot property that ``touch`` writes."""

    action: str | None = None
    touch_property: str | None = None
    hook: Hook | None = None
    guards: Guards = field(default_factory=Guards)


@dataclass(frozen=True, slots=True)
class CanaryBack:
    """The way back of the canary: written to a ``field`` of its Salesforce record, awaited in a ``property`` of its
    HubSpot record."""

    field: str
    property: str


@dataclass(frozen=True, slots=True)
class Canary:
    """A pair of records made for probing the sync: a time is written to ``property`` in HubSpot and awaited in
    ``field`` in Salesforce. ``interval`` and ``deadline`` are seconds; ``objective`` is the share of time, over 30
    days, in which it should arrive within the deadline."""

    object: str
    hubspot_id: str
    property: str
    salesforce_object: str
    salesforce_id: str
    field: str
    interval: float = 1800.0
    deadline: float = 3600.0
    objective: float = 0.99
    back: CanaryBack | None = None


RECORD_ID = "hs_object_id"


def not_the_canary(canary: Canary | None, object_type: str) -> tuple[Mapping[str, Any], ...]:
    """The condition of a search, if it needs one, that leaves out the canary's record: what the exporter writes there
    is nobody's change, and the sync that follows nobody's sync."""
    if canary is None or canary.object != object_type:
        return ()
    return ({"propertyName": RECORD_ID, "operator": "NEQ", "value": canary.hubspot_id},)


@dataclass(frozen=True, slots=True)
class Integration:
    """One HubSpot–Salesforce integration; ``intervals`` are seconds by source name; a source that
    is switched off has none."""

    name: str
    salesforce: Salesforce | None
    hubspot: HubSpot | None
    sync_health: SyncHealthFeed | None
    notify: str
    intervals: Mapping[str, float]
    remediation: OwnRemediation = field(default_factory=OwnRemediation)
    mailbox: Mailbox | None = None
    canary: Canary | None = None

    @property
    def allocated_api_calls(self) -> int | None:
        """The allocation as the configuration states it."""
        return self.hubspot.allocated_api_calls if self.hubspot else None


@dataclass(frozen=True, slots=True)
class Policy:
    """For this alert, when it starts firing or is resolved: resync these errors.

    ``errors`` are (category, error type) pairs; ``cooldown`` is the pause in seconds before the same record is
    resynced again; ``max_attempts`` bounds the resyncs of one record in 24 hours; ``action`` names the way to resync,
    ``None`` is each integration's own.
    """

    alert: str
    on: str
    errors: frozenset[tuple[str, str]]
    cooldown: float = 3600.0
    max_attempts: int = 5
    action: str | None = None


@dataclass(frozen=True, slots=True)
class Remediation:
    """``policies`` is ``None`` when the default ones apply; ``repeat_after`` is how many seconds after the last that
    was taken the repeat of a firing alert is a new order.

    Of each kind of token there are two during a rotation, the new one first. Who brings an API token may order, approve
    and cancel resyncs, and upload; the webhook's, where there is none of its own. Suspensions are reported with either,
    or where they have a token of their own with that or the API's own.
    ``verify_after`` seconds after a resync it is looked what it has cured; the ledger goes ``retention`` seconds back.
    """

    enabled: bool = True
    dry_run: bool = False
    webhook_tokens: tuple[Secret, ...] = ()
    repeat_after: float = 300.0
    policies: tuple[Policy, ...] | None = None
    api_tokens: tuple[Secret, ...] = ()
    suspension_tokens: tuple[Secret, ...] = ()
    verify_after: float = 120.0
    retention: float = 30 * 86400.0

    @property
    def order_tokens(self) -> tuple[Secret, ...]:
        """Of which ``POST /api/v1/resyncs`` and uploads have to bring one."""
        return self.api_tokens or self.webhook_tokens

    @property
    def report_tokens(self) -> tuple[Secret, ...]:
        """Of which ``POST /api/v1/suspensions`` has to bring one."""
        if self.suspension_tokens:
            return (*self.suspension_tokens, *self.api_tokens)
        return (*self.api_tokens, *self.webhook_tokens)


@dataclass(frozen=True, slots=True)
class Config:
    """A checked configuration; ``notes`` say what in it is doubtful, or asked for in vain.

    ``store_password`` is that of a PostgreSQL server, if it is not for libpq to find.
    """

    store: str
    integrations: tuple[Integration, ...]
    remediation: Remediation = field(default_factory=Remediation)
    notes: tuple[str, ...] = ()
    store_password: Secret | None = None
    network: Network = field(default_factory=Network)

    def integration(self, name: str) -> Integration | None:
        return next((entry for entry in self.integrations if entry.name == name), None)
