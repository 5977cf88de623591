"""What the running demo looks like right now, asked of the real components the way an on-call engineer would."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from exporter.demo.stage import ORG, Stage

PREFIX = "hubspot_salesforce_"

END_FAULTS = "end-faults"
"""The one verb that is not a POST of its own."""

Labels = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Alert:
    """A pending or firing alert as Prometheus sees it."""

    name: str
    severity: str
    state: str
    detail: str


@dataclass(frozen=True, slots=True)
class View:
    """One look at everything. ``metrics`` is what Prometheus has scraped; ``jobs`` and ``refusals`` are the exporter's
    newest first; ``simulated`` is the truth inside the simulator; ``notified`` are the alerts Alertmanager holds."""

    metrics: Mapping[str, Mapping[Labels, float]] = field(default_factory=dict)
    alerts: tuple[Alert, ...] = ()
    notified: frozenset[str] = frozenset()
    jobs: tuple[Mapping[str, Any], ...] = ()
    refusals: tuple[Mapping[str, Any], ...] = ()
    simulated: Mapping[str, Any] = field(default_factory=dict)

    def value(self, name: str, **labels: str) -> float | None:
        """Sum of the samples of a metric that carry these labels, ``None`` if there is none."""
        wanted = set(labels.items())
        found = [value for had, value in self.metrics.get(PREFIX + name, {}).items() if wanted <= had]
        return sum(found) if found else None

    def firing(self, alert: str, severity: str) -> bool:
        return any((entry.name, entry.severity, entry.state) == (alert, severity, "firing") for entry in self.alerts)

    def jobs_of(self, alert: str, status: str) -> list[Mapping[str, Any]]:
        return [job for job in self.jobs if (job["alert"], job["status"]) == (alert, status)]


class Observer:
    """Looks at the components of a stage over HTTP; raises ``httpx.HTTPError`` if one does not answer."""

    def __init__(self, stage: Stage, http: httpx.AsyncClient) -> None:
        self._stage = stage
        self._http = http

    async def look(self) -> View:
        stage = self._stage
        samples, alerts, notified, resyncs, simulated = await asyncio.gather(
            self._get(f"{stage.prometheus}/api/v1/query", query='{job="hubspot-salesforce"}'),
            self._get(f"{stage.prometheus}/api/v1/alerts"),
            self._get(f"{stage.alertmanager}/api/v2/alerts"),
            self._get(f"{stage.exporter}/api/v1/resyncs"),
            self._get(f"{stage.simulator}/control/{ORG}"),
        )
        return View(
            metrics=_by_name(samples["data"]["result"]),
            alerts=tuple(_alert(entry) for entry in alerts["data"]["alerts"]),
            notified=frozenset(entry["labels"]["alertname"] for entry in notified),
            jobs=tuple(resyncs["jobs"]),
            refusals=tuple(resyncs["refusals"]),
            simulated=simulated,
        )

    async def act(self, verb: str, body: Mapping[str, Any]) -> None:
        """Changes the simulated world."""
        method, path = ("DELETE", "fault") if verb == END_FAULTS else ("POST", verb)
        url = f"{self._stage.simulator}/control/{ORG}/{path}"
        answer = await self._http.request(method, url, json=body if method == "POST" else None)
        answer.raise_for_status()

    async def _get(self, url: str, **params: str) -> Any:
        answer = await self._http.get(url, params=params)
        answer.raise_for_status()
        return answer.json()


def _by_name(result: list[dict[str, Any]]) -> dict[str, dict[Labels, float]]:
    metrics: dict[str, dict[Labels, float]] = {}
    for series in result:
        labels = frozenset((name, text) for name, text in series["metric"].items() if name != "__name__")
        metrics.setdefault(series["metric"]["__name__"], {})[labels] = float(series["value"][1])
    return metrics


def _alert(entry: dict[str, Any]) -> Alert:
    labels = entry["labels"]
    return Alert(
        name=labels["alertname"],
        severity=labels.get("severity", ""),
        state=entry["state"],
        detail=labels.get("category") or labels.get("source") or "",
    )
