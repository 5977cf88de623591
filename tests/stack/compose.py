"""docker-compose.yml, read as Compose reads it: variables filled in, anchors merged, paths beside the file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
FILE = ROOT / "docker-compose.yml"
_VARIABLE = re.compile(r"\$\$|\$\{(?P<name>[A-Z_]+):-(?P<default>[^}$]*)\}|\$")


@dataclass(frozen=True, slots=True)
class Mount:
    """Something of the host, or a named volume (`source` None), at a path in the container."""

    source: Path | None
    target: str
    read_only: bool


@dataclass(frozen=True, slots=True)
class Service:
    """One service, and what is mounted into its container: volumes in their order, then secrets."""

    name: str
    data: Mapping[str, Any]
    mounts: tuple[Mount, ...]

    def __getitem__(self, key: str) -> Any:
        return self.data[key]

    def get(self, key: str, default: Any = None) -> Any:
        return self.data.get(key, default)


def read_compose(environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The file as data, with the variables of this environment; without one, with their defaults."""
    content: dict[str, Any] = yaml.safe_load(_filled_in(FILE.read_text(encoding="utf-8"), environment or {}))
    return content


def services(environment: Mapping[str, str] | None = None) -> dict[str, Service]:
    """Every service by name."""
    data = read_compose(environment)
    return {name: Service(name, entry, tuple(_mounts(entry, data))) for name, entry in data["services"].items()}


def _filled_in(text: str, environment: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        if match["name"] is None:
            assert match[0] == "$$", "only ${NAME:-default} and $$ are read here"
            return "$"
        return environment.get(match["name"]) or match["default"]

    return _VARIABLE.sub(value, text)


def _mounts(entry: Mapping[str, Any], data: Mapping[str, Any]) -> list[Mount]:
    volumes = [_mount(volume, data) for volume in entry.get("volumes", ())]
    secrets = [
        Mount(ROOT / data["secrets"][name]["file"], f"/run/secrets/{name}", read_only=True)
        for name in entry.get("secrets", ())
    ]
    return volumes + secrets


def _mount(volume: str | Mapping[str, Any], data: Mapping[str, Any]) -> Mount:
    if not isinstance(volume, str):
        return Mount(ROOT / volume["source"], volume["target"], volume.get("read_only", False))
    source, target, *options = volume.split(":")
    if not source.startswith("./"):
        assert source in data["volumes"], f"{source} is no volume of the file"
    return Mount(ROOT / source if source.startswith("./") else None, target, "ro" in options)
