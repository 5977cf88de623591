"""docker-compose.yml: what Compose will read, and how little each container may do."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from exporter import __version__
from exporter.config.file import load_config
from exporter.demo.simulator.settings import Settings
from tests.stack.compose import FILE, ROOT, Service, read_compose, services

SCHEMA = json.loads((Path(__file__).parent / "compose.schema.json").read_text(encoding="utf-8"))
CONFIG = ROOT / "exporter" / "demo" / "compose"
SERVICES = services()
OWN_IMAGE = f"hubspot-salesforce-exporter:{__version__}"
each_service = pytest.mark.parametrize("service", SERVICES.values(), ids=lambda service: service.name)


def test_it_is_what_the_compose_specification_allows() -> None:
    """By the part of the specification that it uses."""
    Draft202012Validator.check_schema(SCHEMA)
    assert [error.message for error in Draft202012Validator(SCHEMA).iter_errors(read_compose())] == []


@pytest.mark.parametrize(
    "break_it",
    [
        lambda data: data["services"]["grafana"].update(image="grafana"),
        lambda data: data["services"]["grafana"].update(Ports=[]),
        lambda data: data["services"]["grafana"].pop("healthcheck"),
        lambda data: data["services"]["grafana"].update(ports=["3000:3000"]),
        lambda data: data["services"]["exporter"].update(command="serve"),
        lambda data: data["services"]["simulator"].update(network_mode="service exporter"),
        lambda data: data["services"]["simulator"]["depends_on"]["exporter"].pop("condition"),
        lambda data: data["services"]["prometheus"]["healthcheck"].update(interval="10"),
        lambda data: data["services"]["prometheus"]["volumes"].append("rules:/etc:rw"),
        lambda data: data.update(version="3"),
    ],
    ids=["tag", "key", "health", "address", "list", "network", "condition", "duration", "volume", "version"],
)
def test_the_schema_sees_mistakes(break_it: Any) -> None:
    """It is no schema that accepts anything."""
    data = json.loads(json.dumps(read_compose()))
    break_it(data)
    assert list(Draft202012Validator(SCHEMA).iter_errors(data))


@each_service
def test_every_version_is_pinned(service: Service) -> None:
    """To one release: the same today and in a year. Ours is the package's own."""
    if service.name in ("exporter", "simulator"):
        assert service["image"] == OWN_IMAGE
    else:
        assert re.search(r":v?[0-9]+\.[0-9]+\.[0-9]+$", service["image"])


def test_our_image_is_built_once() -> None:
    """From the checkout, with its version as label; nobody looks for it in a registry."""
    build = SERVICES["exporter"]["build"]
    assert (ROOT / build["context"] / build["dockerfile"]).is_file()
    assert build["args"] == {"VERSION": __version__}
    assert SERVICES["simulator"]["pull_policy"] == "never"
    assert [name for name, service in SERVICES.items() if service.get("build")] == ["exporter"]


@each_service
def test_a_container_may_do_little(service: Service) -> None:
    """No root, no capability, no new privilege, nothing written but to its volume and /tmp, logs of a bounded size."""
    uid = int(str(service["user"]).partition(":")[0])
    assert uid > 0
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is True
    assert service["tmpfs"] == ["/tmp"]  # noqa: S108 - a path of the container
    assert service["restart"] == "unless-stopped"
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}
    writable = [mount for mount in service.mounts if not mount.read_only]
    assert all(mount.source is None for mount in writable)
    assert len(writable) == (0 if service.name == "simulator" else 1)


@each_service
def test_what_is_mounted_exists(service: Service) -> None:
    """An engine would make a folder for what does not, and it would belong to root."""
    for mount in service.mounts:
        assert mount.source is None or mount.source.exists(), mount


def test_nothing_listens_beyond_this_machine() -> None:
    """Every published port is one of loopback, and the same outside as inside."""
    published = {name: service.get("ports", []) for name, service in SERVICES.items()}
    assert published == {
        "exporter": ["127.0.0.1:9951:9951"],
        "simulator": [],
        "prometheus": ["127.0.0.1:9090:9090"],
        "alertmanager": ["127.0.0.1:9093:9093"],
        "grafana": ["127.0.0.1:3000:3000"],
    }


@each_service
def test_who_depends_on_another_waits_until_it_is_healthy(service: Service) -> None:
    """Except the simulator, which shares the exporter's network and so must start, and start again, after it."""
    for name, dependency in service.get("depends_on", {}).items():
        assert name in SERVICES
        if service.name == "simulator":
            assert dependency == {"condition": "service_started", "restart": True}
        else:
            assert dependency == {"condition": "service_healthy"}
    if "network_mode" in service.data:
        assert service["network_mode"].removeprefix("service:") in service["depends_on"]


