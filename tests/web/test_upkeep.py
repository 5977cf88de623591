"""What the exporter itself lacks shows where people and Prometheus look."""

from __future__ import annotations

from pathlib import Path

import httpx

from exporter.service import Service
from tests.pages import look


async def test_a_store_that_was_deleted_is_down(service: Service, http: httpx.AsyncClient, tmp_path: Path) -> None:
    """As ``/-/ready`` has it, by the same look."""
    (tmp_path / "exporter.db").unlink()
    await service.upkeep.look()
    assert (await look(http)).value("store_up") == 0
    assert service.upkeep.store_problem
