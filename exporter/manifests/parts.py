"""All objects of an installation, by the part they belong to: the one table."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from exporter.manifests.alertmanager_config import alertmanager_config
from exporter.manifests.claim import claim
from exporter.manifests.dashboards import dashboards
from exporter.manifests.deployment import deployment
from exporter.manifests.disruption_budget import disruption_budget
from exporter.manifests.installation import SQLITE, Installation
from exporter.manifests.network_policy import network_policy
from exporter.manifests.rules import rules
from exporter.manifests.service import service
from exporter.manifests.service_monitor import service_monitor

Objects = list[dict[str, Any]]


def _exporter(installation: Installation) -> Objects:
    """The store's volume first: the pods wait for it."""
    before = [claim(installation)] if installation.store == SQLITE else []
    beside = [disruption_budget(installation)] if installation.replicas > 1 else []
    return [*before, deployment(installation), *beside, service(installation)]


PARTS: dict[str, Callable[[Installation], Objects]] = {
    "exporter": _exporter,
    "network-policy": lambda installation: [network_policy(installation)],
    "service-monitor": lambda installation: [service_monitor(installation)],
    "rules": lambda installation: [rules(installation)],
    "alertmanager": lambda installation: [alertmanager_config(installation)],
    "dashboards": dashboards,
}
"""In the order in which they are printed."""


def objects(installation: Installation, only: Collection[str] = ()) -> Objects:
    """Those of all parts, or of these only."""
    chosen = [make for name, make in PARTS.items() if not only or name in only]
    return [manifest for make in chosen for manifest in make(installation)]
