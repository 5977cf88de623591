"""Snapshots as exposition text. An integration is rendered when its Snapshot changes, not when it is scraped.

Every family here is a gauge, and a gauge's lines read the same in the Prometheus text format 0.0.4 and in OpenMetrics
1.0, so one rendering serves both; the exporter's own counters come from prometheus-client in the format asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import exposition as text_format
from prometheus_client.openmetrics import exposition as openmetrics

from exporter.catalog.catalog import CATALOG
from exporter.clock import Clock
from exporter.model import Access, Heartbeat, Snapshot, SyncHealth, TrustStatus, UsageLog
from exporter.self_metrics import PREFIX, SelfMetrics
from exporter.sources.salesforce_status import TRUST_STATUSES
from exporter.state.conditions import conditions_change_at, conditions_of
from exporter.state.facts import REPORT, Facts, facts_of, sources_of

FAMILIES: Mapping[str, str] = {
    "org_api_calls_used": "Salesforce API calls of the whole org in the rolling 24 hours.",
    "org_api_calls_limit": "Salesforce API calls the org may make in the rolling 24 hours (Limited by Salesforce).",
    "integration_api_calls_used": "Salesforce API calls of the integration in the rolling 24 hours.",
    "integration_api_calls_allocated": "Salesforce API calls the owner allocated to HubSpot.",
    "storage_used_bytes": "Storage of the org in use.",
    "storage_limit_bytes": "Storage the org may use.",
    "sync_errors": "Current sync errors.",
    "sync_error_affected_records": "Records that current sync errors keep from syncing.",
    "suspended": "1 if HubSpot reports the integration suspended.",
    "suspension_reason": "1 for the suspension reason HubSpot reports, 0 for the others.",
    "suspension_start_timestamp_seconds": "Since when the integration is suspended.",
    "suspension_condition": "1 if the exporter itself sees the cause of a suspension right now, 0 if it does not.",
    "integration_user_active": "1 if the integration user is active in Salesforce.",
    "integration_user_api_enabled": "1 if the integration user may use the Salesforce API.",
    "permission_set_assigned": "1 if the integration user has the configured permission set.",
    "object_permission": "1 if the integration user may read or edit the Salesforce object.",
    "field_permission": "1 if the integration user may read or edit the Salesforce field.",
    "trust_status": "1 for what Salesforce Trust says of the org's instance, 0 for the other statuses.",
    "last_sync_timestamp_seconds": "Newest Last Salesforce Sync Time of the records of a HubSpot object.",
    "last_change_timestamp_seconds": "Newest change of a record of a HubSpot object that is linked to Salesforce.",
    "integration_info": "Facts about the integration to join with, always 1.",
    "source_up": "1 if the last poll of the source worked.",
    "source_last_success_timestamp_seconds": "When the source was last read successfully.",
}
"""Name without prefix, and help text, in the order of the page."""

OPENMETRICS, PLAIN = "application/openmetrics-text", "text/plain"
_WEIGHT = re.compile(r";\s*q=([01](?:\.[0-9]{0,3})?)\s*(?:;|$)")

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})

Sample = tuple[str, Mapping[str, str], float]
"""Family, labels without ``integration``, value."""


@dataclass(frozen=True, slots=True)
class _Rendered:
    """The lines of one integration by family; ``stale_at`` is when they must be rendered anew."""

    lines: Mapping[str, str]
    stale_at: float


class Exposition:
    """The text of ``/metrics``."""

    def __init__(self, metrics: SelfMetrics, clock: Clock) -> None:
        self._metrics = metrics
        self._clock = clock
        self._snapshots: dict[str, Snapshot] = {}
        self._rendered: dict[str, _Rendered] = {}

    def update(self, snapshot: Snapshot) -> None:
        """Renders a new Snapshot in place of the old one of its integration."""
        self._snapshots[snapshot.integration] = snapshot
        self._rendered[snapshot.integration] = _render(snapshot, self._clock.time())

    def forget(self, integration: str) -> None:
        """Drops an integration that is no longer configured."""
        self._snapshots.pop(integration, None)
        self._rendered.pop(integration, None)

    def page(self, accept: str) -> tuple[bytes, str]:
        """Body and content type for an ``Accept`` header."""
        if 0 < _weight(accept, OPENMETRICS) >= _weight(accept, PLAIN):
            own = openmetrics.generate_latest(self._metrics.registry)  # type: ignore[no-untyped-call]
            content_type = f"{OPENMETRICS}; version=1.0.0; charset=utf-8"
        else:
            own = text_format.generate_latest(self._metrics.registry)
            content_type = text_format.CONTENT_TYPE_PLAIN_0_0_4
        return b"".join((self._integrations().encode(), own)), content_type

    def _integrations(self) -> str:
        now = self._clock.time()
        for name, rendered in self._rendered.items():
            if now >= rendered.stale_at:
                self._rendered[name] = _render(self._snapshots[name], now)
        text: list[str] = []
        for family, explanation in FAMILIES.items():
            lines = [rendered.lines[family] for rendered in self._rendered.values() if family in rendered.lines]
            if lines:
                text.append(f"# HELP {PREFIX}{family} {explanation}\n# TYPE {PREFIX}{family} gauge\n")
                text += lines
        return "".join(text)


def _render(snapshot: Snapshot, now: float) -> _Rendered:
    lines: dict[str, list[str]] = {}
    owner = f'integration="{escape(snapshot.integration)}"'
    for family, labels, value in samples(snapshot, now):
        more = "".join(f',{name}="{escape(text)}"' for name, text in labels.items())
        lines.setdefault(family, []).append(f"{PREFIX}{family}{{{owner}{more}}} {value!r}\n")
    rendered = {family: "".join(entries) for family, entries in lines.items()}
    return _Rendered(rendered, conditions_change_at(snapshot, now))


def _weight(accept: str, media_type: str) -> float:
    """How much a media type is wanted by an ``Accept`` header (RFC 9110), from 0 to 1: the best of its mentions."""
    weights = [0.0]
    for choice in accept.lower().split(","):
        if choice.split(";")[0].strip() == media_type:
            stated = _WEIGHT.search(choice)
            weights.append(float(stated[1]) if stated else 1.0)
    return max(weights)


def escape(text: str) -> str:
    """A label value as both formats write it."""
    return text.translate(_ESCAPES)


def samples(snapshot: Snapshot, now: float) -> Iterator[Sample]:
    """Every sample of an integration; what is not known has none."""
    facts = facts_of(snapshot, now)
    yield from _calls(facts)
    for storage in facts.storage:
        yield "storage_used_bytes", {"kind": storage.kind}, float(storage.used_bytes)
        yield "storage_limit_bytes", {"kind": storage.kind}, float(storage.limit_bytes)
    yield from _errors(facts)
    yield from _suspension(facts)
    for condition in conditions_of(snapshot, now):
        yield "suspension_condition", {"reason": condition.reason}, float(condition.holds)
    instances: dict[str, str] = {}
    for access, _ in sources_of(snapshot, now, Access):
        yield from _access(access)
        instances |= {"salesforce_instance": access.instance} if access.instance else {}
    for trust, _ in sources_of(snapshot, now, TrustStatus):
        instances["salesforce_instance"] = trust.instance
        for status in TRUST_STATUSES:
            yield "trust_status", {"status": status}, float(status == trust.status)
    for heartbeat, _ in sources_of(snapshot, now, Heartbeat):
        yield from _heartbeat(heartbeat)
    yield "integration_info", {"notify": snapshot.notify, **instances}, 1.0
    yield from _sources(snapshot)


def _access(access: Access) -> Iterator[Sample]:
    yield "integration_user_active", {}, float(access.user_active)
    yield "integration_user_api_enabled", {}, float(access.api_enabled)
    yield "permission_set_assigned", {}, float(access.permission_set_assigned)
    for permission in access.permissions:
        labels = {"object": permission.object}
        family = "object_permission"
        if permission.field is not None:
            family, labels = "field_permission", {**labels, "field": permission.field}
        for kind, granted in (("read", permission.read), ("edit", permission.edit)):
            if granted is not None:
                yield family, {**labels, "access": kind}, float(granted)


def _heartbeat(heartbeat: Heartbeat) -> Iterator[Sample]:
    for one in heartbeat.objects:
        if one.last_sync is not None:
            yield "last_sync_timestamp_seconds", {"object": one.object}, one.last_sync
        if one.last_change is not None:
            yield "last_change_timestamp_seconds", {"object": one.object}, one.last_change


def _sources(snapshot: Snapshot) -> Iterator[Sample]:
    """State of the polled sources; a report by hand is not polled. How old is what one sees: a source that says of
    when its answer is counts from then, so a bridge that repeats yesterday's page shows as old."""
    polled = [reading for reading in snapshot.readings if reading.source != REPORT]
    for reading in sorted(polled, key=lambda reading: reading.source):
        yield "source_up", {"source": reading.source}, float(reading.up)
        if reading.succeeded_at is not None:
            stated_at = reading.part.as_of if isinstance(reading.part, SyncHealth | UsageLog) else reading.succeeded_at
            moment = min(stated_at, reading.succeeded_at)
            yield "source_last_success_timestamp_seconds", {"source": reading.source}, moment


