"""How many replicas a drained node may take away at a time."""

from __future__ import annotations

from typing import Any

from exporter.manifests.installation import Installation
from exporter.manifests.naming import SELECTOR, metadata


def disruption_budget(installation: Installation) -> dict[str, Any]:
    """One. With a single replica there is none: it would only keep nodes from being drained."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata(installation),
        # A pod that is not ready, as one that cannot reach its store, must not keep a node from being drained.
        "spec": {
            "maxUnavailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": SELECTOR},
        },
    }
