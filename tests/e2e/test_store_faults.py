"""The store in trouble under a real exporter that a real Alertmanager notifies.

Who wants to mount a file system has to be root.
"""

from __future__ import annotations

import contextlib
import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.e2e.disks import Ext4, full
from tests.e2e.pgbouncer import pooled
from tests.e2e.postgresql import Server, cramped_server, running_server
from tests.e2e.store_scene import open_scene

pytestmark = [pytest.mark.binaries, pytest.mark.faults]

REFUSED = r"OperationalError: .*Connection refused.*"


@dataclass(frozen=True)
class Trouble:
    """A store and what may happen to it, for the length of a block; ``said`` of it by ``/-/ready``."""

    store: str
    said: str
    happens: Callable[[int], AbstractContextManager[None]]
    """What it is given is the exporter's pid."""
    within: tuple[str, ...] = ()
    """What the exporter is started with."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_server() as started:
        yield started


def full_disk(folder: Path) -> Trouble:
    """A file system of its own, which goes with the exporter, and is filled to the last byte."""
    (folder / "disk").mkdir()

    def filled(pid: int) -> AbstractContextManager[None]:
        return full(Path(f"/proc/{pid}/root{folder}/disk"))

    mount = f'mount -t tmpfs -o size=8m tmpfs {folder}/disk && exec "$@"'
    within = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh")
    return Trouble("sqlite:///disk/exporter.db", r"OperationalError: database or disk is full", filled, within)


def locked_file(folder: Path) -> Trouble:
    """Another program keeps it to itself."""

    @contextlib.contextmanager
    def locked(_pid: int) -> Iterator[None]:
        with contextlib.closing(sqlite3.connect(folder / "exporter.db")) as somebody:
            somebody.execute("BEGIN EXCLUSIVE")
            yield
            somebody.rollback()

    return Trouble("sqlite:///exporter.db", r"OperationalError: database is locked|no answer within 3 s", locked)


def no_writes(_folder: Path) -> Trouble:
    """Whatever the process writes to a file fails, its log too, by a limit of the process."""

    @contextlib.contextmanager
    def refused(pid: int) -> Iterator[None]:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
        try:
            yield
        finally:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    return Trouble("sqlite:///exporter.db", r"OperationalError: (disk I/O error|database or disk is full)", refused)


@pytest.mark.parametrize("made", [full_disk, no_writes, locked_file], ids=lambda made: made.__name__)
async def test_a_file_in_trouble(made: Callable[[Path], Trouble], tmp_path: Path) -> None:
    await through(made(tmp_path), tmp_path)


async def test_a_server_that_is_restarted(server: Server, tmp_path: Path) -> None:
    await through(Trouble(server.new_database(), REFUSED, lambda _pid: server.stopped()), tmp_path)


async def test_a_server_that_takes_no_writes(server: Server, tmp_path: Path) -> None:
    """As a standby."""
    said = r"\w+: cannot execute UPDATE in a read-only transaction"
    await through(Trouble(server.new_database(), said, lambda _pid: server.read_only()), tmp_path)


async def test_a_server_that_hangs(server: Server, tmp_path: Path) -> None:
    """Frozen: it takes connections, and answers nothing."""
    await through(Trouble(server.new_database(), r"no answer within \d s", lambda _pid: server.frozen()), tmp_path)


async def test_a_server_that_hangs_behind_a_pooler(server: Server, tmp_path: Path) -> None:
    """Which goes on answering, but for what it needs the server for."""
    with pooled(server.new_database()) as url:
        await through(Trouble(url, r"no answer within \d s", lambda _pid: server.frozen()), tmp_path)


async def test_a_server_without_room_for_data(tmp_path: Path) -> None:
    """Some of what is written fits into what its tables have already; that there is no room is said all the same."""
    with cramped_server("data") as (server, disk):
        store = server.new_database()

        @contextlib.contextmanager
        def happens(_pid: int) -> Iterator[None]:
            with full(disk):
                fill_gaps(store)
                yield

        said = r"\w+: could not extend file .*: No space left on device"
        await through(Trouble(store, said, happens), tmp_path)


async def test_a_server_without_room_for_its_log(tmp_path: Path) -> None:
    """It panics, cannot recover, and ends; once there is room somebody starts it again."""
    with cramped_server("log") as (server, disk):

        @contextlib.contextmanager
        def happens(_pid: int) -> Iterator[None]:
            with full(disk):
                server.log_until_it_ends()
                yield
            server.start()

        await through(Trouble(server.new_database(), REFUSED, happens), tmp_path)


FILLER = (
    "INSERT INTO notifications "
    "(at, result, receiver, group_key, alerts, truncated, jobs, duplicates, ignored, refused) "
    "VALUES (1, 'ignored', '', repeat('x', %s), 0, 0, 0, 0, 0, 0)"
)


def fill_gaps(store: str) -> None:
    """The next notification needs new room."""
    with psycopg.connect(store, autocommit=True) as connection:
        for size in (500, 1):
            with contextlib.suppress(psycopg.errors.DiskFull):
                while True:
                    connection.execute(FILLER, [size])


async def test_a_disk_that_hangs(tmp_path: Path) -> None:
    """Frozen, as for a snapshot."""
    disk = Ext4(tmp_path)
    with disk.mounted():
        store = "sqlite:///disk/exporter.db"
        await through(Trouble(store, r"no answer within \d s", lambda _pid: disk.frozen()), tmp_path)


async def test_a_disk_that_the_kernel_has_made_read_only(tmp_path: Path) -> None:
    """Nobody makes it writable again under those who have files open there: it is repaired, and the next process goes
    on."""
    disk = Ext4(tmp_path)
    async with open_scene(tmp_path, "sqlite:///disk/exporter.db") as scene:
        with disk.mounted():
            async with scene.exporter() as exporter:
                await scene.resync_under_way()
                disk.fail()
                await scene.in_trouble(r"OperationalError: (disk I/O error|attempt to write a readonly database)")
                assert exporter.returncode is None
        disk.repair()
        with disk.mounted():
            async with scene.exporter():
                await scene.over()


async def through(trouble: Trouble, folder: Path) -> None:
    """While the trouble lasts Alertmanager is told to try again, and everything but the store goes on; after it the
    notification is delivered and both jobs are done, every record once, by the same process."""
    async with open_scene(folder, trouble.store) as scene, scene.exporter(trouble.within) as exporter:
        await scene.resync_under_way()
        with trouble.happens(exporter.pid):
            await scene.in_trouble(trouble.said)
        await scene.over()
        assert exporter.returncode is None