def _calls(facts: Facts) -> Iterator[Sample]:
    known = {
        "org_api_calls_used": facts.org_calls_used,
        "org_api_calls_limit": facts.org_calls_limit,
        "integration_api_calls_used": facts.calls_used,
        "integration_api_calls_allocated": facts.calls_allocated,
    }
    for family, calls in known.items():
        if calls is not None:
            yield family, {}, float(calls)


def _errors(facts: Facts) -> Iterator[Sample]:
    if facts.errors is None:
        return
    reported = {(count.category, count.error_type): count for count in facts.errors}
    for category, error_type in dict.fromkeys((*CATALOG.pairs, *reported)):
        labels = {"category": category, "error_type": error_type}
        count = reported.get((category, error_type))
        errors, records = (count.errors, count.affected_records) if count else (0, 0)
        if errors is not None:
            yield "sync_errors", labels, float(errors)
        if records is not None:
            yield "sync_error_affected_records", labels, float(records)


def _suspension(facts: Facts) -> Iterator[Sample]:
    suspension = facts.suspension
    if suspension is None:
        return
    yield "suspended", {}, float(suspension.suspended)
    if suspension.reason is not None or not suspension.suspended:
        for reason in CATALOG.reason_names:
            yield "suspension_reason", {"reason": reason}, float(reason == suspension.reason)
    if suspension.since is not None:
        yield "suspension_start_timestamp_seconds", {}, suspension.since
