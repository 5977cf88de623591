"""The dashboards as ConfigMaps."""

from __future__ import annotations

import json
from typing import Any

from exporter.bundled.dashboard_files import dashboard_texts
from tests.manifests.installations import SMALL, printed

OBJECT_BYTES = 1_048_576
"""What a ConfigMap may hold."""
APPLY_BYTES = 262_144
"""What all annotations of an object may hold: ``kubectl apply`` without ``--server-side`` keeps all of it in one."""


def config_maps() -> list[dict[str, Any]]:
    return [manifest for manifest in printed(SMALL) if manifest["kind"] == "ConfigMap"]


def test_each_dashboard_is_there_as_it_ships() -> None:
    """Text for text."""
    found = {
        name.removeprefix("hubspot-salesforce-").removesuffix(".json"): text
        for manifest in config_maps()
        for name, text in manifest["data"].items()
    }
    assert found == dashboard_texts()


def test_the_sidecar_finds_them() -> None:
    """By its usual label; no file of one ConfigMap lands on that of another, ours or others'."""
    assert {manifest["metadata"]["labels"]["grafana_dashboard"] for manifest in config_maps()} == {"1"}
    files = [name for manifest in config_maps() for name in manifest["data"]]
    assert len(set(files)) == len(files)
    assert all(name.startswith("hubspot-salesforce-") for name in files)


def test_each_is_small_enough_for_the_cluster() -> None:
    """Also for kubectl's own annotation."""
    for manifest in config_maps():
        size = len(json.dumps(manifest).encode())
        assert size < OBJECT_BYTES
        assert size < APPLY_BYTES
