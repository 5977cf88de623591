"""How the exporter runs in a cluster: as little as it needs, where the image and ``init`` put things."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.cli import main
from exporter.manifests.claim import claim
from exporter.manifests.deployment import USER, deployment
from exporter.manifests.installation import Installation
from exporter.manifests.naming import NAME, WEBHOOK_KEY
from exporter.manifests.places import CONFIG_FILE, DATA, SECRETS
from exporter.manifests.sizes import SIZES, size_of
from tests.manifests.installations import ALL, IMAGE, LARGE, SMALL, one
from tests.stack.dockerfile import values


def pod(installation: Installation) -> dict[str, Any]:
    spec: dict[str, Any] = one(installation, "Deployment")["spec"]["template"]["spec"]
    return spec


def container(installation: Installation) -> dict[str, Any]:
    (found,) = pod(installation)["containers"]
    return dict(found)


@pytest.mark.parametrize("store", ALL)
def test_it_meets_the_strictest_pod_security_standard(store: str) -> None:
    """Every field that *restricted* asks for, and a root filesystem that nobody can write to."""
    security, own = pod(ALL[store])["securityContext"], container(ALL[store])["securityContext"]
    assert security["runAsNonRoot"] is True
    assert security["runAsUser"] != 0
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert own == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    kinds = {kind for volume in pod(ALL[store])["volumes"] for kind in volume if kind != "name"}
    assert kinds <= {"configMap", "secret", "projected", "emptyDir", "persistentVolumeClaim"}
    assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & set(pod(ALL[store]))


@pytest.mark.parametrize("store", ALL)
def test_it_has_no_access_to_the_cluster(store: str) -> None:
    """No token of Kubernetes, no variables about its Services."""
    assert pod(ALL[store])["automountServiceAccountToken"] is False
    assert pod(ALL[store])["enableServiceLinks"] is False


def test_the_user_is_that_of_the_image() -> None:
    """Also as the group of the volumes, which must be able to read and write them."""
    security = pod(SMALL)["securityContext"]
    assert values("USER") == [f"{USER}:{USER}"]
    assert {security[key] for key in ("runAsUser", "runAsGroup", "fsGroup")} == {USER}


def test_it_is_started_as_the_image_starts_it() -> None:
    """The same command and places; logs for a cluster's collectors."""
    command = re.findall(r'"(.*?)"', values("CMD")[-1])
    assert container(SMALL)["args"] == [*command, "--log.format=json"]
    assert f"--config.file={CONFIG_FILE}" in command
    assert values("VOLUME") == [DATA]
    assert container(SMALL)["image"] == IMAGE
    assert container(SMALL)["ports"] == [{"name": "http", "containerPort": int(values("EXPOSE")[0]), "protocol": "TCP"}]


def test_the_configuration_of_init_finds_its_secrets(tmp_path: Path) -> None:
    """They lie where it looks for them: beside it. The webhook's key is the one Alertmanager is given."""
    file = tmp_path / "exporter.yml"
    told = ["--salesforce-url=https://acme.my.salesforce.com", "--client-id=KEY", "--integration-user=a@acme.example"]
    assert main(["init", f"--output={file}", *told]) == 0
    named = set(re.findall(r"_file: (\S+)", file.read_text("utf-8")))
    folder = Path(CONFIG_FILE).parent
    assert {str((folder / name).parent) for name in named if not name.startswith("/")} >= {SECRETS}
    written = yaml.safe_load(file.read_text("utf-8"))
    assert str(folder / written["remediation"]["webhook_token_file"]) == f"{SECRETS}/{WEBHOOK_KEY}"


@pytest.mark.parametrize("store", ALL)
def test_every_mount_has_its_volume(store: str) -> None:
    """And none is left over; all but the store and /tmp are read-only."""
    mounts = {mount["name"]: mount for mount in container(ALL[store])["volumeMounts"]}
    assert set(mounts) == {volume["name"] for volume in pod(ALL[store])["volumes"]}
    writable = {name for name, mount in mounts.items() if not mount.get("readOnly")}
    assert writable == ({"tmp", "data"} if store == "sqlite" else {"tmp"})


