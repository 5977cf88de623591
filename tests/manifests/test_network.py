"""Who finds, scrapes and tells the exporter, and whom it can reach."""

from __future__ import annotations

from typing import Any

from tests.manifests.installations import LARGE, SMALL, one
from tests.shipped import rules


def policy(installation: Any) -> dict[str, Any]:
    spec: dict[str, Any] = one(installation, "NetworkPolicy")["spec"]
    return spec


def namespaces(installation: Any) -> list[str]:
    """From which it may be reached."""
    (rule,) = policy(installation)["ingress"]
    return [peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] for peer in rule["from"]]


def reachable(installation: Any) -> set[tuple[str, int]]:
    """Protocols and ports it may reach."""
    return {(port["protocol"], port["port"]) for rule in policy(installation)["egress"] for port in rule["ports"]}


def test_only_named_namespaces_reach_it_and_only_its_port() -> None:
    """Its own, and those that were named."""
    assert namespaces(SMALL) == ["monitoring"]
    assert namespaces(LARGE) == ["crm", "monitoring"]
    (rule,) = policy(LARGE)["ingress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": "http"}]


def test_it_reaches_names_https_and_mail() -> None:
    """And PostgreSQL where that is the store, and ports that were named; nothing else."""
    usual = {("UDP", 53), ("TCP", 53), ("TCP", 443), ("TCP", 993)}
    assert reachable(SMALL) == usual
    assert reachable(LARGE) == usual | {("TCP", 5432), ("TCP", 3128)}
    assert policy(SMALL)["policyTypes"] == ["Ingress", "Egress"]


def test_the_service_leads_to_the_pods() -> None:
    """By the name of their port."""
    (port,) = one(SMALL, "Service")["spec"]["ports"]
    (own,) = one(SMALL, "Deployment")["spec"]["template"]["spec"]["containers"][0]["ports"]
    assert (port["port"], port["targetPort"]) == (own["containerPort"], own["name"])


def test_the_monitor_finds_the_service() -> None:
    """By labels that it has, in its namespace, at a port of it."""
    service, monitor = one(LARGE, "Service"), one(LARGE, "ServiceMonitor")["spec"]
    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["namespaceSelector"]["matchNames"] == [service["metadata"]["namespace"]]
    (endpoint,) = monitor["endpoints"]
    assert endpoint["port"] == service["spec"]["ports"][0]["name"]


def test_the_job_is_called_as_the_rules_select_it() -> None:
    """Whatever the Service is called."""
    (endpoint,) = one(SMALL, "ServiceMonitor")["spec"]["endpoints"]
    (relabeling,) = endpoint["relabelings"]
    assert relabeling["targetLabel"] == "job"
    selected = [rule["expr"] for rule in rules() if "job=" in rule["expr"]]
    assert selected
    assert all(f'job="{relabeling["replacement"]}"' in expression for expression in selected)


def test_labels_for_selectors_are_on_every_object_but_the_pods() -> None:
    """What the operator selects by is no business of a Deployment's selector."""
    for kind in ("ServiceMonitor", "PrometheusRule", "AlertmanagerConfig", "Deployment"):
        assert one(LARGE, kind)["metadata"]["labels"]["release"] == "stack"
        assert "release" not in one(SMALL, kind)["metadata"]["labels"]
    assert "release" not in one(LARGE, "Deployment")["spec"]["template"]["metadata"]["labels"]