@each_service
def test_a_health_check_needs_no_shell(service: Service) -> None:
    """It calls a program of the image directly, and looks at the container itself."""
    check = service["healthcheck"]["test"]
    assert check[0] == "CMD"
    expected = {
        "exporter": "hubspot-salesforce-exporter",
        "prometheus": "promtool",
        "alertmanager": "amtool",
        "grafana": "wget",
    }
    assert check[1] == expected.get(service.name, "python")
    assert "127.0.0.1" in str(check) or "--of-process=1" in check


def test_no_secret_stands_in_the_file() -> None:
    """Tokens come from files; Grafana has no account, hence no password."""
    text = FILE.read_text(encoding="utf-8")
    assert not re.search(r"(?i)(password|token|secret)[A-Z_]*[\"']?\s*[:=]\s*[\"']?[A-Za-z0-9]{6}", text)
    for service in SERVICES.values():
        for name in service.get("environment", {}):
            assert not name.endswith(("_PASSWORD", "_TOKEN", "_KEY", "_SECRET")), name
    environment = SERVICES["grafana"]["environment"]
    assert environment["GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"] == "true"
    assert environment["GF_AUTH_ANONYMOUS_ORG_ROLE"] == "Viewer"


def test_the_demo_opens_nothing_but_the_simulator() -> None:
    """The tokens in the checkout are the simulator's, which are public, and one whose name says what it is for."""
    simulated = Settings()
    tokens = {file.name: file.read_text().strip() for file in CONFIG.iterdir() if file.suffix != ".yml"}
    assert tokens == {
        "client-secret": simulated.client_secret,
        "hubspot-token": simulated.hubspot_token,
        "bridge-token": simulated.bridge_token,
        "webhook-token": "demo-only-webhook-token",
    }


def test_alertmanager_sends_the_token_the_exporter_demands() -> None:
    """Both read the same file."""
    demanded = CONFIG / yaml.safe_load((CONFIG / "exporter.yml").read_text())["remediation"]["webhook_token_file"]
    (sent,) = [mount.source for mount in SERVICES["alertmanager"].mounts if mount.target.startswith("/run/secrets/")]
    assert sent is not None
    assert demanded.resolve() == sent.resolve()


def test_the_demo_configuration_fits_the_simulator_that_is_started(tmp_path: Path) -> None:
    """It watches each org the simulator has, at the port it listens on, and keeps its store in the volume."""
    (volume,) = [mount.target for mount in SERVICES["exporter"].mounts if mount.source is None]
    folder = shutil.copytree(CONFIG, tmp_path / "config")
    text = (folder / "exporter.yml").read_text()
    assert f"store: sqlite:///{volume}/exporter.db\n" in text
    (folder / "exporter.yml").write_text(text.replace(volume, str(tmp_path)))  # the volume is not here
    config = load_config(folder / "exporter.yml")
    command = SERVICES["simulator"]["command"]
    assert f"--orgs={','.join(entry.name for entry in config.integrations)}" in command
    assert "--life" in command
    for entry in config.integrations:
        assert entry.salesforce is not None
        assert entry.salesforce.status is not None
        assert entry.hubspot is not None
        assert entry.sync_health is not None
        urls = (entry.salesforce.url, entry.salesforce.status.url, entry.hubspot.url, entry.sync_health.url)
        assert all(str(url).startswith("http://127.0.0.1:9952/") for url in urls)
    assert "--port=9952" in command
    assert not config.notes


def test_one_variable_brings_your_own_configuration(tmp_path: Path) -> None:
    """EXPORTER_CONFIG names a folder: the exporter's configuration and Alertmanager's token both come from it."""
    own = services({"EXPORTER_CONFIG": str(tmp_path)})
    mounts = {mount.target: mount for mount in (*own["exporter"].mounts, *own["alertmanager"].mounts)}
    assert mounts["/etc/hubspot-salesforce-exporter"].source == tmp_path
    assert mounts["/run/secrets/webhook-token"].source == tmp_path / "webhook-token"
    changed = [name for name in SERVICES if own[name] != SERVICES[name]]
    assert changed == ["exporter", "alertmanager"]


def test_the_yaml_says_each_thing_once() -> None:
    """A repeated key would silently win over the first."""
    document = yaml.compose(FILE.read_text(encoding="utf-8"))
    assert document is not None
    mappings = list(mapping_nodes(document))
    assert len(mappings) > len(SERVICES)
    for mapping in mappings:
        keys = [key.value for key, _ in mapping.value]
        assert len(keys) == len(set(keys)), keys


def mapping_nodes(node: yaml.Node) -> Iterator[yaml.MappingNode]:
    """Every mapping of a document."""
    if isinstance(node, yaml.MappingNode):
        yield node
        for _, value in node.value:
            yield from mapping_nodes(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from mapping_nodes(value)
