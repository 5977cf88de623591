"""A container without an engine: a folder that holds what is mounted into it, and its commands moved to that folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from exporter.demo.processes import ALERTMANAGER, PROMETHEUS, find_binary
from tests.stack.compose import Service

SCRIPTS = Path(sys.executable).parent
HOSTS = {"exporter": 9951, "simulator": 9952, "prometheus": 9090, "alertmanager": 9093}
"""The port of each service in its container."""

_SECONDS = 30.0


class Container:
    """What a service runs, with every path inside `folder` and every address of the stack at a free port instead.

    `ports` has a port of this machine for each service.
    """

    def __init__(self, service: Service, folder: Path, ports: Mapping[str, int]) -> None:
        self.service = service
        self.folder = folder
        self._ports = ports
        folder.mkdir()
        # The deeper one lies on top, as in a container.
        for mount in sorted(service.mounts, key=lambda mount: mount.target.count("/")):
            place = self.inside(mount.target)
            place.parent.mkdir(parents=True, exist_ok=True)
            if mount.source is None:
                place.mkdir()
            elif mount.source.is_dir():
                shutil.copytree(mount.source, place, dirs_exist_ok=True)
            else:
                shutil.copy(mount.source, place)

    def inside(self, path: str) -> Path:
        """Where a path of the container is."""
        return self.folder / path.lstrip("/")

    def change(self, path: str, change: Callable[[Any], Any] = lambda content: content) -> None:
        """Rewrites a mounted YAML file: first `change`, then paths and addresses."""
        file = self.inside(path)
        text = yaml.safe_dump(change(yaml.safe_load(file.read_text(encoding="utf-8"))), sort_keys=False, width=10_000)
        for address, here in self._addresses().items():
            text = text.replace(address, here)
        for place in ("/var/lib/", "/run/secrets/"):
            text = text.replace(place, f"{self.folder}{place}")
        file.write_text(text, encoding="utf-8")

    def command(self, entrypoint: Sequence[str], *more: str) -> tuple[str, ...]:
        """The command line of the service; `entrypoint` is the image's."""
        words: list[str] = [*self.service.get("entrypoint", entrypoint), *self.service["command"]]
        return (_program(words[0]), *map(self.argument, words[1:]), *more)

    def healthy(self) -> bool:
        """Whether the health check says so."""
        kind, program, *arguments = self.service["healthcheck"]["test"]
        assert kind == "CMD", "a shell may be missing in an image"
        ended = subprocess.run(
            [_program(program), *map(self.argument, arguments)],
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env={**os.environ, "http_proxy": "http://127.0.0.1:1", "HOME": str(self.folder)},
        )
        return ended.returncode == 0

    def argument(self, argument: str) -> str:
        """A word of a command with its path and address moved here."""
        for address, here in self._addresses().items():
            argument = argument.replace(address, here)
        flag, equals, value = argument.partition("=")
        return f"{flag}={self.inside(value)}" if equals and value.startswith("/") else argument

    def _addresses(self) -> dict[str, str]:
        here = {}
        for name, port in HOSTS.items():
            here[f"=:{port}"] = f"=127.0.0.1:{self._ports[name]}"
            for host in (name, "127.0.0.1"):
                here[f"{host}:{port}"] = f"127.0.0.1:{self._ports[name]}"
            here[f"--port={port}"] = f"--port={self._ports[name]}"
        # The container's own process, whose flags are the ones given here.
        here["--of-process=1"] = f"--web.listen-address=127.0.0.1:{self._ports['exporter']}"
        return here


def _program(name: str) -> str:
    """The program of this machine for the one in the image."""
    if name in ("python", "hubspot-salesforce-exporter"):
        return str(SCRIPTS / name)
    return find_binary({"/bin/prometheus": PROMETHEUS, "/bin/alertmanager": ALERTMANAGER}.get(name, (name,)))
