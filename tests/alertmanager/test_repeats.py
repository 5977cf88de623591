"""A real Alertmanager repeats an alert that goes on firing to a real exporter."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from exporter.demo.processes import running
from exporter.demo.stage import ORG, Stage, exporter_program, plan_stage, simulator_program, write_exporter_config
from exporter.remediation.fingerprint import fingerprint_of
from tests.alertmanager.conftest import DEADLINE, running_alertmanager

pytestmark = pytest.mark.binaries

LABELS = {"alertname": "HubSpotSalesforceSyncErrors", "integration": ORG, "category": "other", "team": "crm é"}


def repeating(stage: Stage) -> dict[str, Any]:
    """A route of its own: as the shipped one, but everything within seconds."""
    webhook = {
        "url": f"{stage.exporter}/alertmanager/webhook",
        "http_config": {"authorization": {"credentials_file": str(stage.folder / "webhook-token")}},
    }
    intervals = {"group_wait": "0s", "group_interval": "1s", "repeat_interval": "1s"}
    return {
        "route": {"receiver": "exporter", "group_by": ["..."], **intervals},
        "receivers": [{"name": "exporter", "webhook_configs": [webhook]}],
    }


async def test_what_has_come_since_is_resynced_when_alertmanager_repeats(tmp_path: Path) -> None:
    """Five errors, resynced; seven more while the alert goes on firing: its repeat has all seven resynced. What tells
    the alert from others is what we would have made of its labels ourselves."""
    stage = plan_stage(tmp_path)
    file = write_exporter_config(stage)
    config = yaml.safe_load(file.read_text())
    config["remediation"]["repeat_after"] = "1s"
    file.write_text(yaml.safe_dump(config))
    token = (tmp_path / "webhook-token").read_text()
    (tmp_path / "alertmanager").mkdir()
    async with (
        httpx.AsyncClient(trust_env=False, timeout=5) as http,
        running(simulator_program(stage), tmp_path / "simulator.log"),
        running(exporter_program(stage), tmp_path / "exporter.log"),
        running_alertmanager(repeating(stage), tmp_path / "alertmanager") as alertmanager,
    ):

        async def resynced(count: int) -> list[dict[str, Any]]:
            """All jobs, once that many records were resynced and a job has ended with the last of them."""
            async with asyncio.timeout(DEADLINE):
                while True:
                    jobs: list[dict[str, Any]] = (await http.get(f"{stage.exporter}/api/v1/resyncs")).json()["jobs"]
                    ended = [job for job in jobs if job["state"] == "done"]
                    if sum(job["records"]["succeeded"] for job in ended) >= count:
                        return jobs
                    await asyncio.sleep(0.05)

        async def add_errors(count: int) -> None:
            added = {"category": "other", "error_type": "unknown", "count": count}
            (await http.post(f"{stage.simulator}/control/{ORG}/add-errors", json=added)).raise_for_status()

        await add_errors(5)
        await alertmanager.fire(LABELS)
        first = await resynced(5)
        await add_errors(7)
        jobs = await resynced(12)
        assert [job["records"]["succeeded"] for job in first if job["records"]["succeeded"]] == [5]
        assert [job["records"]["succeeded"] for job in jobs if job["records"]["succeeded"]] == [7, 5]
        assert [job["repetition"] for job in jobs] == list(reversed(range(len(jobs))))
        (held,) = await alertmanager.alerts()
        assert held["fingerprint"] == fingerprint_of(LABELS)
    assert token not in (tmp_path / "exporter.log").read_text()
