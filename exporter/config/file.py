"""Reads a configuration file into frozen values. Names are those of the README's table."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from exporter.catalog.catalog import CATALOG
from exporter.catalog.titles import TITLES
from exporter.config import defaults
from exporter.config.canary import canary_of
from exporter.config.check import find_problems
from exporter.config.durations import parse_duration
from exporter.config.hook import hook_of
from exporter.config.intervals import intervals_of
from exporter.config.mailbox import knowing_of_one_another, mailbox_of
from exporter.config.network import network_of
from exporter.config.notes import notes_of
from exporter.config.problem import ConfigError, Problem
from exporter.config.salesforce_host import audience_of
from exporter.config.secret import Secret, secrets_of
from exporter.config.settings import (
    Canary,
    ClientCredentials,
    Config,
    Guards,
    HubSpot,
    Integration,
    JwtBearer,
    OwnRemediation,
    Policy,
    Remediation,
    Salesforce,
    SyncHealthFeed,
    TrustSettings,
    Unsynced,
    not_the_canary,
)
from exporter.config.store_url import canonical, database_file
from exporter.config.titles_file import titles_in
from exporter.config.yaml_document import YamlSyntaxError, read_yaml

_YAML = "one YAML document in UTF-8, indented with spaces"


def load_config(file: Path) -> Config:
    """Reads and checks a configuration file; raises ``ConfigError`` with every problem found.

    Relative paths in the file are relative to the file's own directory.
    """
    try:
        document = read_yaml(file)
    except YamlSyntaxError as error:
        raise ConfigError((Problem(str(file), error.line, "", f"not YAML: {error}", _YAML),)) from error
    except OSError as error:
        raise ConfigError((Problem(str(file), 1, "", f"cannot read it: {error.strerror}", "a file"),)) from error
    problems = find_problems(file, document)
    if problems:
        raise ConfigError(problems)
    return _config(document.data, file.parent)


def _config(data: Mapping[str, Any], folder: Path) -> Config:
    entries = data["integrations"]
    return Config(
        store=_store_url(data.get("store", defaults.STORE), folder),
        integrations=knowing_of_one_another(_integration(entry, folder) for entry in entries),
        remediation=_remediation(data.get("remediation", {}), folder),
        store_password=_secret(data, "store_password", folder),
        network=network_of(data.get("http", {}), folder, os.environ),
        notes=tuple(notes_of(data, os.environ)),
    )


def _store_url(url: str, folder: Path) -> str:
    file = database_file(url, folder)
    return canonical(url) if file is None else f"sqlite:///{file.absolute()}"


def _integration(entry: Mapping[str, Any], folder: Path) -> Integration:
    canary = canary_of(entry["canary"]) if "canary" in entry else None
    return Integration(
        name=entry["name"],
        salesforce=_salesforce(entry["salesforce"], folder) if "salesforce" in entry else None,
        hubspot=_hubspot(entry["hubspot"], canary, folder) if "hubspot" in entry else None,
        sync_health=_sync_health(entry["sync_health"], folder) if "sync_health" in entry else None,
        notify=entry.get("notify", defaults.NOTIFY),
        intervals=intervals_of(entry),
        remediation=_own_remediation(entry.get("remediation", {}), folder),
        mailbox=mailbox_of(entry["mailbox"], folder) if "mailbox" in entry else None,
        canary=canary,
    )


def _own_remediation(entry: Mapping[str, Any], folder: Path) -> OwnRemediation:
    return OwnRemediation(
        action=entry.get("action"),
        touch_property=entry.get("touch", {}).get("property"),
        hook=hook_of(entry["hook"], folder) if "hook" in entry else None,
        guards=Guards(
            **{key: entry[key] for key in ("max_records", "allocation_share", "org_reserve") if key in entry}
        ),
    )


def _whole(number: float | None) -> int | None:
    """JSON Schema takes 60000.0 for an integer, and so do we."""
    return None if number is None else int(number)


def _salesforce(entry: Mapping[str, Any], folder: Path) -> Salesforce:
    return Salesforce(
        url=entry["url"].rstrip("/"),
        api_version=entry.get("api_version", defaults.SALESFORCE_API_VERSION),
        auth=_auth(entry, folder),
        integration_user=entry.get("integration_user"),
        permission_set=entry.get("permission_set", defaults.PERMISSION_SET),
        objects=tuple(entry.get("objects", defaults.OBJECTS)),
        fields=tuple((name, one) for name, fields in entry.get("fields", {}).items() for one in fields),
        status=_status(entry.get("status", {})),
        max_api_calls_per_day=int(entry.get("max_api_calls_per_day", defaults.MAX_API_CALLS_PER_DAY)),
    )


def _status(entry: Mapping[str, Any] | str) -> TrustSettings | None:
    """A mapping or the word ``off``."""
    if isinstance(entry, str):
        return None
    return TrustSettings(entry.get("url", defaults.STATUS_URL).rstrip("/"), entry.get("instance"))


def _auth(entry: Mapping[str, Any], folder: Path) -> ClientCredentials | JwtBearer:
    flow = entry["auth"].get("jwt_bearer")
    if flow is not None:
        audience = flow.get("audience") or audience_of(entry["url"])
        return JwtBearer(flow["client_id"], flow["username"], _secret_of(flow, "private_key", folder), audience)
    flow = entry["auth"]["client_credentials"]
    return ClientCredentials(flow["client_id"], _secret_of(flow, "client_secret", folder))


def _hubspot(entry: Mapping[str, Any], canary: Canary | None, folder: Path) -> HubSpot:
    return HubSpot(
        url=entry.get("url", defaults.HUBSPOT_URL).rstrip("/"),
        api_version=entry.get("api_version", defaults.HUBSPOT_API_VERSION),
        token=_secret(entry, "token", folder),
        allocated_api_calls=_whole(entry.get("allocated_api_calls")),
        connected_apps=_one_or_more(entry.get("connected_app", defaults.CONNECTED_APPS)),
        heartbeat_objects=tuple(entry.get("heartbeat_objects", defaults.HEARTBEAT_OBJECTS)),
        unsynced=_unsynced(entry.get("unsynced", {}), canary),
    )


def _unsynced(entry: Mapping[str, Any], canary: Canary | None) -> Unsynced:
    """Nobody looks for the canary's record: how it fares its rounds say."""
    told: dict[str, Any] = {key: parse_duration(entry[key]) for key in ("grace", "window") if key in entry}
    if "objects" in entry:
        told["objects"] = tuple(entry["objects"])
    filters = {name: tuple(given) for name, given in entry.get("filters", {}).items()}
    if canary is not None:
        filters[canary.object] = (*filters.get(canary.object, ()), *not_the_canary(canary, canary.object))
    return Unsynced(filters=filters, **told)


