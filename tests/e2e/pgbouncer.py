"""A real PgBouncer before a PostgreSQL server, on a free port of loopback."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from exporter.demo.processes import free_port
from tests.e2e.postgresql import END_SECONDS, START_SECONDS, somebody
from tests.ready import await_ready

_SETTINGS = """\
[databases]
* = host=127.0.0.1 port={server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = 3
"""


@contextmanager
def pooled(url: str) -> Iterator[str]:
    """The URL of the same database behind PgBouncer in transaction pooling: transactions of one client may come to
    different connections of the server, and each of those serves several clients."""
    folder = Path(tempfile.mkdtemp(prefix="pgbouncer-"))
    port = free_port()
    (folder / "users").write_text('"postgres" ""\n')
    (folder / "pgbouncer.ini").write_text(_SETTINGS.format(server=urlsplit(url).port, port=port, folder=folder))
    if os.geteuid() == 0:
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, "postgres", "postgres")
    program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, str(folder / "pgbouncer.ini")], stdout=log, stderr=log, **somebody())
    through = url.replace(f":{urlsplit(url).port}/", f":{port}/")
    try:
        await_ready(lambda: _lets_in(through), process, folder / "log", START_SECONDS)
        yield through
    finally:
        process.kill()
        process.wait(END_SECONDS)
        shutil.rmtree(folder)


def _lets_in(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
