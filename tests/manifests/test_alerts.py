"""Rules and the route to the webhook, as Prometheus and Alertmanager get them from the operator."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.bundled.rule_files import rules_directory, rules_text
from exporter.manifests.naming import NAME, WEBHOOK_KEY
from tests.manifests.installations import LARGE, SMALL, one

SECONDS = 60.0


def rules_of(groups: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [rule for group in groups for rule in group["rules"]]


def test_the_rules_are_those_that_ship_but_for_their_namespace() -> None:
    """Which every alert has, as an AlertmanagerConfig sees only alerts of its own, and no recorded series has."""
    shipped = yaml.load(rules_text(), yaml.BaseLoader)["groups"]  # noqa: S506 (makes nothing but texts)
    made = rules_of(one(SMALL, "PrometheusRule")["spec"]["groups"])
    assert len(made) == len(rules_of(shipped))
    for rule, original in zip(made, rules_of(shipped), strict=True):
        labels = {"labels": {**original["labels"], "namespace": "monitoring"}} if "alert" in original else {}
        assert rule == {**original, **labels}


def test_the_links_are_the_readers_own() -> None:
    """As with the command ``rules``."""
    alerts = [rule for rule in rules_of(one(LARGE, "PrometheusRule")["spec"]["groups"]) if "alert" in rule]
    links = {rule["annotations"]["runbook_url"] for rule in alerts}
    assert all(link.startswith("https://wiki.example/runbooks/") for link in links)


@pytest.mark.binaries
def test_prometheus_loads_the_rules(tmp_path: Path) -> None:
    """As the operator hands them on."""
    spec = one(SMALL, "PrometheusRule")["spec"]
    (tmp_path / "spec.yml").write_text(yaml.safe_dump(spec), encoding="utf-8")
    checked = subprocess.run(
        ["promtool", "check", "rules", tmp_path / "spec.yml"],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
    assert f"SUCCESS: {len(rules_of(spec['groups']))} rules found" in checked.stdout


def webhook() -> dict[str, Any]:
    (receiver,) = one(LARGE, "AlertmanagerConfig")["spec"]["receivers"]
    (found,) = receiver["webhookConfigs"]
    return dict(found)


def test_the_webhook_is_the_services_and_its_token_the_secrets() -> None:
    """Nothing is cut off, ends are told, and a redirect takes no token anywhere."""
    service = one(LARGE, "Service")
    port = service["spec"]["ports"][0]["port"]
    host = f"{service['metadata']['name']}.{service['metadata']['namespace']}.svc"
    assert webhook() == {
        "url": f"http://{host}:{port}/alertmanager/webhook",
        "sendResolved": True,
        "maxAlerts": 0,
        "httpConfig": {
            "authorization": {"type": "Bearer", "credentials": {"name": NAME, "key": WEBHOOK_KEY}},
            "followRedirects": False,
        },
    }


def test_route_and_inhibition_are_those_of_the_shipped_alertmanager() -> None:
    """In the operator's spelling; its comments say why they are so."""
    shipped = yaml.safe_load((rules_directory() / "alertmanager.yml").read_text("utf-8"))
    made = one(SMALL, "AlertmanagerConfig")["spec"]
    assert generated(made, None)["inhibit_rules"] == shipped["inhibit_rules"]
    route, _people = generated(made, None)["route"]["routes"]
    assert route in shipped["route"]["routes"]


@pytest.mark.binaries
@pytest.mark.parametrize("namespace", [None, "monitoring"])
def test_alertmanager_takes_what_the_operator_makes_of_it(tmp_path: Path, namespace: str | None) -> None:
    """With its matcher on the namespace, which is the default, and without; a resync goes to the webhook and on."""
    file = tmp_path / "alertmanager.yml"
    file.write_text(yaml.safe_dump(generated(one(SMALL, "AlertmanagerConfig")["spec"], namespace)), encoding="utf-8")
    rules = rules_of(one(SMALL, "PrometheusRule")["spec"]["groups"])
    alert = next(rule for rule in rules if rule.get("labels", {}).get("remediation") == "resync")
    labels = [f"{name}={value}" for name, value in alert["labels"].items()]

    def amtool(*arguments: str) -> str:
        said = subprocess.run(["amtool", *arguments], capture_output=True, text=True, timeout=SECONDS, check=False)
        assert said.returncode == 0, said.stderr
        return said.stdout

    assert "SUCCESS" in amtool("check-config", str(file))
    routed = ("config", "routes", "test", f"--config.file={file}")
    assert amtool(*routed, *labels).strip() == "hubspot-salesforce-resync,people"
    assert amtool(*routed, "severity=critical", "namespace=monitoring").strip() == "people"
    other = amtool(*routed, "remediation=resync", "namespace=other").strip()
    assert other == ("people" if namespace else "hubspot-salesforce-resync,people")


def generated(spec: Mapping[str, Any], namespace: str | None) -> dict[str, Any]:
    """Alertmanager's configuration with a route of the platform's own, as the operator makes it of such an object:
    with ``namespace`` a matcher for it everywhere (``OnNamespace``), without one as it stands (``None``)."""
    only = [] if namespace is None else [f'namespace="{namespace}"']

    def matchers(parts: Iterable[Mapping[str, str]]) -> list[str]:
        return [f'{part["name"]}{part["matchType"]}"{part["value"]}"' for part in parts] + only

    route = spec["route"]
    (receiver,) = spec["receivers"]
    (hook,) = receiver["webhookConfigs"]
    return {
        "route": {
            "receiver": "people",
            "routes": [
                {
                    "receiver": route["receiver"],
                    "matchers": matchers(route["matchers"]),
                    "group_by": route["groupBy"],
                    "group_wait": route["groupWait"],
                    "group_interval": route["groupInterval"],
                    "repeat_interval": route["repeatInterval"],
                    "continue": True,
                },
                {"receiver": "people"},
            ],
        },
        "inhibit_rules": [
            {
                "source_matchers": matchers(rule["sourceMatch"]),
                "target_matchers": matchers(rule["targetMatch"]),
                "equal": rule["equal"],
            }
            for rule in spec["inhibitRules"]
        ],
        "receivers": [
            {"name": "people"},
            {
                "name": receiver["name"],
                "webhook_configs": [
                    {
                        "url": hook["url"],
                        "send_resolved": hook["sendResolved"],
                        "max_alerts": hook["maxAlerts"],
                        "http_config": {
                            "authorization": {"type": "Bearer", "credentials": "a-token"},
                            "follow_redirects": hook["httpConfig"]["followRedirects"],
                        },
                    }
                ],
            },
        ],
    }
