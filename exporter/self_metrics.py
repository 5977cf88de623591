"""The exporter's own metrics: what it did, what failed, what it cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from exporter import __version__
from exporter.counters import Counters, Numbers

PREFIX = "hubspot_salesforce_"

WEBHOOK_RESULTS = ("accepted", "duplicate", "ignored", "invalid", "unauthorized", "unavailable")
HTTP_REFUSALS = ("unauthorized", "rate_limit", "busy")
JOB_STATES = ("queued", "running", "done", "failed")
OUTCOMES = ("succeeded", "failed")
CIRCUIT_OPEN = "circuit_open"
PROOFS = ("cured", "came_back", "unchanged")

# A `_created` sample beside every counter doubles the series and tells nobody anything here.
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]


class SelfMetrics:
    """What is one for each process stands in ``registry``, kept by prometheus-client; what is counted of each
    integration in ``counters``.

    A new one is a declaration here, or a line in ``COUNTED``, and a method that moves it. Where an alert needs its
    first increase, or all integrations have it, it stands at 0 from the start, by a line in ``know_…``. The others come
    into being when they first move: most never do.
    """

    def __init__(self) -> None:
        self.counters = Counters()
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._notifications = Counter(
            PREFIX + "webhook_notifications",
            "Alertmanager notifications received, by how they were answered.",
            ("result",),
            registry=self.registry,
        )
        self._refused = Counter(
            PREFIX + "http_requests_refused",
            "Requests that were refused before they were looked at.",
            ("reason",),
            registry=self.registry,
        )
        self._durations = Histogram(
            PREFIX + "source_poll_duration_seconds",
            "How long a poll took, retries included.",
            ("source",),
            registry=self.registry,
            buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
        )
        self._reloads = Gauge(
            PREFIX + "config_last_reload_successful",
            "Whether the last configuration reload was successful.",
            registry=self.registry,
        )
        self._store = Gauge(PREFIX + "store_up", "Whether the store takes writes.", registry=self.registry)
        build = Gauge(PREFIX + "exporter_build_info", "The running version.", ("version",), registry=self.registry)
        build.labels(__version__).set(1)
        self._reloads.set(1)
        self._store.set(1)
        for result in WEBHOOK_RESULTS:
            self._notifications.labels(result)
        for reason in HTTP_REFUSALS:
            self._refused.labels(reason)

    def know_source(self, source: str) -> None:
        """Brings what is measured of a source into being."""
        self._durations.labels(source)

    def know_integration(self, integration: str, apis: Iterable[str]) -> None:
        """The same for the APIs an integration talks to, and for the one refusal that an alert fires on."""
        for api in apis:
            self.counters.begin(integration, "upstream_requests_total", api)
        self.counters.begin(integration, "resync_refusals_total", CIRCUIT_OPEN)

    def know_action(self, integration: str, action: str) -> None:
        """The same for what a resync by ``action`` counts."""
        for outcome in OUTCOMES:
            self.counters.begin(integration, "resync_records_total", action, outcome)
        for proof in PROOFS:
            self.counters.begin(integration, "resync_verified_records_total", action, proof)

    def forget_source(self, integration: str, source: str) -> None:
        """Takes away what a source counted that is no longer polled."""
        errors = self.counters.numbers(integration, "source_errors_total")
        kept = {labels: number for labels, number in errors.items() if labels[0] != source}
        self.counters.replace(integration, "source_errors_total", kept)

    def forget(self, integration: str) -> None:
        """Takes away every series of an integration that is no longer configured."""
        self.counters.forget(integration)

    def reloaded(self, successful: bool) -> None:
        """Whether the last reload of the configuration was applied."""
        self._reloads.set(float(successful))

    def store_up(self, up: bool) -> None:
        """Whether the store took what the last look wrote."""
        self._store.set(float(up))

    def poll_duration(self, source: str) -> AbstractContextManager[object]:
        """Times what happens inside."""
        return self._durations.labels(source).time()

    def source_error(self, integration: str, source: str, kind: str) -> None:
        self.counters.add(integration, "source_errors_total", source, kind)

    def request(self, integration: str, api: str) -> None:
        self.counters.add(integration, "upstream_requests_total", api)

    def notification(self, result: str) -> None:
        self._notifications.labels(result).inc()

    def refused(self, reason: str) -> None:
        self._refused.labels(reason).inc()

    def records(self, integration: str, action: str, outcome: str, count: int) -> None:
        self.counters.add(integration, "resync_records_total", action, outcome, by=count)

    def refusal(self, integration: str, reason: str) -> None:
        self.counters.add(integration, "resync_refusals_total", reason)

    def verified(self, integration: str, action: str, proof: str, count: int) -> None:
        self.counters.add(integration, "resync_verified_records_total", action, proof, by=count)

    def jobs(
        self, integration: str, by_state: Mapping[str, int], oldest_queued_at: float | None, needing_approval: int
    ) -> None:
        """How many jobs stand where; ``oldest_queued_at`` of ``None`` takes the timestamp away."""
        oldest: Numbers = {} if oldest_queued_at is None else {(): oldest_queued_at}
        states: Numbers = {(state,): by_state.get(state, 0) for state in JOB_STATES}
        self.counters.replace(integration, "resync_jobs_needing_approval", {(): needing_approval})
        self.counters.replace(integration, "resync_jobs", states)
        self.counters.replace(integration, "resync_oldest_queued_timestamp_seconds", oldest)
