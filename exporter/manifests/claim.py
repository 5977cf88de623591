"""The volume that SQLite lives on."""

from __future__ import annotations

from typing import Any

from exporter.manifests.installation import Installation
from exporter.manifests.naming import metadata
from exporter.manifests.sizes import size_of


def claim(installation: Installation) -> dict[str, Any]:
    """Of the cluster's default storage class: a block device. SQLite on a network share is slow and in danger."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": metadata(installation),
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": size_of(installation.integrations).disk}},
        },
    }
