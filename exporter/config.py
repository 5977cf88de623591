"""The configuration as frozen values. Names and defaults are those of the README's table."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exporter.catalog import CATALOG
from exporter.config_check import ConfigError, Problem, find_problems
from exporter.durations import parse_duration
from exporter.yaml_document import YamlSyntaxError, read_yaml

DEFAULT_STORE = "sqlite:///hubspot-salesforce.db"
DEFAULT_INTERVALS: Mapping[str, float] = {"salesforce_limits": 300.0, "sync_health": 60.0}


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret stands. It is read when needed, so a rotated file works without a restart, and never shown."""

    file: Path | None = None
    env: str | None = None

    def read(self) -> str:
        """The secret without surrounding white space; raises ``OSError`` or ``KeyError`` when it is gone."""
        if self.file is not None:
            return self.file.read_text(encoding="utf-8").strip()
        return os.environ[self.env or ""].strip()


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """OAuth 2.0 client credentials of a Salesforce connected app."""

    client_id: str
    client_secret: Secret


@dataclass(frozen=True, slots=True)
class Salesforce:
    """How to reach the org; ``url`` has no trailing slash."""

    url: str
    api_version: str
    client_credentials: ClientCredentials | None


@dataclass(frozen=True, slots=True)
class SyncHealthFeed:
    """Where Sync Health comes from: a bridge URL (with its token) or a directory."""

    url: str | None
    token: Secret | None
    directory: Path | None


@dataclass(frozen=True, slots=True)
class Integration:
    """One HubSpot–Salesforce integration; ``intervals`` are seconds by source name."""

    name: str
    salesforce: Salesforce | None
    sync_health: SyncHealthFeed | None
    allocated_api_calls: int | None
    notify: str
    intervals: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Policy:
    """For this alert, when it starts firing or is resolved: resync these errors.

    ``errors`` are (category, error type) pairs; ``cooldown`` is the pause in seconds before the same record is
    resynced again; ``max_attempts`` bounds the resyncs of one record in 24 hours.
    """

    alert: str
    on: str
    errors: frozenset[tuple[str, str]]
    cooldown: float = 3600.0
    max_attempts: int = 5


@dataclass(frozen=True, slots=True)
class Remediation:
    """``policies`` is ``None`` when the default ones apply."""

    enabled: bool = True
    dry_run: bool = False
    webhook_token: Secret | None = None
    policies: tuple[Policy, ...] | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """A checked configuration; ``notes`` say what it asks for that this version does not do yet."""

    store: str
    integrations: tuple[Integration, ...]
    remediation: Remediation = field(default_factory=Remediation)
    notes: tuple[str, ...] = ()

    def integration(self, name: str) -> Integration | None:
        return next((entry for entry in self.integrations if entry.name == name), None)


def load_config(file: Path) -> Config:
    """Reads and checks a configuration file; raises ``ConfigError`` with every problem found.

    Relative paths in the file are relative to the file's own directory.
    """
    try:
        document = read_yaml(file)
    except YamlSyntaxError as error:
        raise ConfigError((Problem(str(file), error.line, "", f"not YAML: {error}", "a YAML mapping"),)) from error
    except OSError as error:
        raise ConfigError((Problem(str(file), 1, "", f"cannot read it: {error.strerror}", "a file"),)) from error
    problems = find_problems(file, document)
    if problems:
        raise ConfigError(problems)
    return _config(document.data, file.parent)


def _config(data: Mapping[str, Any], folder: Path) -> Config:
    entries = data["integrations"]
    return Config(
        store=_store_url(data.get("store", DEFAULT_STORE), folder),
        integrations=tuple(_integration(entry, folder) for entry in entries),
        remediation=_remediation(data.get("remediation", {}), folder),
        notes=tuple(note for entry in entries for note in _not_built(entry)),
    )


def _store_url(url: str, folder: Path) -> str:
    scheme, path = url.split("://", 1)
    return f"sqlite:///{(folder / path.removeprefix('/')).absolute()}" if scheme == "sqlite" else url


def _integration(entry: Mapping[str, Any], folder: Path) -> Integration:
    intervals = {source: parse_duration(text) for source, text in entry.get("intervals", {}).items()}
    return Integration(
        name=entry["name"],
        salesforce=_salesforce(entry["salesforce"], folder) if "salesforce" in entry else None,
        sync_health=_sync_health(entry["sync_health"], folder) if "sync_health" in entry else None,
        allocated_api_calls=entry.get("hubspot", {}).get("allocated_api_calls"),
        notify=entry.get("notify", "immediate"),
        intervals={**DEFAULT_INTERVALS, **intervals},
    )


def _salesforce(entry: Mapping[str, Any], folder: Path) -> Salesforce:
    flow = entry["auth"].get("client_credentials")
    secret = _secret(flow, "client_secret", folder) if flow else None
    return Salesforce(
        url=entry["url"].rstrip("/"),
        api_version=entry.get("api_version", "62.0"),
        client_credentials=ClientCredentials(flow["client_id"], secret) if secret else None,
    )


def _sync_health(entry: Mapping[str, Any], folder: Path) -> SyncHealthFeed:
    return SyncHealthFeed(
        url=entry["url"].rstrip("/") if "url" in entry else None,
        token=_secret(entry, "token", folder),
        directory=folder / entry["directory"] if "directory" in entry else None,
    )


def _secret(entry: Mapping[str, Any], key: str, folder: Path) -> Secret | None:
    if f"{key}_file" in entry:
        return Secret(file=folder / entry[f"{key}_file"])
    if f"{key}_env" in entry:
        return Secret(env=entry[f"{key}_env"])
    return None


def _remediation(entry: Mapping[str, Any], folder: Path) -> Remediation:
    return Remediation(
        enabled=entry.get("enabled", True),
        dry_run=entry.get("dry_run", False),
        webhook_token=_secret(entry, "webhook_token", folder),
        policies=tuple(map(_policy, entry["policies"])) if "policies" in entry else None,
    )


def _policy(entry: Mapping[str, Any]) -> Policy:
    limits: dict[str, Any] = {key: entry[key] for key in ("max_attempts",) if key in entry}
    if "cooldown" in entry:
        limits["cooldown"] = parse_duration(entry["cooldown"])
    errors = CATALOG.select(entry.get("categories", []), entry.get("error_types", []))
    return Policy(entry["alert"], entry["on"], errors, **limits)


_NOT_BUILT = (
    ("salesforce", "auth", "jwt_bearer"),
    ("salesforce", "integration_user"),
    ("salesforce", "status"),
    ("hubspot", "token_file"),
    ("hubspot", "token_env"),
    ("hubspot", "unsynced"),
    ("mailbox",),
    ("remediation", "touch"),
    ("remediation", "hook"),
)


def _not_built(entry: Mapping[str, Any]) -> list[str]:
    """What the file asks for that this version accepts but does not act on: said aloud rather than ignored."""
    found = []
    for path in _NOT_BUILT:
        value: Any = entry
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        if value is not None:
            found.append(f"{entry['name']}: {'.'.join(path)} is accepted, but this version does not use it yet")
    return found
