"""Where Prometheus and Alertmanager find the exporter."""

from __future__ import annotations

from typing import Any

from exporter.manifests.installation import Installation
from exporter.manifests.naming import NAME, PORT, PORT_NAME, SELECTOR, metadata


def service(installation: Installation) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(installation),
        "spec": {
            "selector": SELECTOR,
            "ports": [{"name": PORT_NAME, "port": PORT, "targetPort": PORT_NAME, "protocol": "TCP"}],
        },
    }


def service_host(installation: Installation) -> str:
    """From any namespace, without the cluster's domain, which need not be ``cluster.local``."""
    return f"{NAME}.{installation.namespace}.svc"


def service_url(installation: Installation) -> str:
    return f"{'https' if installation.web.tls else 'http'}://{service_host(installation)}:{PORT}"