def test_the_configuration_is_one_file_so_that_secrets_can_lie_beside_it() -> None:
    """Neither mount hides the other."""
    mounts = {mount["name"]: mount for mount in container(SMALL)["volumeMounts"]}
    assert mounts["config"]["subPath"] == "exporter.yml"
    assert (mounts["config"]["mountPath"], mounts["secrets"]["mountPath"]) == (CONFIG_FILE, SECRETS)
    assert "subPath" not in mounts["secrets"]  # a rotated secret arrives


def test_secrets_are_for_the_user_alone() -> None:
    """Readable by its group, by nobody else, writable by nobody."""
    (secrets,) = (volume["secret"] for volume in pod(SMALL)["volumes"] if "secret" in volume)
    assert secrets == {"secretName": NAME, "defaultMode": 0o440}


def test_probes_ask_the_two_paths() -> None:
    """A store that is slow to migrate is no reason to start it anew; one that is not ready gets no webhook."""
    probes = {name: probe for name, probe in container(SMALL).items() if name.endswith("Probe")}
    assert {name: probe["httpGet"] for name, probe in probes.items()} == {
        "startupProbe": {"path": "/-/healthy", "port": "http"},
        "livenessProbe": {"path": "/-/healthy", "port": "http"},
        "readinessProbe": {"path": "/-/ready", "port": "http"},
    }
    assert probes["startupProbe"]["periodSeconds"] * probes["startupProbe"]["failureThreshold"] >= 300


def test_two_processes_never_have_one_sqlite() -> None:
    """The old pod is gone before the new one starts, and there is one volume."""
    spec = one(SMALL, "Deployment")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    (claimed,) = (volume for volume in pod(SMALL)["volumes"] if "persistentVolumeClaim" in volume)
    assert claimed["persistentVolumeClaim"] == {"claimName": one(SMALL, "PersistentVolumeClaim")["metadata"]["name"]}


def test_replicas_are_rolled_one_by_one_and_kept_apart() -> None:
    """PostgreSQL keeps all they know: no volume; a drained node takes one of them at most."""
    spec = one(LARGE, "Deployment")["spec"]
    assert spec["replicas"] == 3
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    budget = one(LARGE, "PodDisruptionBudget")["spec"]
    assert budget["maxUnavailable"] == 1
    (spread,) = pod(LARGE)["topologySpreadConstraints"]
    assert spread["labelSelector"] == budget["selector"] == spec["selector"]


@pytest.mark.parametrize("store", ALL)
def test_what_selects_the_pods_finds_them_and_never_changes(store: str) -> None:
    """No version is in a selector: a Deployment's cannot be changed."""
    labels = one(ALL[store], "Deployment")["spec"]["template"]["metadata"]["labels"]
    selectors = [
        one(ALL[store], "Deployment")["spec"]["selector"]["matchLabels"],
        one(ALL[store], "Service")["spec"]["selector"],
        one(ALL[store], "NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
    ]
    for selector in selectors:
        assert selector == selectors[0]
        assert selector.items() <= labels.items()
        assert "app.kubernetes.io/version" not in selector


@pytest.mark.parametrize(("integrations", "size"), [(1, 0), (10, 0), (11, 1), (500, 2), (1000, 3)])
def test_the_size_is_the_smallest_that_is_large_enough(integrations: int, size: int) -> None:
    """Of the one table; it has no limit on CPU."""
    asked = replace(SMALL, integrations=integrations)
    row = SIZES[size]
    assert size_of(integrations) == row
    (made,) = deployment(asked)["spec"]["template"]["spec"]["containers"]
    assert made["resources"] == {
        "requests": {"cpu": row.cpu, "memory": row.memory},
        "limits": {"memory": row.memory_limit},
    }
    assert claim(asked)["spec"]["resources"]["requests"]["storage"] == row.disk


def test_beyond_what_was_measured_there_is_no_size() -> None:
    """Rather than a guess."""
    with pytest.raises(ValueError, match="1001 integrations are more than one exporter was measured with"):
        size_of(1001)
