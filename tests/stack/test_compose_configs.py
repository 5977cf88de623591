"""What Prometheus and Alertmanager are configured with in containers: the shipped files, but for the addresses."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.demo.processes import find_binary, free_port
from tests.stack.compose import ROOT, services
from tests.stack.container import HOSTS, Container

ADDRESSES = {"127.0.0.1:9951": "exporter:9951", "127.0.0.1:9093": "alertmanager:9093"}
TOKEN = {"webhook-token": "/run/secrets/webhook-token"}
CHECKS = {"prometheus": ("promtool", "check", "config"), "alertmanager": ("amtool", "check-config")}
SERVICES = services()


def strings(value: Any, path: tuple[str | int, ...] = ()) -> Mapping[tuple[str | int, ...], Any]:
    """Every value that is no mapping and no list, by where it stands."""
    if not isinstance(value, dict | list) or not value:
        return {path: value}
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    return {where: text for key, part in inner for where, text in strings(part, (*path, key)).items()}


def read(file: Path) -> Mapping[tuple[str | int, ...], Any]:
    return strings(yaml.safe_load(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", CHECKS)
def test_only_addresses_differ(name: str) -> None:
    """Value by value: `make compose-config` makes them again when the original has changed."""
    shipped, composed = read(ROOT / "rules" / f"{name}.yml"), read(ROOT / "rules" / "compose" / f"{name}.yml")
    expected = {}
    for path, value in shipped.items():
        text = value
        for here, there in ADDRESSES.items():
            text = text.replace(here, there) if isinstance(text, str) else text
        expected[path] = TOKEN.get(text, text) if path[-1] == "credentials_file" else text
    assert composed == expected
    assert {path for path in shipped if shipped[path] != composed[path]}, "nothing differs: are the addresses gone?"


@pytest.mark.parametrize("name", CHECKS)
def test_every_host_is_a_service(name: str) -> None:
    """Nothing in them still points at loopback, where in a container nobody else is."""
    text = (ROOT / "rules" / "compose" / f"{name}.yml").read_text(encoding="utf-8")
    assert "127.0.0.1" not in text
    assert "localhost" not in text
    assert {address.partition(":")[0] for address in ADDRESSES.values()} <= set(SERVICES)


@pytest.mark.binaries
@pytest.mark.parametrize("name", CHECKS)
def test_the_real_tool_accepts_it_where_it_is_mounted(name: str, tmp_path: Path) -> None:
    """With the rules, templates and tokens it names beside it, as the container has them."""
    container = Container(SERVICES[name], tmp_path / name, dict.fromkeys(HOSTS, free_port()))
    (flag,) = [word for word in SERVICES[name]["command"] if word.startswith("--config.file=")]
    file = container.inside(flag.partition("=")[2])
    assert file.read_text(encoding="utf-8") == (ROOT / "rules" / "compose" / f"{name}.yml").read_text(encoding="utf-8")
    program, *arguments = CHECKS[name]
    checked = subprocess.run(
        [find_binary((program,)), *arguments, file], capture_output=True, text=True, timeout=60, check=False
    )
    assert checked.returncode == 0, checked.stderr
    if name == "prometheus":
        assert checked.stdout.count("rules found") == len(list((ROOT / "rules").glob("*.rules.yml")))
