"""What exported errors say, beside a page or without one."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from exporter.clients.connection import Connection, connect
from exporter.clock import format_timestamp
from exporter.config.settings import Integration, SyncHealthFeed
from exporter.errors import ConnectError, UpstreamError
from exporter.model import ErrorCount, SyncHealth
from exporter.sources.source import Fetched
from exporter.sources.sync_health import SOURCE
from exporter.state.facts import facts_of
from exporter.state.reading import Reading
from exporter.state.snapshot import Snapshot
from tests.clocks import ManualClock
from tests.exports.files import HEADINGS, TWO, zipped
from tests.exports.shelf import MemoryShelf


@dataclass
class Watched:
    """The source of a directory, polled as the poller does: what it said last is given back to it."""

    directory: Path
    clock: ManualClock
    connection: Connection
    parts: Mapping[str, UpstreamError | None]
    failure: UpstreamError | None = None
    payload: Any = None

    def drop(self, name: str, text: str | bytes, age: float = 60.0) -> None:
        file = self.directory / name
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        os.utime(file, (self.clock.time() - age,) * 2)

    def page(self, age: float = 60.0, **more: Any) -> None:
        self.drop("sync-health.json", json.dumps({"as_of": format_timestamp(self.clock.time() - age), **more}), age)

    async def poll(self) -> SyncHealth:
        told = await SOURCE.fetch(self.connection, self.payload)
        assert isinstance(told, Fetched)
        self.parts, self.failure = told.parts, told.failure
        self.payload = json.loads(json.dumps(told.payload))
        part = SOURCE.parse(self.payload, self.clock.time())
        assert isinstance(part, SyncHealth)
        return part

    @property
    def missing(self) -> dict[str, str]:
        return {part: str(error) for part, error in self.parts.items() if error is not None}


@pytest.fixture
def watched(tmp_path: Path, clock: ManualClock) -> Watched:
    acme = Integration("acme", None, None, SyncHealthFeed(None, None, tmp_path), "off", {})
    connection = connect(acme, httpx.AsyncClient(), clock, lambda _name, _api: None, shelf=MemoryShelf())
    return Watched(tmp_path, clock, connection, {})


def counted(health: SyncHealth) -> dict[tuple[str, str], int | None]:
    """Without what is 0."""
    return {(one.category, one.error_type): one.errors for one in health.errors or () if one.errors != 0}


TWO_PICKLISTS = {("picklists", "restricted_picklist_value"): 1, ("picklists", "inactive_salesforce_owner"): 1}


async def test_exports_alone(watched: Watched) -> None:
    """Of what they speak; nobody misses a page."""
    watched.drop("picklists.csv", HEADINGS + TWO)
    health = await watched.poll()
    assert counted(health) == TWO_PICKLISTS
    assert health.error_categories == ("picklists",)
    assert ErrorCount("picklists", "option_limit_exceeded", 0, 0) in (health.errors or ())
    assert (watched.parts, watched.failure) == ({"picklists": None}, None)


async def test_the_first_day_says_what_is_wanted(watched: Watched) -> None:
    """Nothing has failed as long as nobody has brought anything, and nothing is known; a first file that cannot be read
    is a failure."""
    health = await watched.poll()
    assert watched.failure is None
    assert watched.missing == {
        "files": f"no sync-health.json and no exported CSV yet in {watched.directory}: export the errors in HubSpot "
        "(Sync Health → Export errors) and drop the file there"
    }
    assert (health.errors, health.error_categories) == (None, None)
    watched.drop("picklists.csv", "")
    await watched.poll()
    assert str(watched.failure) == "picklists.csv: is empty"


async def test_uploads_alone_say_so_too(clock: ManualClock) -> None:
    """Until the first."""
    acme = Integration("acme", None, None, SyncHealthFeed(None, None, None), "off", {})
    connection = connect(acme, httpx.AsyncClient(), clock, lambda _name, _api: None, shelf=MemoryShelf())
    watched = Watched(Path(), clock, connection, {})
    assert (await watched.poll()).errors is None
    assert watched.failure is None
    assert watched.missing["files"].startswith("no export was uploaded yet: export the errors in HubSpot")


async def test_a_first_file_that_is_still_fresh_is_no_trouble(watched: Watched) -> None:
    """Nor is a newer one beside an export that holds: in five seconds it is read."""
    watched.drop("picklists.csv", HEADINGS + TWO, age=0)
    assert (await watched.poll()).errors is None
    assert (watched.missing, watched.failure) == ({}, None)
    watched.clock.advance(6)
    assert counted(await watched.poll()) == TWO_PICKLISTS
    watched.drop("picklists-2.csv", HEADINGS, age=0)
    assert counted(await watched.poll()) == TWO_PICKLISTS
    assert (watched.missing, watched.failure) == ({}, None)


async def test_a_page_that_is_gone_is_a_failure(watched: Watched) -> None:
    """What it said holds for a while, as with any source that fails."""
    watched.page(errors=[])
    await watched.poll()
    (watched.directory / "sync-health.json").unlink()
    with pytest.raises(ConnectError, match="No such file"):
        await watched.poll()


async def test_a_page_and_exports_of_each_category_the_newer(watched: Watched) -> None:
    """A page speaks of all categories; suspension and calls are its own."""
    errors = [
        {"category": "picklists", "error_type": "option_limit_exceeded", "errors": 9, "affected_records": 9},
        {"category": "duplicates", "error_type": "email_already_in_use", "errors": 5, "affected_records": 5},
    ]
    watched.page(age=300, errors=errors, suspension={"suspended": True, "reason": None, "since": None})
    watched.drop("picklists.csv", HEADINGS + TWO, age=60)
    watched.drop("duplicates.csv", HEADINGS, age=600)
    health = await watched.poll()
    assert counted(health) == {**TWO_PICKLISTS, ("duplicates", "email_already_in_use"): 5}
    assert health.error_categories is None
    assert health.suspension is not None
    assert health.suspension.suspended
    assert health.as_of == watched.clock.time() - 300


async def test_a_bad_page_costs_itself(watched: Watched) -> None:
    """And is a part that is missing."""
    watched.drop("picklists.csv", HEADINGS + TWO)
    watched.drop("sync-health.json", "{}")
    assert counted(await watched.poll()) == TWO_PICKLISTS
    assert list(watched.missing) == ["sync-health.json"]
    assert watched.failure is None


async def test_a_bad_file_leaves_what_was_known(watched: Watched) -> None:
    """Until a newer one is whole."""
    watched.drop("picklists-1.csv", HEADINGS + TWO, age=600)
    watched.drop("picklists-2.csv", (HEADINGS + TWO)[:-50], age=300)
    for _ in range(2):
        assert counted(await watched.poll()) == TWO_PICKLISTS
        assert list(watched.missing) == ["picklists"]
        assert watched.missing["picklists"].startswith("picklists-2.csv: line 3, column 2: the file is cut off")
    watched.drop("picklists-3.csv", HEADINGS, age=60)
    assert counted(await watched.poll()) == {}
    assert watched.missing == {}


async def test_a_bad_file_in_a_zip_is_told_of_beside_a_good_one(watched: Watched) -> None:
    """They are of the same time, and neither makes up for the other."""
    good, bad = (HEADINGS + TWO).encode(), (HEADINGS + TWO)[:-50].encode()
    watched.drop("all.zip", zipped({"a.csv": good, "b.csv": bad}))
    assert counted(await watched.poll()) == TWO_PICKLISTS
    assert watched.missing["files"].startswith("all.zip/b.csv: line 3, column 2: the file is cut off")
    watched.drop("all.zip", zipped({"a.csv": good, "picklists.csv": good}), age=30)
    assert counted(await watched.poll()) == TWO_PICKLISTS
    assert watched.missing["picklists"].startswith("all.zip/picklists.csv: is the second file of picklists")


async def test_an_old_export_says_nothing_any_more(watched: Watched) -> None:
    """After two days, unless configured otherwise; the part says since when somebody should have exported."""
    watched.drop("picklists.csv", HEADINGS + TWO)
    watched.drop("duplicates.csv", HEADINGS, age=-30 * 3600)
    watched.clock.advance(6)
    await watched.poll()
    watched.clock.advance(6)
    await watched.poll()
    watched.clock.advance(47 * 3600)
    assert (await watched.poll()).error_categories == ("duplicates", "picklists")
    watched.clock.advance(3600 - 30)
    health = await watched.poll()
    assert health.error_categories == ("duplicates",)
    assert watched.missing == {"picklists": "picklists.csv: was exported longer ago than sync_health.good_for"}


async def test_the_errors_are_of_when_the_oldest_export_is(watched: Watched) -> None:
    """Who asks what is known, and of when, is told so."""
    watched.drop("picklists.csv", HEADINGS + TWO, age=7200)
    watched.drop("duplicates.csv", HEADINGS, age=60)
    health, now = await watched.poll(), watched.clock.time()
    snapshot = Snapshot("acme", "off", None).with_reading(
        Reading("sync_health", 60.0, now, part=health, succeeded_at=now)
    )
    facts = facts_of(snapshot, now)
    assert facts.stated_at["errors"] == now - 7200
    assert facts.error_categories == ("duplicates", "picklists")


async def test_a_payload_of_another_version_is_read_anew(watched: Watched) -> None:
    """The files are read once more, and nothing else happens."""
    watched.drop("picklists.csv", HEADINGS + TWO)
    watched.payload = {"as_of": "2026-11-21T10:00:00Z"}
    assert counted(await watched.poll()) == TWO_PICKLISTS
