"""``resync`` at a real running exporter."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from exporter.demo.processes import free_port, running
from exporter.demo.stage import ORG, Stage, exporter_program
from tests.clients.http.loopback import Authority, server
from tests.commands.program import COMMAND, SECONDS
from tests.commands.resync.conftest import ChangeConfig
from tests.commands.resync.started import remote, run, started
from tests.commands.staged import act, assert_one_line

PICKLISTS = {"category": "picklists", "error_type": "option_limit_exceeded"}


@pytest.fixture
async def exporter(stage: Stage, change_config: ChangeConfig) -> AsyncIterator[Stage]:
    """Looks after three seconds what the first batches of a job have done."""
    change_config(verify_after="3s")
    async with running(exporter_program(stage), stage.folder / "exporter.log"):
        yield stage


async def job(stage: Stage, number: int) -> dict[str, object]:
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"{stage.exporter}/api/v1/resyncs/{number}")
    told: dict[str, object] = answer.json()["job"]
    return told


async def test_the_exporter_does_the_work(exporter: Stage) -> None:
    """Plan, order, outcomes and proof as they are alone; whoever leaves in the middle finds the job again."""
    await act(exporter, "add-errors", count=230, **PICKLISTS)
    async with started(*remote(exporter), "--yes") as process:
        await process.says("the first batches are sent")
        ended = await process.interrupted(signal.SIGTERM)
    assert (ended.code, ended.err) == (143, "")
    assert "to resync    230 records by bridge, in 3 batches" in ended.out
    assert "200 of 230 records have their outcome. Job 1 goes on in the exporter" in ended.out
    (again,) = re.findall(r"hubspot-salesforce-exporter resync (.*)\n", ended.out)
    assert again == f"{' '.join(remote(exporter)[:2])} --job=1 {ORG}"
    ended = await run(*again.split(), "--wait-for-proof")
    assert (ended.code, ended.err) == (0, "")
    assert re.search(r"succeeded +230", ended.out)
    assert re.search(r"cured +230  of those that succeeded", ended.out)
    assert (await job(exporter, 1))["status"] == "requested"


async def test_what_the_exporter_refuses_is_one_line(exporter: Stage, tmp_path: Path) -> None:
    """A name it does not have, a job it does not know, a way that is not configured, another token."""
    url, token, name = remote(exporter)
    assert_one_line(await run(url, token, "gamma", "--yes"), "integration: got 'gamma'")
    assert_one_line(await run(url, token, name, "--cancel=7"), "no job has this id")
    assert_one_line(await run(url, token, name, "--action=hook", "--dry-run"), "(status 409)")
    (tmp_path / "other").write_text("another-token")
    refused = await run(url, f"--token-file={tmp_path / 'other'}", name, "--dry-run")
    assert_one_line(refused, f'the exporter does not take the token of the file "{tmp_path / "other"}"')
    assert "another-token" not in refused.err


async def test_who_is_not_there_is_one_line(stage: Stage) -> None:
    """Nobody, and somebody who is no exporter."""
    nobody = f"--url=http://127.0.0.1:{free_port()}"
    _, token, name = remote(stage)
    assert_one_line(await run(nobody, token, name, "--yes"), "the connection is refused: nothing listens there")
    simulator = f"--url={stage.simulator}/{ORG}"
    assert_one_line(await run(simulator, token, name, "--yes"), "no exporter that takes orders is at")
    assert_one_line(await run(nobody, name, "--yes"), "needs the exporter's API token: --token-file=FILE, or the var")
    assert_one_line(
        await run(nobody, token, name, "--yes", f"--ca-file={stage.folder / 'exporter.yml'}"), "holds no certificate"
    )


def test_a_certificate_that_is_not_trusted_is_named(tmp_path: Path) -> None:
    """With the flag that helps; with it the same server is asked, and the token comes from the variable."""
    authority = Authority(tmp_path)
    environment = {**os.environ, "HUBSPOT_SALESFORCE_API_TOKEN": "a-token"}
    with server(authority.tls_for("localhost"), b'{"jobs": []}') as seen:
        command = [*COMMAND, "resync", f"--url=https://localhost:{seen.port}", "acme", "--dry-run"]
        refused, trusted = (
            subprocess.run(
                [*command, *more], capture_output=True, text=True, env=environment, timeout=SECONDS, check=False
            )
            for more in ((), (f"--ca-file={authority.file}",))
        )
    assert "its certificate is not trusted" in refused.stderr
    assert "name that in --ca-file" in refused.stderr
    assert "is it of another version?" in trusted.stderr
    assert ["Authorization: Bearer a-token" in head for head in seen.heads] == [True] * 3
