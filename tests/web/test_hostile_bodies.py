"""Hostile bodies posted to the webhook: what they are answered, and what they cost."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import httpx
import pytest

from exporter.demo.processes import free_port, running
from exporter.demo.stage import Stage, exporter_program, write_exporter_config
from tests.conftest import WEBHOOK_TOKEN
from tests.remediation.payloads import alert, notification
from tests.resources import resident
from tests.web.conftest import WEBHOOK, bearer
from tests.web.hostile_bodies import hostile_bodies

CLEAN = {200, 202, 400, 401, 413, 415}
MANY = 10_000
WARM = 1_000
"""After so many whatever is made once has been made: caches, compiled patterns, the pages of the store."""
MOST_GROWTH = 16.0
"""MiB; what the ledger of ten thousand refusals keeps is on the disk."""


async def test_hostile_bodies_get_clean_answers(http: httpx.AsyncClient) -> None:
    """Whatever is posted is taken or refused, and the exporter is as healthy as before."""
    told: Counter[int] = Counter()
    for hostile in hostile_bodies(270):
        headers = {**bearer(WEBHOOK_TOKEN), **hostile.headers}
        told[(await http.post(WEBHOOK, content=hostile.body, headers=headers)).status_code] += 1
    assert told.keys() <= CLEAN
    assert min(told[status] for status in (200, 202, 400)) > 0
    assert (await http.get("/metrics")).status_code == 200


async def test_half_a_character_is_answered(http: httpx.AsyncClient) -> None:
    """JSON can hold it, and no answer can: the name of an alert that nobody acts upon is told with a question mark."""
    body = json.dumps(notification(alert("\ud800", integration="\udfff\0"))).encode()
    answer = await http.post(WEBHOOK, content=body, headers=bearer(WEBHOOK_TOKEN))
    assert answer.status_code == 200
    assert [(one["alert"], one["integration"]) for one in answer.json()["ignored_alerts"]] == [("?", "??")]


@pytest.mark.faults
async def test_ten_thousand_hostile_bodies_cost_no_memory(tmp_path: Path) -> None:
    """A running exporter answers each of them cleanly, and holds no more afterwards than after the first thousand."""
    stage = Stage(tmp_path, *(f"http://127.0.0.1:{free_port()}" for _ in range(4)))
    write_exporter_config(stage)
    token = next(tmp_path.rglob("webhook-token")).read_text().strip()
    told: Counter[int] = Counter()
    async with (
        running(exporter_program(stage), tmp_path / "exporter.log") as exporter,
        httpx.AsyncClient(base_url=stage.exporter, trust_env=False, timeout=30) as http,
    ):
        before = 0.0
        for number, hostile in enumerate(hostile_bodies(MANY + WARM)):
            if number == WARM:
                before = resident(exporter.pid)
            headers = {**bearer(token), **hostile.headers}
            told[(await http.post(WEBHOOK, content=hostile.body, headers=headers)).status_code] += 1
        after = resident(exporter.pid)
        healthy = await http.get("/-/healthy")
    print(f"statuses {dict(sorted(told.items()))}, RSS {before:.1f} MiB before, {after:.1f} MiB after")  # noqa: T201
    assert healthy.status_code == 200
    assert told.keys() <= CLEAN
    assert after - before < MOST_GROWTH
    assert "Traceback" not in (tmp_path / "exporter.log").read_text()
