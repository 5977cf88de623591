"""The configuration as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

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
class HubSpot:
    """The HubSpot account; without a ``token`` nothing is asked there. ``connected_apps`` are names or ids of it in
    Salesforce's event log."""

    url: str
    api_version: str
    token: Secret | None
    allocated_api_calls: int | None
    connected_apps: tuple[str, ...]
    heartbeat_objects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SyncHealthFeed:
    """Where Sync Health comes from: a bridge URL (with its token) or a directory."""

    url: str | None
    token: Secret | None
    directory: Path | None


@dataclass(frozen=True, slots=True)
class Hook:
    """Somebody else's automation. Requests are signed with each of the ``secrets``, the newest first; ``timeout`` are
    seconds until the whole answer is there."""

    url: str
    secrets: tuple[Secret, ...]
    timeout: float


@dataclass(frozen=True, slots=True)
class OwnRemediation:
    """How one integration resyncs: ``action`` of ``None`` is the first of the table that it has what is needed for and
    that nobody has to name; ``touch_property`` is the HubSpot property that ``touch`` writes."""

    action: str | None = None
    touch_property: str | None = None
    hook: Hook | None = None


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
    was taken the repeat of a firing alert is a new order."""

    enabled: bool = True
    dry_run: bool = False
    webhook_token: Secret | None = None
    repeat_after: float = 300.0
    policies: tuple[Policy, ...] | None = None


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
