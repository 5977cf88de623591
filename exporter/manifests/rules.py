"""The alert and recording rules as the Prometheus operator takes them."""

from __future__ import annotations

from typing import Any

from exporter.bundled.prometheus_rule import NAME, rule_object
from exporter.bundled.rule_files import rules_text
from exporter.manifests.installation import Installation
from exporter.manifests.naming import metadata


def rules(installation: Installation) -> dict[str, Any]:
    """Every alert carries the label ``namespace``: by default the operator lets an AlertmanagerConfig see only alerts
    of its own namespace, and what is aggregated over all targets has none."""
    text = rules_text(installation.runbook_base_url, installation.dashboard_base_url)
    manifest = rule_object(text, metadata(installation, NAME, component="monitoring"))
    for group in manifest["spec"]["groups"]:
        group["rules"] = [_of_namespace(rule, installation.namespace) for rule in group["rules"]]
    return manifest


def _of_namespace(rule: dict[str, Any], namespace: str) -> dict[str, Any]:
    return rule | {"labels": rule.get("labels", {}) | {"namespace": namespace}} if "alert" in rule else rule
