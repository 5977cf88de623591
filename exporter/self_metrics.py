"""The exporter's own metrics: what it did, what failed, what it cost. Kept by prometheus-client."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import TypeVar

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from exporter import __version__
from exporter.errors import UPSTREAM_ERROR_KINDS

M = TypeVar("M", Counter, Gauge)

PREFIX = "hubspot_salesforce_"

WEBHOOK_RESULTS = ("accepted", "duplicate", "ignored", "invalid", "unauthorized", "unavailable")
JOB_STATES = ("queued", "running", "done", "failed")
OUTCOMES = ("succeeded", "failed")
REFUSAL_REASONS = (
    "disabled",
    "dry_run",
    "suspended",
    "api_budget",
    "cooldown",
    "max_attempts",
    "no_records",
    "not_retryable",
    "waiting_for_cause",
    "needs_approval",
    "circuit_open",
)
PROOFS = ("cured", "came_back", "unchanged")

# A `_created` sample beside every counter doubles the series and tells nobody anything here.
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]


class SelfMetrics:
    """Counters and gauges in a registry of their own. Every label set that can be known stands at 0 from the start.

    A new one is a declaration here and a method that moves it; where its labels are known beforehand, a line in
    ``know_…``.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._of_integrations: list[Counter | Gauge] = []
        self._source_errors = self._counter(
            "source_errors", "Failed polls of a source.", "integration", "source", "kind"
        )
        self._requests = self._counter(
            "upstream_requests", "Requests sent to outside APIs, logins and retries included.", "integration", "api"
        )
        self._notifications = self._counter(
            "webhook_notifications", "Alertmanager notifications received, by how they were answered.", "result"
        )
        self._records = self._counter(
            "resync_records", "Records a resync was asked for.", "integration", "action", "outcome"
        )
        self._refusals = self._counter(
            "resync_refusals", "Remediations that were refused, by reason.", "integration", "reason"
        )
        self._verified = self._counter(
            "resync_verified_records",
            "Resynced records that were looked at afterwards, by what was seen.",
            "integration",
            "action",
            "outcome",
        )
        self._durations = Histogram(
            PREFIX + "source_poll_duration_seconds",
            "How long a poll took, retries included.",
            ("source",),
            registry=self.registry,
            buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
        )
        self._jobs = self._gauge("resync_jobs", "Resync jobs by state.", "integration", "state")
        self._oldest = self._gauge(
            "resync_oldest_queued_timestamp_seconds", "When the oldest queued resync job was accepted.", "integration"
        )
        self._approvals = self._gauge(
            "resync_jobs_needing_approval", "Resync jobs that wait for a human to approve them.", "integration"
        )
        self._reloads = self._gauge(
            "config_last_reload_successful", "Whether the last configuration reload was successful."
        )
        self._build = self._gauge("exporter_build_info", "The running version.", "version")
        self._build.labels(__version__).set(1)
        self._reloads.set(1)
        for result in WEBHOOK_RESULTS:
            self._notifications.labels(result)

    def know_source(self, integration: str, source: str) -> None:
        """Brings the counters of a source into being, so that their first increase is seen as one."""
        self._durations.labels(source)
        for kind in UPSTREAM_ERROR_KINDS:
            self._source_errors.labels(integration, source, kind)

    def know_integration(self, integration: str, apis: Iterable[str]) -> None:
        """The same for the APIs an integration talks to and for what may be refused it."""
        for api in apis:
            self._requests.labels(integration, api)
        for reason in REFUSAL_REASONS:
            self._refusals.labels(integration, reason)

    def know_action(self, integration: str, action: str) -> None:
        """The same for what a resync by ``action`` counts."""
        for outcome in OUTCOMES:
            self._records.labels(integration, action, outcome)
        for outcome in PROOFS:
            self._verified.labels(integration, action, outcome)

    def forget_source(self, integration: str, source: str) -> None:
        """Takes away what a source counted that is no longer polled."""
        self._source_errors.remove_by_labels({"integration": integration, "source": source})

    def forget(self, integration: str) -> None:
        """Takes away every series of an integration that is no longer configured."""
        for metric in self._of_integrations:
            metric.remove_by_labels({"integration": integration})

    def reloaded(self, successful: bool) -> None:
        """Whether the last reload of the configuration was applied."""
        self._reloads.set(float(successful))

    def poll_duration(self, source: str) -> AbstractContextManager[object]:
        """Times what happens inside."""
        return self._durations.labels(source).time()

    def source_error(self, integration: str, source: str, kind: str) -> None:
        self._source_errors.labels(integration, source, kind).inc()

    def request(self, integration: str, api: str) -> None:
        self._requests.labels(integration, api).inc()

    def notification(self, result: str) -> None:
        self._notifications.labels(result).inc()

    def records(self, integration: str, action: str, outcome: str, count: int) -> None:
        self._records.labels(integration, action, outcome).inc(count)

    def refusal(self, integration: str, reason: str) -> None:
        self._refusals.labels(integration, reason).inc()

    def verified(self, integration: str, action: str, proof: str, count: int) -> None:
        self._verified.labels(integration, action, proof).inc(count)

    def jobs(
        self, integration: str, by_state: Mapping[str, int], oldest_queued_at: float | None, needing_approval: int
    ) -> None:
        """How many jobs stand where; ``oldest_queued_at`` of ``None`` takes the timestamp away."""
        self._approvals.labels(integration).set(needing_approval)
        for state in JOB_STATES:
            self._jobs.labels(integration, state).set(by_state.get(state, 0))
        if oldest_queued_at is not None:
            self._oldest.labels(integration).set(oldest_queued_at)
        else:
            self._oldest.remove_by_labels({"integration": integration})

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return self._declared(Counter(PREFIX + name, text, labels, registry=self.registry), labels)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return self._declared(Gauge(PREFIX + name, text, labels, registry=self.registry), labels)

    def _declared(self, metric: M, labels: Collection[str]) -> M:
        if "integration" in labels:
            self._of_integrations.append(metric)
        return metric
