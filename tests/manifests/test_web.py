"""An exporter with a web configuration, in a cluster: who asks it how, with what from which Secret."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exporter.manifests.installation import Installation, Web
from tests.manifests.installations import SECURED, SMALL, one

TLS = replace(SMALL, web=Web(configured=True, tls=True))
USERS = replace(SMALL, web=Web(configured=True, users=True))
HOST = "hubspot-salesforce-exporter.monitoring.svc"
CLIENT, USER = "hubspot-salesforce-exporter-client", "hubspot-salesforce-exporter-user"
CA = {"ca": {"secret": {"name": CLIENT, "key": "ca.crt"}}}
PAIR = {"cert": {"secret": {"name": CLIENT, "key": "tls.crt"}}, "keySecret": {"name": CLIENT, "key": "tls.key"}}


def container(installation: Installation) -> dict[str, Any]:
    (found,) = one(installation, "Deployment")["spec"]["template"]["spec"]["containers"]
    return dict(found)


def endpoint(installation: Installation) -> dict[str, Any]:
    (found,) = one(installation, "ServiceMonitor")["spec"]["endpoints"]
    return dict(found)


def webhook(installation: Installation) -> dict[str, Any]:
    (receiver,) = one(installation, "AlertmanagerConfig")["spec"]["receivers"]
    (found,) = receiver["webhookConfigs"]
    return dict(found)


def mounted(installation: Installation) -> dict[str, Any]:
    """The Secrets by where they are mounted."""
    spec = one(installation, "Deployment")["spec"]["template"]["spec"]
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    return {mount["mountPath"]: volumes[mount["name"]] for mount in container(installation)["volumeMounts"]}


def test_with_tls_all_ask_over_it() -> None:
    """The kubelet looks at no certificate; Prometheus looks at it as the Service's, whose pods it asks."""
    probes = [container(TLS)[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")]
    assert [probe["scheme"] for probe in probes] == ["HTTPS"] * 3
    assert endpoint(TLS)["scheme"] == "https"
    assert endpoint(TLS)["tlsConfig"] == {**CA, "serverName": HOST}
    assert "basicAuth" not in endpoint(TLS)
    assert webhook(TLS)["url"] == f"https://{HOST}:9951/alertmanager/webhook"
    assert webhook(TLS)["httpConfig"]["tlsConfig"] == CA
    folder = "/etc/hubspot-salesforce-exporter"
    assert set(mounted(TLS)) - set(mounted(SMALL)) == {f"{folder}/web"}
    assert f"--web.config.file={folder}/web/web.yml" in container(TLS)["args"]


def test_a_certificate_may_be_of_a_secret_of_its_own() -> None:
    """As cert-manager makes one: both lie in one folder, and the second need not be there."""
    (first, second) = mounted(TLS)["/etc/hubspot-salesforce-exporter/web"]["projected"]["sources"]
    assert first == {"secret": {"name": "hubspot-salesforce-exporter-web"}}
    assert second == {"secret": {"name": "hubspot-salesforce-exporter-tls", "optional": True}}


def test_with_users_prometheus_has_one_and_alertmanager_the_token() -> None:
    """A command in the container asks for the kubelet, with the same user."""
    assert endpoint(USERS)["basicAuth"] == {
        "username": {"name": USER, "key": "username"},
        "password": {"name": USER, "key": "password"},
    }
    assert "tlsConfig" not in endpoint(USERS)
    assert webhook(USERS)["httpConfig"] == webhook(SMALL)["httpConfig"]
    ready = container(USERS)["readinessProbe"]["exec"]["command"]
    assert mounted(USERS)["/etc/hubspot-salesforce-exporter/user"]["secret"]["secretName"] == USER
    assert [word.partition("=")[0] for word in ready[4:]] == ["--ready", "--username-file", "--password-file"]


def test_where_certificates_are_demanded_all_have_one() -> None:
    """Prometheus, Alertmanager, and the command that says whether it is ready; whether it lives a refusal says."""
    assert endpoint(SECURED)["tlsConfig"].items() >= (CA | PAIR).items()
    assert webhook(SECURED)["httpConfig"]["tlsConfig"] == CA | PAIR
    commands = {name: container(SECURED)[f"{name}Probe"]["exec"]["command"] for name in ("liveness", "readiness")}
    assert commands["readiness"][:4] == commands["liveness"]
    files = dict(word.split("=") for word in commands["readiness"] if "-file=" in word)
    assert {path.rpartition("/")[0] for path in files.values()} <= set(mounted(SECURED))


def test_no_secret_stands_in_a_manifest() -> None:
    """Only the names of Secrets, which are mounted for the exporter's user alone and writable by nobody."""
    for path, volume in mounted(SECURED).items():
        if path.rpartition("/")[2] in ("web", "user", "client"):
            assert (volume.get("secret") or volume["projected"])["defaultMode"] == 0o440
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert "httpGet" not in container(SECURED)[probe]


@pytest.mark.parametrize("installation", [SMALL, TLS, SECURED])
def test_a_store_that_is_slow_to_migrate_has_five_minutes(installation: Installation) -> None:
    """Whoever asks."""
    probe = container(installation)["startupProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] >= 300
