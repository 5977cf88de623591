"""What the README says of Kubernetes is so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from exporter import __version__
from exporter.cli import command_line
from exporter.manifests.naming import (
    AUTHORITY,
    CERTIFICATE,
    CLIENT_SECRET,
    KEY,
    NAME,
    PASSWORD,
    TLS_SECRET,
    USER_SECRET,
    USERNAME,
    WEB_SECRET,
    WEBHOOK_KEY,
)
from exporter.manifests.parts import PARTS
from exporter.manifests.sizes import SIZES
from tests.manifests.installations import SMALL, one

README = (Path(__file__).parents[2] / "exporter" / "README.md").read_text(encoding="utf-8")
SECTION = README.partition("\n## Kubernetes\n")[2].partition("\n## ")[0]


def test_the_parts_are_those_there_are() -> None:
    """In their order."""
    assert re.findall(r"^\| `((?!hubspot-)[a-z-]+)` \|", SECTION, re.MULTILINE) == list(PARTS)


def test_the_sizes_are_those_of_the_table() -> None:
    """Row by row."""
    rows = re.findall(r"^\| ([0-9]+) \| (\w+) \| (\w+) \| (\w+) \| (\w+) \|$", SECTION, re.MULTILINE)
    assert rows == [(str(size.integrations), size.cpu, size.memory, size.memory_limit, size.disk) for size in SIZES]


def test_configuration_and_secrets_are_made_as_the_deployment_looks_for_them() -> None:
    """By name, and the files by their keys."""
    volumes: list[dict[str, Any]] = one(SMALL, "Deployment")["spec"]["template"]["spec"]["volumes"]
    assert {"name": "config", "configMap": {"name": NAME}} in volumes
    assert f"create configmap {NAME} --from-file=exporter.yml" in SECTION
    assert f"create secret generic {NAME} --from-file=secrets/" in SECTION
    assert f"the one called `{WEBHOOK_KEY}`" in SECTION


def test_the_secrets_of_a_web_configuration_are_those_that_are_looked_for() -> None:
    """By name, and each key that a manifest names."""
    rows = dict(re.findall(r"^\| `(hubspot-[a-z-]+)` \| (.*?) \|", SECTION, re.MULTILINE))
    assert set(rows) == {WEB_SECRET, TLS_SECRET, CLIENT_SECRET, USER_SECRET}
    assert all(f"`{key}`" in rows[CLIENT_SECRET] for key in (AUTHORITY, CERTIFICATE, KEY))
    assert all(f"`{key}`" in rows[USER_SECRET] for key in (USERNAME, PASSWORD))
    for name in (WEB_SECRET, CLIENT_SECRET, USER_SECRET):
        assert f"create secret generic {name} --from-file=" in SECTION


def test_the_overlay_names_what_is_there() -> None:
    """A generator of the ConfigMap's name, so that kustomize puts the new name in; a patch of a kind there is."""
    (text,) = re.findall(r"```yaml\n# overlay/kustomization.yaml\n(.*?)```", SECTION, re.DOTALL)
    overlay = yaml.safe_load(text)
    assert overlay["namespace"] == SMALL.namespace
    (generator,) = overlay["configMapGenerator"]
    assert (generator["name"], generator["files"]) == (NAME, ["exporter.yml"])
    (patch,) = overlay["patches"]
    (change,) = yaml.safe_load(patch["patch"])
    assert change["path"].startswith("/spec/")
    assert "spec" in one(SMALL, patch["target"]["kind"])


def test_the_command_it_shows_is_one() -> None:
    """Flag by flag, with the image of this version."""
    command = re.search(r"^hubspot-salesforce-exporter (manifests (?:.*\\\n)*.*?) \|", SECTION, re.MULTILINE)
    assert command is not None
    arguments = command_line().parse_args(command[1].replace("\\\n", " ").split())
    assert (arguments.namespace, arguments.label) == ("monitoring", [("release", "kube-prometheus-stack")])
    assert arguments.image.endswith(f":{__version__}")
