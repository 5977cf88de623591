"""Row c: how many notifications a second are committed, and how soon after one the first request goes out."""

from __future__ import annotations

import contextlib
import itertools
import json
import queue
import random
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import sqlalchemy as sa

from exporter.demo.processes import free_port
from tests.bench.bridge import CATEGORY, TOKEN, Bridge, running_bridge
from tests.bench.machine import pin
from tests.bench.process import Process, running
from tests.bench.table import Row, Target, median, percentile
from tests.bench.wire import Wire
from tests.e2e.postgresql import running_server
from tests.remediation.payloads import notification, sync_errors

WEBHOOK = "/alertmanager/webhook"
WEBHOOK_TOKEN = "a-webhook-token"
_NUMBERS = itertools.count(1)

SOON = Target(0.2)
"""Seconds from the POST to the first request to the bridge, 99 of 100 times."""

LINES = 8
"""Connections that send notifications at once: a pair of Alertmanagers with their groups."""

IDLE = (0.03, 0.13)
"""Seconds between two notifications of an idle exporter: at any moment of whatever it does by the clock."""

LONGEST = 30.0
"""Seconds until a request that has not come counts as that late."""


@dataclass(frozen=True, slots=True)
class Size:
    """``posts`` to an idle exporter, ``seconds`` of as many as can be, and a payload of so many ``alerts``."""

    posts: int = 150
    seconds: float = 4.0
    alerts: int = 1_000


def rows(size: Size, *, with_postgresql: bool = True) -> Iterator[Row]:
    """Of a process with SQLite, then of one with PostgreSQL."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _of_store("SQLite", Path(folder), "sqlite:///bench.db", size)
    if with_postgresql:
        with running_server() as server, tempfile.TemporaryDirectory() as folder:
            yield from _of_store("PostgreSQL", Path(folder), server.new_database(), size)


def _of_store(name: str, folder: Path, store: str, size: Size) -> Iterator[Row]:
    with running_bridge() as bridge, _exporter(folder, store, bridge) as process:
        answered, listed, resynced = _idle(process, bridge, size.posts)
        answer = median(answered)
        for share, word in ((0.5, "p50"), (0.99, "p99")):
            target = SOON if word == "p99" else None
            against = "POST → 202, p50"
            what = f"POST → first upstream request, idle, {name}, {word}"
            yield Row("c", what, percentile(listed, share), "s", against, answer, target)
            yield Row(
                "c", what.replace("upstream", "resync"), percentile(resynced, share), "s", against, answer, target
            )
        one, many = _payload_seconds(process, 1), _payload_seconds(process, size.alerts)
        yield Row("c", f"{size.alerts} alerts in one payload, {name}", many, "s", "one alert", one)
        rate = _rate(process, size.seconds)
    commits = _commits(folder, store, size.seconds / 4)
    what, against = f"notifications committed, {name}", "bare commits of one row, one after the other"
    yield Row("c", what, rate, "1/s", against, commits, inverse=False)


@contextlib.contextmanager
def _exporter(folder: Path, store: str, bridge: Bridge) -> Iterator[Process]:
    (folder / "webhook-token").write_text(WEBHOOK_TOKEN)
    (folder / "bridge-token").write_text(TOKEN)
    entry = {"name": "acme", "sync_health": {"url": f"http://127.0.0.1:{bridge.port}", "token_file": "bridge-token"}}
    config = {"store": store, "integrations": [entry], "remediation": {"webhook_token_file": "webhook-token"}}
    file, port = folder / "exporter.yml", free_port()
    file.write_text(json.dumps(config))
    serve = ["-m", "exporter", "serve", f"--config.file={file}", f"--web.listen-address=127.0.0.1:{port}"]
    with running([*serve, "--log.level=error"], folder, port) as process:
        pin(process.pid, 0)
        yield process


def payload(alerts: int = 1, integration: str = "acme") -> bytes:
    """Alerts that no notification has told of yet; each makes a job."""
    fresh = [
        sync_errors(CATEGORY, integration=integration, fingerprint=f"{next(_NUMBERS):016x}") for _ in range(alerts)
    ]
    return json.dumps(notification(*fresh)).encode()


def post(wire: Wire, body: bytes) -> float:
    """Seconds until 202."""
    began = time.monotonic()
    answer = wire.post(WEBHOOK, body, Authorization=f"Bearer {WEBHOOK_TOKEN}", Content_Type="application/json")
    assert answer.status == 202, answer
    return time.monotonic() - began


def _idle(process: Process, bridge: Bridge, posts: int) -> tuple[list[float], list[float], list[float]]:
    """Seconds to the answer, to the request for the errors and to that for their resync, of each notification."""
    answered, listed, resynced = [], [], []
    pauses = random.Random(1)
    with contextlib.closing(Wire(process.port)) as wire:
        for _ in range(posts):
            began = time.monotonic()
            answered.append(post(wire, payload()))
            listed.append(_until(bridge, "list", began))
            resynced.append(_until(bridge, "resync", began))
            time.sleep(pauses.uniform(*IDLE))
    return answered, listed, resynced


def _until(bridge: Bridge, what: str, began: float) -> float:
    """Seconds from then to the next request of that kind."""
    while True:
        try:
            kind, moment = bridge.asked.get(timeout=LONGEST)
        except queue.Empty:
            return LONGEST
        if kind == what and moment >= began:
            return moment - began


def _payload_seconds(process: Process, alerts: int) -> float:
    with contextlib.closing(Wire(process.port)) as wire:
        return post(wire, payload(alerts))


def _rate(process: Process, seconds: float) -> float:
    """Notifications a second, each with one new alert, from several senders at once; its jobs are worked off
    meanwhile."""
    ends_at, sent = time.monotonic() + seconds, [0] * LINES

    def send(line: int) -> None:
        with contextlib.closing(Wire(process.port)) as wire:
            while time.monotonic() < ends_at:
                post(wire, payload())
                sent[line] += 1

    began = time.monotonic()
    threads = [threading.Thread(target=send, args=(line,)) for line in range(LINES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(sent) / (time.monotonic() - began)


def _commits(folder: Path, store: str, seconds: float) -> float:
    """Commits a second of one small row, by the driver alone, as durable as the exporter's."""
    url = sa.make_url(store)
    if url.drivername == "sqlite":
        connection = contextlib.closing(sqlite3.connect(folder / "commits.db", isolation_level=None))
        with connection as own:
            own.execute("PRAGMA journal_mode=WAL")
            own.execute("PRAGMA synchronous=FULL")
            own.execute("CREATE TABLE commits (line TEXT)")
            return _counted(lambda: own.execute("INSERT INTO commits VALUES ('one')"), seconds)
    with psycopg.connect(store, autocommit=True) as server:
        server.execute("CREATE TABLE commits (line TEXT)")
        return _counted(lambda: server.execute("INSERT INTO commits VALUES ('one')"), seconds)


def _counted(act: Callable[[], object], seconds: float) -> float:
    done, began = 0, time.monotonic()
    while time.monotonic() < began + seconds:
        act()
        done += 1
    return done / (time.monotonic() - began)
