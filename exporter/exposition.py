"""Snapshots as exposition text. An integration is rendered when its Snapshot changes, not when it is scraped.

Every family here is a gauge, and a gauge's lines read the same in the Prometheus text format 0.0.4 and in OpenMetrics
1.0, so one rendering serves both; the exporter's own counters come from prometheus-client in the format asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import exposition as text_format
from prometheus_client.openmetrics import exposition as openmetrics

from exporter.catalog import CATALOG
from exporter.clock import Clock
from exporter.facts import Facts, facts_expire_at, facts_of
from exporter.model import Snapshot
from exporter.self_metrics import PREFIX, SelfMetrics

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
    "integration_info": "Facts about the integration to join with, always 1.",
    "source_up": "1 if the last poll of the source worked.",
    "source_last_success_timestamp_seconds": "When the source was last read successfully.",
}
"""Name without prefix, and help text, in the order of the page."""

OPENMETRICS = "application/openmetrics-text"

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

    def page(self, accept: str) -> tuple[bytes, str]:
        """Body and content type for an ``Accept`` header."""
        wanted = {choice.split(";")[0].strip().lower() for choice in accept.split(",")}
        if OPENMETRICS in wanted:
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
    return _Rendered({family: "".join(entries) for family, entries in lines.items()}, facts_expire_at(snapshot, now))


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
    yield "integration_info", {"notify": snapshot.notify}, 1.0
    for reading in sorted(snapshot.readings, key=lambda reading: reading.source):
        yield "source_up", {"source": reading.source}, float(reading.up)
        if reading.succeeded_at is not None:
            yield "source_last_success_timestamp_seconds", {"source": reading.source}, reading.succeeded_at


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
