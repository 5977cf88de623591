"""Who may reach the exporter, and whom it may reach.

Policies know addresses and ports, no names: which hosts are asked on port 443 only an egress gateway can narrow.
"""

from __future__ import annotations

from typing import Any

from exporter.manifests.installation import POSTGRESQL, Installation
from exporter.manifests.naming import PORT_NAME, SELECTOR, metadata

DNS, HTTPS, IMAPS, POSTGRES = 53, 443, 993, 5432

_NAMESPACE = "kubernetes.io/metadata.name"
"""The label that Kubernetes itself gives every namespace."""


def network_policy(installation: Installation) -> dict[str, Any]:
    ports = {HTTPS, IMAPS, *installation.egress_ports, *([POSTGRES] if installation.store == POSTGRESQL else [])}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata(installation),
        "spec": {
            "podSelector": {"matchLabels": SELECTOR},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": _callers(installation), "ports": [{"protocol": "TCP", "port": PORT_NAME}]}],
            "egress": [
                # Wherever the cluster's name server is: in kube-system, on the node.
                {"ports": [{"protocol": protocol, "port": DNS} for protocol in ("UDP", "TCP")]},
                {"ports": [{"protocol": "TCP", "port": port} for port in sorted(ports)]},
            ],
        },
    }


def _callers(installation: Installation) -> list[dict[str, Any]]:
    """Every pod of the namespaces that Prometheus and Alertmanager run in."""
    namespaces = dict.fromkeys((installation.namespace, *installation.callers))
    return [{"namespaceSelector": {"matchLabels": {_NAMESPACE: namespace}}} for namespace in namespaces]
