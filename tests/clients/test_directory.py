"""A directory in which somebody drops the Sync Health page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from exporter.clients.directory import FILE_NAME, SyncHealthDirectory
from exporter.clients.http.upstream import MAX_ANSWER_BYTES
from exporter.errors import AuthError, ConnectError, InvalidAnswer
from tests.users import ordinary_user

PAGE = {"as_of": "2026-11-21T10:00:00Z", "errors": []}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the page is expected."""
    return tmp_path / FILE_NAME


@pytest.fixture
def feed(tmp_path: Path) -> SyncHealthDirectory:
    return SyncHealthDirectory(tmp_path)


async def test_the_page_is_read(feed: SyncHealthDirectory, file: Path) -> None:
    """As JSON, unchecked, and anew each time."""
    file.write_text(json.dumps(PAGE))
    assert await feed.sync_health() == PAGE
    file.write_text("{}")
    assert await feed.sync_health() == {}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
async def test_a_byte_order_mark_does_no_harm(feed: SyncHealthDirectory, file: Path, encoding: str) -> None:
    """Programs on Windows write one."""
    file.write_text(json.dumps(PAGE), encoding=encoding)
    assert await feed.sync_health() == PAGE


async def test_missing(feed: SyncHealthDirectory) -> None:
    """Nothing has been dropped yet."""
    with pytest.raises(ConnectError, match=r"^sync-health.json: No such file or directory$"):
        await feed.sync_health()


async def test_a_missing_directory(tmp_path: Path) -> None:
    """Neither is there a place to drop it."""
    with pytest.raises(ConnectError, match="No such file"):
        await SyncHealthDirectory(tmp_path / "nowhere").sync_health()


async def test_a_directory_in_its_place(feed: SyncHealthDirectory, file: Path) -> None:
    """A directory is no file."""
    file.mkdir()
    with pytest.raises(ConnectError, match="Is a directory"):
        await feed.sync_health()


async def test_forbidden(feed: SyncHealthDirectory, file: Path) -> None:
    """A file the exporter may not read is a matter of permissions."""
    file.write_text(json.dumps(PAGE))
    file.chmod(0)
    with ordinary_user(), pytest.raises(AuthError, match=r"^sync-health.json: Permission denied$"):
        await feed.sync_health()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        json.dumps(PAGE).encode()[:20],
        b"\xff\xfe{\x00}",
        b"<html>",
        b'{"as_of": NaN}',
        b"[" * 100_000,
    ],
    ids=["empty", "cut", "half UTF-16", "HTML", "NaN", "deep"],
)
async def test_not_json(feed: SyncHealthDirectory, file: Path, content: bytes) -> None:
    """A file that is being written, or is something else, is invalid."""
    file.write_bytes(content)
    with pytest.raises(InvalidAnswer, match=r"^sync-health.json: not JSON$"):
        await feed.sync_health()


async def test_too_large(feed: SyncHealthDirectory, file: Path) -> None:
    """Not even opened."""
    with file.open("wb") as sparse:
        sparse.truncate(MAX_ANSWER_BYTES + 1)
    with pytest.raises(InvalidAnswer, match="more than"):
        await feed.sync_health()
