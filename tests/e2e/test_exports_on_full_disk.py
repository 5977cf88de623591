"""Exported errors that are uploaded or dropped while a disk is full. Who mounts one has to be root."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from starlette.applications import Starlette
from starlette.routing import Route

from exporter.config.file import load_config
from exporter.config.secret import Secret
from exporter.service import Service
from exporter.web.api.uploads import uploads_endpoint
from tests.clocks import ManualClock
from tests.conftest import WEBHOOK_TOKEN, Start, client_of
from tests.e2e.disks import full, tmpfs
from tests.web.conftest import bearer, poll_all

pytestmark = pytest.mark.faults

URL = "/api/v1/sync-errors/acme/picklists"
CSV = {"Content-Type": "text/csv", **bearer(WEBHOOK_TOKEN)}
SMALL, LARGE = 100, 50_000
"""Rows: few that there is room for, and more than all of the disk has."""
NO_ROOM = "the export could not be stored, send it again: "


def export(rows: int) -> bytes:
    return b"Error Type,HubSpot ID\n" + b"".join(b"Mismatched options,%d\n" % number for number in range(rows))


@dataclass(frozen=True)
class Desk:
    """Where exports of acme are brought, on a service with its store on a small disk of its own."""

    service: Service
    http: httpx.AsyncClient
    clock: ManualClock
    disk: Path
    drops: Path

    async def put(self, rows: int) -> httpx.Response:
        return await self.http.put(URL, content=export(rows), headers=CSV)

    def drop(self, rows: int) -> None:
        file = self.drops / "picklists.csv"
        file.write_bytes(export(rows))
        os.utime(file, (self.clock.time() - 60,) * 2)

    async def report(self) -> None:
        """Others write meanwhile."""
        body = {"integration": "acme", "suspended": False}
        answer = await self.http.post("/api/v1/suspensions", json=body, headers=bearer(WEBHOOK_TOKEN))
        assert answer.status_code == 202

    async def poll(self) -> None:
        """A while later."""
        self.clock.advance(600)
        await poll_all(self.service)

    async def listed(self) -> int:
        """Errors of picklists that are known, as they are listed."""
        answer = await self.http.get("/api/v1/sync-errors", params={"integration": "acme", "format": "csv"})
        return len(answer.text.splitlines()) - 1


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with structlog.testing.capture_logs():
        yield


@pytest.fixture
async def desk(
    config_data: dict[str, Any],
    write_config: Callable[[dict[str, Any]], Path],
    start: Start,
    clock: ManualClock,
    tmp_path: Path,
) -> AsyncIterator[Desk]:
    """With a small export that holds."""
    disk, drops = tmp_path / "disk", tmp_path / "drops"
    for folder in (disk, drops):
        folder.mkdir()
    acme = {**config_data["integrations"][0], "sync_health": {"directory": str(drops)}}
    with tmpfs(disk, "12m"):
        config = load_config(
            write_config({**config_data, "store": f"sqlite:///{disk}/exporter.db", "integrations": [acme]})
        )
        async with start(config) as service, client_of(service) as http:
            desk = Desk(service, http, clock, disk, drops)
            assert (await desk.put(SMALL)).status_code == 200
            await desk.poll()
            yield desk


async def test_an_upload_to_a_store_without_room(desk: Desk) -> None:
    """It says so, the old report stays, and once there is room the same upload is taken."""
    with full(desk.disk):
        answer = await desk.put(20 * SMALL)
        assert answer.status_code == 503
        assert answer.json() == {"error": f"{NO_ROOM}store: OperationalError: database or disk is full"}
        assert await desk.listed() == SMALL
    assert (await desk.put(20 * SMALL)).status_code == 200
    assert await desk.listed() == 20 * SMALL


async def test_an_upload_that_would_fill_the_disk(desk: Desk) -> None:
    """It is refused while there is room for others, and what came of it is soon gone."""
    answer = await desk.put(LARGE)
    assert answer.status_code == 503
    assert answer.json() == {"error": f"{NO_ROOM}store: there is room for 2 MiB; the last 3 are kept for jobs"}
    assert await desk.listed() == SMALL
    await desk.report()
    await desk.poll()
    assert (await desk.put(20 * SMALL)).status_code == 200


async def test_a_dropped_file_that_the_store_has_no_room_for(desk: Desk) -> None:
    """The source is down, the old report stays, and the file is read once there is room."""
    desk.drop(20 * SMALL)
    with full(desk.disk):
        await desk.poll()
        assert await desk.listed() == SMALL
        (reading,) = (one for one in desk.service.snapshots["acme"].readings if one.source == "sync_health")
        assert not reading.up
    await desk.poll()
    assert await desk.listed() == 20 * SMALL


async def test_a_dropped_file_that_would_fill_the_disk(desk: Desk) -> None:
    """The same, however often it is looked at; and it is in nobody's way once it is taken away."""
    desk.drop(LARGE)
    for _ in range(2):
        await desk.poll()
        assert await desk.listed() == SMALL
        await desk.report()
    (desk.drops / "picklists.csv").unlink()
    await desk.poll()
    assert (await desk.put(20 * SMALL)).status_code == 200


async def test_an_upload_without_room_for_itself(desk: Desk, tmp_path: Path) -> None:
    """It is where temporary files go: named, and nothing of it stays there."""
    room, token = tmp_path / "room", tmp_path / "token"
    room.mkdir()
    token.write_text(WEBHOOK_TOKEN)
    connections = {"acme": desk.service.poller.targets[0].connection}
    endpoint = uploads_endpoint(connections, lambda: (Secret(file=token),), lambda _name, _source: None, room=room)
    app = Starlette(routes=[Route("/{integration}/{category}", endpoint, methods=["PUT"])])
    with tmpfs(room, "64k"):
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://exporter") as client:
            answer = await client.put("/acme/picklists", content=export(LARGE), headers=CSV)
            assert answer.status_code == 503
            assert answer.json() == {"error": f"{NO_ROOM}{room}: No space left on device"}
            assert list(room.iterdir()) == []
            assert await desk.listed() == SMALL
            answer = await client.put("/acme/picklists", content=export(20 * SMALL), headers=CSV)
            assert answer.status_code == 200
            assert list(room.iterdir()) == []
    assert await desk.listed() == 20 * SMALL
