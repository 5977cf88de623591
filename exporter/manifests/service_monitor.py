"""What tells the Prometheus operator to scrape the exporter."""

from __future__ import annotations

from typing import Any

from exporter.manifests.clients import basic_auth, tls_config
from exporter.manifests.installation import Installation
from exporter.manifests.naming import JOB, PORT_NAME, SELECTOR, metadata
from exporter.manifests.service import service_host


def service_monitor(installation: Installation) -> dict[str, Any]:
    """Every replica is scraped, also one that is not ready: the rules count what several say once."""
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "ServiceMonitor",
        "metadata": metadata(installation, component="monitoring"),
        "spec": {
            "selector": {"matchLabels": SELECTOR},
            "namespaceSelector": {"matchNames": [installation.namespace]},
            "endpoints": [
                {
                    "port": PORT_NAME,
                    "path": "/metrics",
                    **_way_in(installation),
                    # Two minutes at most: the rules look back at everything for at least twice that.
                    "interval": "30s",
                    "scrapeTimeout": "10s",
                    # The rules select the job by this name. The operator would name it after the Service, which whoever
                    # installs this may call otherwise.
                    "relabelings": [{"action": "replace", "targetLabel": "job", "replacement": JOB}],
                }
            ],
        },
    }


def _way_in(installation: Installation) -> dict[str, Any]:
    """Pods are asked by their addresses, which no certificate is for: it is looked at as the Service's."""
    tls = {"scheme": "https", "tlsConfig": {**tls_config(installation), "serverName": service_host(installation)}}
    return {
        **(tls if installation.web.tls else {}),
        **({"basicAuth": basic_auth()} if installation.web.users else {}),
    }
