"""A real PostgreSQL server with its own data folder, on a free port of loopback."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from exporter.demo.processes import free_port
from tests.e2e.disks import tmpfs
from tests.ready import await_ready

START_SECONDS = 30.0
END_SECONDS = 10.0
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    # The data need not outlive the machine.
    "fsync": "off",
    "log_min_messages": "warning",
}


def programs() -> Path:
    """The folder of the newest installed server; Debian keeps it off PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    assert found, "PostgreSQL is not installed: apt-get install postgresql"
    return found[-1].parent


class Server:
    """One server; it can be ended and started again on the same data."""

    def __init__(self, folder: Path, data: Path | None = None, log: Path | None = None) -> None:
        """All of it stands in the folder, but the data or the write-ahead log where another folder is named for it."""
        self._data = (data or folder) / "data"
        self._log = folder / "postgresql.log"
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        command = [str(programs() / "initdb"), f"--pgdata={self._data}", "--auth=trust", "--username=postgres"]
        # The smallest pieces of log there are, so that a small disk is soon full.
        elsewhere = [f"--waldir={(log or folder) / 'log'}", "--wal-segsize=1"] if data or log else []
        command += ["--no-sync", *elsewhere]
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, **somebody())

    def start(self) -> None:
        """Returns once it lets people in."""
        settings = [f"--{name}={value}" for name, value in {**_SETTINGS, "port": self._port}.items()]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(programs() / "postgres"), "-D", str(self._data), *settings],
                cwd="/",
                stdout=log,
                stderr=log,
                **somebody(),
            )
        await_ready(self._lets_in, self._process, self._log, START_SECONDS)

    def stop(self) -> None:
        """Ends it by its pid, connections and all."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(END_SECONDS)
        self._process = None

    def disconnect(self, user: str) -> None:
        """Ends the connections that are open."""
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [user])

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It takes connections and statements, as the kernel does that for it, and answers nothing until the end."""
        assert self._process is not None
        pid = self._process.pid
        # First who makes the others.
        os.kill(pid, signal.SIGSTOP)
        others = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        for child in others:
            os.kill(child, signal.SIGSTOP)
        try:
            yield
        finally:
            for each in (*others, pid):
                os.kill(each, signal.SIGCONT)

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """It takes no writes until the end, as a standby does that was not promoted."""
        self._set("default_transaction_read_only = on")
        try:
            yield
        finally:
            self._set("default_transaction_read_only = off")

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Nobody is there until the end."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def log_until_it_ends(self) -> None:
        """Has it write its log until it can no longer, which ends it: it panics, begins anew, and cannot either."""
        assert self._process is not None
        with contextlib.suppress(psycopg.Error), psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            while True:
                connection.execute("SELECT pg_logical_emit_message(false, 'tests', repeat('x', 100000))")
        self._process.wait(END_SECONDS)
        self._process = None

    def _set(self, setting: str) -> None:
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET {setting}".encode())
            connection.execute("SELECT pg_reload_conf()")

    def new_database(self) -> str:
        """The URL of an empty database."""
        name = f"exporter_{next(self._numbers)}"
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self._url(name)

    def new_locked_database(self, user: str, password: str) -> str:
        """The URL of an empty database that lets only its owner in, and only with the password."""
        url = self.new_database()
        access = self._data / "pg_hba.conf"
        access.write_text(f"host all {user} 127.0.0.1/32 scram-sha-256\n" + access.read_text())
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE ROLE {user} LOGIN PASSWORD '{password}'".encode())
            connection.execute(f"ALTER DATABASE {url.rpartition('/')[2]} OWNER TO {user}".encode())
            connection.execute("SELECT pg_reload_conf()")
        return url.replace("postgres@", f"{user}@")

    def set_password(self, user: str, password: str) -> None:
        """Changes the password; connections that are open stay."""
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(f"ALTER ROLE {user} PASSWORD '{password}'".encode())

    def _url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self._port}/{database}"

    def _lets_in(self) -> bool:
        try:
            psycopg.connect(self._url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def running_server() -> Iterator[Server]:
    """A server for the length of a block; nothing of it stays."""
    with _folder() as folder, _started(Server(folder)) as server:
        yield server


@contextmanager
def cramped_server(what: str) -> Iterator[tuple[Server, Path]]:
    """The same, with its ``data`` or its ``log`` on a small disk, which stands in the folder. Only for root."""
    with _folder() as folder:
        disk = folder / "disk"
        disk.mkdir()
        with tmpfs(disk, {"data": "80m", "log": "16m"}[what]):
            shutil.chown(disk, "postgres", "postgres")
            with _started(Server(folder, **{what: disk})) as server:
                yield server, disk


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def _started(server: Server) -> Iterator[Server]:
    server.start()
    try:
        yield server
    finally:
        server.stop()


def time_passes(url: str, seconds: float) -> None:
    """Everything that jobs wait for is so much nearer, as if the server's clock, which nobody can set, had gone on."""
    with psycopg.connect(url.replace("postgres:", "postgresql:")) as connection:
        connection.execute(
            "UPDATE jobs SET not_before = not_before - %(s)s, lease_until = lease_until - %(s)s", {"s": seconds}
        )
        connection.execute("UPDATE job_records SET retry_at = retry_at - %s", [seconds])


def somebody() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
