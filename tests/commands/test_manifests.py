"""``manifests``: one stream, or a file each; only what can be piped or kept in git."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter import __version__
from exporter.cli import main
from exporter.manifests.parts import PARTS
from tests.commands.secured import Secured

Say = pytest.CaptureFixture[str]


def documents(text: str) -> list[dict[str, Any]]:
    return list(yaml.load_all(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def output(capsys: Say, *arguments: str) -> str:
    """What is printed when all is well."""
    assert main(["manifests", *arguments]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    return said.out


@pytest.fixture(scope="module")
def kinds() -> list[str]:
    """In the order in which they are printed."""
    return [
        *("PersistentVolumeClaim", "Deployment", "Service", "NetworkPolicy", "ServiceMonitor", "PrometheusRule"),
        *("AlertmanagerConfig", *["ConfigMap"] * 4),
    ]


def test_a_stream_of_all_objects_is_printed(capsys: Say, kinds: list[str]) -> None:
    """The same every time; it says where it came from."""
    text = output(capsys)
    assert text.startswith(f"# Printed by hubspot-salesforce-exporter {__version__}")
    assert [manifest["kind"] for manifest in documents(text)] == kinds
    assert {manifest["metadata"]["namespace"] for manifest in documents(text)} == {"monitoring"}
    assert output(capsys) == text


def test_flags_are_what_the_objects_say(capsys: Say) -> None:
    """Namespace, image, label; with PostgreSQL two replicas unless told otherwise."""
    arguments = ["--namespace=crm", "--image=r.example:5000/exporter:1@sha256:" + "0" * 64, "--label=release=a"]
    found = {m["kind"]: m for m in documents(output(capsys, *arguments, "--store=postgresql", "--only=exporter"))}
    assert set(found) == {"Deployment", "PodDisruptionBudget", "Service"}
    assert {manifest["metadata"]["namespace"] for manifest in found.values()} == {"crm"}
    assert {manifest["metadata"]["labels"]["release"] for manifest in found.values()} == {"a"}
    spec = found["Deployment"]["spec"]
    assert spec["replicas"] == 2
    assert spec["template"]["spec"]["containers"][0]["image"] == arguments[1].partition("=")[2]


def test_one_replica_has_no_disruption_budget(capsys: Say) -> None:
    """It would only keep nodes from being drained."""
    text = output(capsys, "--store=postgresql", "--replicas=1", "--only=exporter")
    assert [manifest["kind"] for manifest in documents(text)] == ["Deployment", "Service"]


@pytest.mark.parametrize("part", PARTS)
def test_parts_can_be_had_alone(part: str, capsys: Say, kinds: list[str]) -> None:
    """Each has something."""
    found = [manifest["kind"] for manifest in documents(output(capsys, f"--only={part}"))]
    assert found
    assert set(found) < set(kinds)


def test_several_parts_come_in_the_usual_order(capsys: Say) -> None:
    """Whatever the order they are named in."""
    text = output(capsys, "--only=dashboards,rules")
    assert [manifest["kind"] for manifest in documents(text)] == ["PrometheusRule", *["ConfigMap"] * 4]


def test_files_are_written_for_kustomize(tmp_path: Path, capsys: Say) -> None:
    """The same objects, and the list of them that kustomize reads; which files it says."""
    stream = output(capsys)
    said = output(capsys, f"--output-dir={tmp_path / 'base'}")
    assert sorted(said.split()) == sorted(str(file) for file in (tmp_path / "base").iterdir())
    kustomization = yaml.safe_load((tmp_path / "base" / "kustomization.yaml").read_text("utf-8"))
    written = [(tmp_path / "base" / name).read_text("utf-8") for name in kustomization.pop("resources")]
    assert [document for text in written for document in documents(text)] == documents(stream)
    assert kustomization == {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
    assert len(written) == len(list((tmp_path / "base").iterdir())) - 1


def test_the_probes_that_are_printed_find_a_secured_exporter(capsys: Say, secured: Secured) -> None:
    """As the kubelet starts them, with what the Secrets hold; the web configuration alone decides that it does."""
    (found,) = (
        document
        for document in documents(output(capsys, f"--web.config.file={secured.web_config}", "--only=exporter"))
        if document["kind"] == "Deployment"
    )
    (container,) = found["spec"]["template"]["spec"]["containers"]
    folder = "/etc/hubspot-salesforce-exporter"
    places = {
        f"{folder}/web/web.yml": str(secured.web_config),
        f"{folder}/user/username": str(secured.folder / "username"),
        f"{folder}/user/password": str(secured.folder / "password"),
        f"{folder}/client/tls.crt": str(secured.folder / "client.pem"),
        f"{folder}/client/tls.key": str(secured.folder / "client.pem"),
        ":9951": f":{secured.url.rpartition(':')[2]}",
    }
    for name in ("startupProbe", "livenessProbe", "readinessProbe"):
        program, *words = container[name]["exec"]["command"]
        for there, here in places.items():
            words = [word.replace(there, here) for word in words]
        assert program == "hubspot-salesforce-exporter"
        assert folder not in " ".join(words)
        wait_for(partial(main, words))


def wait_for(probe: Callable[[], int]) -> None:
    """It is ready once its integration was tried."""
    deadline = time.monotonic() + 30
    while probe() != 0:
        assert time.monotonic() < deadline


def test_a_web_configuration_without_its_files_is_enough(capsys: Say, tmp_path: Path) -> None:
    """They are made in the cluster. What its format does not have is told as check-config tells it."""
    file = tmp_path / "web.yml"
    file.write_text("tls_server_config: {cert_file: tls.crt, key_file: tls.key}")
    (monitor,) = documents(output(capsys, f"--web.config.file={file}", "--only=service-monitor"))
    assert monitor["spec"]["endpoints"][0]["scheme"] == "https"
    for content, reason in (("tls: {}", "tls"), ("a: [", "not YAML"), (None, "cannot read it")):
        file.unlink() if content is None else file.write_text(content)
        assert main(["manifests", f"--web.config.file={file}"]) == 1
        said = capsys.readouterr()
        assert said.out == ""
        assert reason in said.err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--namespace=Monitoring"], "'Monitoring' is no name of a Kubernetes namespace"),
        (["--replicas=2"], "argument --replicas: several replicas need --store=postgresql"),
        (["--replicas=0"], "'0' is no number from 1 to 9999"),
        (["--integrations=1001"], "share them out among several exporters"),
        (["--image=a b"], "'a b' is no name of an image"),
        (["--label=release"], "'release' is no label NAME=VALUE of Kubernetes"),
        (["--allow-from=a/b"], "'a/b' is no name of a Kubernetes namespace"),
        (["--egress-port=65536"], "'65536' is no port"),
        (["--only=rules,helm"], "there is no part 'helm'; there are: exporter, network-policy"),
        (["--store=mysql"], "invalid choice: 'mysql'"),
    ],
)
def test_wrong_usage_is_explained(arguments: list[str], complaint: str, capsys: Say) -> None:
    """Before anything is printed, with 2."""
    with pytest.raises(SystemExit) as end:
        main(["manifests", *arguments])
    said = capsys.readouterr()
    assert (end.value.code, said.out) == (2, "")
    assert complaint in said.err
