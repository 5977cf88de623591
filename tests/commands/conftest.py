"""What commands are run on: a configuration file, a simulator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from exporter.demo.processes import free_port, running
from exporter.demo.stage import Stage, simulator_program, write_exporter_config
from tests.commands.secured import Secured, running_secured


@pytest.fixture
def config_file(config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path]) -> Path:
    """A good configuration of two integrations whose upstreams do not answer."""
    return write_config(config_data)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A running simulator and a configuration for it."""
    stage = Stage(tmp_path, *(f"http://127.0.0.1:{free_port()}" for _ in range(4)))
    write_exporter_config(stage)
    async with running(simulator_program(stage), stage.folder / "simulator.log"):
        yield stage


@pytest.fixture(scope="session")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """A running exporter for all: nothing of it is changed."""
    with asyncio.Runner() as runner:
        running = running_secured(tmp_path_factory.mktemp("secured"))
        yield runner.run(running.__aenter__())
        runner.run(running.__aexit__(None, None, None))
