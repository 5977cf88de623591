"""What tells the Prometheus operator to scrape the exporter."""

from __future__ import annotations

from typing import Any

from exporter.manifests.installation import Installation
from exporter.manifests.naming import JOB, PORT_NAME, SELECTOR, metadata


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
