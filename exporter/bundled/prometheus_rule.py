"""The rules as the Prometheus operator takes them: one ``PrometheusRule`` object."""

from __future__ import annotations

from typing import Any

import yaml

from exporter import __version__

NAME = "hubspot-salesforce"
LABELS = {"app.kubernetes.io/name": "hubspot-salesforce-exporter", "app.kubernetes.io/version": __version__}

_HEADER = f"""\
# The alert and recording rules of hubspot-salesforce-exporter {__version__} for the Prometheus operator, printed by
#   hubspot-salesforce-exporter rules --format=prometheus-operator
# The comments that explain the expressions are in what --format=prometheus prints.
"""
_WIDTH = 120


def prometheus_rule(rules: str, namespace: str | None = None) -> str:
    """The manifest of a Prometheus rule file; without a namespace it lands in the one of ``kubectl``."""
    # Every scalar as it is written, as Prometheus reads it too: the operator wants text, also where YAML sees a number.
    groups = yaml.BaseLoader(rules).get_single_data()["groups"]
    manifest = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": NAME, **({"namespace": namespace} if namespace else {}), "labels": LABELS},
        "spec": {"groups": [_group(group) for group in groups]},
    }
    return _HEADER + yaml.dump(manifest, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)


def _group(group: dict[str, Any]) -> dict[str, Any]:
    """A group's ``limit`` is the one thing that must be a number."""
    return group | {"limit": int(group["limit"])} if "limit" in group else group


class _Dumper(yaml.SafeDumper):
    """Writes texts as a person would."""


def _write_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Several lines stay lines, a long line is folded."""
    style = "|" if "\n" in text else ">" if len(text) > _WIDTH else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _write_text)
