"""``resync`` as a real process, on a simulated company with room for it."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.demo.processes import Program, free_port, running
from exporter.demo.stage import ORG, Stage, write_exporter_config

ChangeConfig = Callable[..., None]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A simulator that only does what it is asked for, and a configuration for it."""
    stage = Stage(tmp_path, *(f"http://127.0.0.1:{free_port()}" for _ in range(4)))
    write_exporter_config(stage)
    port = stage.simulator.rpartition(":")[2]
    command = (
        *(sys.executable, "-m", "exporter.demo.simulator", f"--port={port}", f"--orgs={ORG}"),
        *("--sync-interval=0", "--traffic=0", "--allocation=60000", "--limit=100000"),
    )
    program = Program("simulator", command, f"{stage.simulator}/control/{ORG}")
    async with running(program, stage.folder / "simulator.log"):
        yield stage


@pytest.fixture
def change_config(stage: Stage) -> ChangeConfig:
    """Changes settings of the remediation, and with ``of_integration`` those of the integration's own."""

    def change(of_integration: dict[str, Any] | None = None, **more: Any) -> None:
        file = stage.folder / "exporter.yml"
        config = yaml.safe_load(file.read_text())
        config["remediation"] |= more
        config["integrations"][0]["remediation"] = of_integration or {}
        file.write_text(yaml.safe_dump(config))

    return change
