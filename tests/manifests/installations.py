"""Installations, and what is printed for them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import yaml

from exporter.manifests.installation import POSTGRESQL, Installation, Web
from exporter.manifests.parts import objects
from exporter.manifests.stream import stream

IMAGE = "registry.example/hubspot-salesforce-exporter:0.2.0"
SMALL = Installation("monitoring", IMAGE)
LARGE = Installation(
    "crm",
    IMAGE,
    store=POSTGRESQL,
    replicas=3,
    integrations=700,
    labels=(("release", "stack"),),
    callers=("monitoring",),
    egress_ports=(3128,),
    runbook_base_url="https://wiki.example/runbooks",
    dashboard_base_url="https://grafana.example.com",
)
SECURED = replace(LARGE, web=Web(configured=True, tls=True, users=True, certificates=True))
ALL = {"sqlite": SMALL, "postgresql": LARGE, "secured": SECURED}


@cache
def printed(installation: Installation) -> tuple[dict[str, Any], ...]:
    """The objects as YAML says them, so that what is looked at is what a cluster reads."""
    return tuple(yaml.load_all(stream(objects(installation)), getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def one(installation: Installation, kind: str) -> dict[str, Any]:
    """The only object of a kind."""
    (found,) = (manifest for manifest in printed(installation) if manifest["kind"] == kind)
    return found
