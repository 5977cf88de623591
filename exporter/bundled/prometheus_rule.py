"""The rules as the Prometheus operator takes them: one ``PrometheusRule`` object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from exporter import __version__
from exporter.bundled.manifest_yaml import manifest_yaml

NAME = "hubspot-salesforce"
LABELS = {"app.kubernetes.io/name": "hubspot-salesforce-exporter", "app.kubernetes.io/version": __version__}

_HEADER = f"""\
# The alert and recording rules of hubspot-salesforce-exporter {__version__} for the Prometheus operator, printed by
#   hubspot-salesforce-exporter rules --format=prometheus-operator
# The comments that explain the expressions are in what --format=prometheus prints.
"""


def prometheus_rule(rules: str, namespace: str | None = None) -> str:
    """The manifest of a Prometheus rule file; without a namespace it lands in the one of ``kubectl``."""
    metadata = {"name": NAME, **({"namespace": namespace} if namespace else {}), "labels": LABELS}
    return _HEADER + manifest_yaml(rule_object(rules, metadata))


def rule_object(rules: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The object of these rules."""
    # Every scalar as it is written, as Prometheus reads it too: the operator wants text, also where YAML sees a number.
    groups = yaml.BaseLoader(rules).get_single_data()["groups"]
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": dict(metadata),
        "spec": {"groups": [_group(group) for group in groups]},
    }


def _group(group: dict[str, Any]) -> dict[str, Any]:
    """A group's ``limit`` is the one thing that must be a number."""
    return group | {"limit": int(group["limit"])} if "limit" in group else group
