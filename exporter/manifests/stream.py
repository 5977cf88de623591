"""Objects as YAML: one stream of documents, or a file each with a ``kustomization.yaml``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from exporter import __version__
from exporter.bundled.manifest_yaml import manifest_yaml

_HEADER = (
    f"# Printed by hubspot-salesforce-exporter {__version__}: change what it is told, or patch it, not this file.\n"
)


def stream(manifests: Sequence[Mapping[str, Any]]) -> str:
    """What ``kubectl apply --server-side -f -`` takes."""
    return _HEADER + "".join(f"---\n{manifest_yaml(manifest)}" for manifest in manifests)


def files(manifests: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Content by name; the names of two objects differ, as they do in the cluster."""
    named = {_file(manifest): _HEADER + manifest_yaml(manifest) for manifest in manifests}
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": list(named),
    }
    return {**named, "kustomization.yaml": _HEADER + manifest_yaml(kustomization)}


def _file(manifest: Mapping[str, Any]) -> str:
    return f"{manifest['kind'].lower()}-{manifest['metadata']['name']}.yaml"
