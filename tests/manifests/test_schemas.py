"""Every object is one that its cluster takes: Kubernetes' by its own schemas, the operator's by its documentation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from kubernetes_validate.utils import all_versions, major_minor  # type: ignore[import-untyped]

from tests.manifests.installations import ALL, SMALL, one, printed

HERE = Path(__file__).parent
SCHEMAS = {
    "ServiceMonitor": HERE / "service_monitor.schema.json",
    "AlertmanagerConfig": HERE / "alertmanager_config.schema.json",
    "PrometheusRule": HERE.parent / "bundled" / "prometheus_rule.schema.json",
}
LAST_THREE = sorted({major_minor(version) for version in all_versions()}, key=lambda v: int(v.partition(".")[2]))[-3:]


def problem(manifest: dict[str, Any]) -> str | None:
    """Why an object of the operator does not fit."""
    schema = json.loads(SCHEMAS[manifest["kind"]].read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    worst = best_match(Draft202012Validator(schema).iter_errors(manifest))
    return None if worst is None else f"{worst.json_path}: {worst.message}"


@pytest.mark.parametrize("version", LAST_THREE)
@pytest.mark.parametrize("store", ALL)
def test_kubernetes_takes_its_objects(store: str, version: str) -> None:
    """In each of the last three versions, unknown fields refused."""
    ours = [manifest for manifest in printed(ALL[store]) if manifest["kind"] not in SCHEMAS]
    assert len(ours) >= 8
    for manifest in ours:
        assert kubernetes_validate.validate(manifest, version, strict=True) == version


@pytest.mark.parametrize("store", ALL)
def test_the_operator_takes_its_objects(store: str) -> None:
    """Names, types and patterns of every field fit the resource definitions; nothing else is there."""
    ours = {manifest["kind"]: manifest for manifest in printed(ALL[store]) if manifest["kind"] in SCHEMAS}
    assert {kind: problem(manifest) for kind, manifest in ours.items()} == dict.fromkeys(SCHEMAS)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("Deployment", {"replicaCount": 1}),
        ("Deployment", {"replicas": "1"}),
        ("NetworkPolicy", {"policyTypes": "Egress"}),
        ("PersistentVolumeClaim", {"accessMode": "ReadWriteOnce"}),
    ],
)
def test_kubernetes_refuses_what_it_would_not_take(kind: str, change: dict[str, Any]) -> None:
    """So that passing means something."""
    manifest = one(SMALL, kind)
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**manifest, "spec": {**manifest["spec"], **change}}, LAST_THREE[-1], strict=True)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("ServiceMonitor", {"endpoints": [{"port": 9951}]}),
        ("ServiceMonitor", {"endpoints": [{"relabelConfigs": []}]}),
        ("ServiceMonitor", {"endpoints": [{"interval": "30 s"}]}),
        ("ServiceMonitor", {"endpoints": [{"tlsConfig": {"ca": {"name": "a", "key": "ca.crt"}}}]}),
        ("ServiceMonitor", {"endpoints": [{"basicAuth": {"username": "prometheus"}}]}),
        ("AlertmanagerConfig", {"route": {"group_by": ["..."]}}),
        ("AlertmanagerConfig", {"route": {"matchers": ['remediation="resync"']}}),
        ("AlertmanagerConfig", {"route": {"groupWait": ""}}),
        ("AlertmanagerConfig", {"receivers": [{"name": "a", "webhookConfigs": [{"maxAlerts": -1}]}]}),
    ],
)
def test_the_schemas_refuse_what_the_operator_would_not_take(kind: str, change: dict[str, Any]) -> None:
    """So that fitting means something."""
    manifest = one(SMALL, kind)
    assert problem({**manifest, "spec": {**manifest["spec"], **change}}) is not None