def _one_or_more(value: str | Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _sync_health(entry: Mapping[str, Any], folder: Path) -> SyncHealthFeed:
    return SyncHealthFeed(
        url=entry["url"].rstrip("/") if "url" in entry else None,
        token=_secret(entry, "token", folder),
        directory=folder / entry["directory"] if "directory" in entry else None,
        mapping=tuple(entry.get("mapping", {}).items()),
        titles=titles_in(folder / entry["titles_file"]) if "titles_file" in entry else TITLES,
        good_for=parse_duration(entry["good_for"]) if "good_for" in entry else defaults.GOOD_FOR,
    )


def _secret_of(entry: Mapping[str, Any], key: str, folder: Path) -> Secret:
    """A secret that the schema requires."""
    secret = _secret(entry, key, folder)
    if secret is None:
        raise AssertionError(f"the schema let {key} be missing")
    return secret


def _secret(entry: Mapping[str, Any], key: str, folder: Path) -> Secret | None:
    if f"{key}_file" in entry:
        return Secret(file=folder / entry[f"{key}_file"])
    if f"{key}_env" in entry:
        return Secret(env=entry[f"{key}_env"])
    return None


def _remediation(entry: Mapping[str, Any], folder: Path) -> Remediation:
    times = {key: parse_duration(entry[key]) for key in ("repeat_after", "verify_after", "retention") if key in entry}
    return Remediation(
        enabled=entry.get("enabled", True),
        dry_run=entry.get("dry_run", False),
        webhook_tokens=secrets_of(entry, "webhook_token", folder),
        api_tokens=secrets_of(entry, "api_token", folder),
        suspension_tokens=secrets_of(entry, "suspension_token", folder),
        policies=tuple(map(_policy, entry["policies"])) if "policies" in entry else None,
        **times,
    )


def _policy(entry: Mapping[str, Any]) -> Policy:
    limits: dict[str, Any] = {}
    if "max_attempts" in entry:
        limits["max_attempts"] = int(entry["max_attempts"])
    if "cooldown" in entry:
        limits["cooldown"] = parse_duration(entry["cooldown"])
    errors = CATALOG.select(entry.get("categories", []), entry.get("error_types", []))
    action = entry.get("action", defaults.POLICY_ACTION)
    return Policy(
        entry["alert"], entry["on"], errors, action=None if action == defaults.POLICY_ACTION else action, **limits
    )
