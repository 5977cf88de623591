"""The dashboards as Grafana's sidecar finds them: ConfigMaps by their label, one each."""

from __future__ import annotations

from typing import Any

from exporter.bundled.dashboard_files import FOLDER, dashboard_texts
from exporter.manifests.installation import Installation
from exporter.manifests.naming import metadata


def dashboards(installation: Installation) -> list[dict[str, Any]]:
    return [_dashboard(installation, name, text) for name, text in dashboard_texts().items()]


def _dashboard(installation: Installation, name: str, text: str) -> dict[str, Any]:
    # The sidecar puts the files of all ConfigMaps into one folder: a name that others may have would be lost.
    file = f"hubspot-salesforce-{name}.json"
    about = metadata(installation, f"hubspot-salesforce-dashboard-{name}", component="monitoring")
    about["labels"] = {**about["labels"], "grafana_dashboard": "1"}
    about["annotations"] = {"grafana_folder": FOLDER}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": about, "data": {file: text}}
