"""Row a: what a scrape costs, beside a plain collector and beside the same bytes from memory."""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import exporter.web.app  # noqa: F401  for LIBRARY
from exporter.demo.processes import free_port
from tests.bench.machine import pin
from tests.bench.process import Process, running
from tests.bench.table import Row, Target, median, percentile
from tests.bench.webhook import payload, post
from tests.bench.wire import Answer, Wire
from tests.e2e.load import org_names

POLLED = 20
"""Integrations that are polled, once a second, while the others stand still."""

WEBHOOKS_EVERY = 0.2
"""Seconds between two of them."""

LIBRARY = "isal" if "isal" in sys.modules else "zlib"
"""What the exporter packs with: it is imported with the application that serves it."""

SLOW = 1_000
"""Integrations from which on a plain collector takes seconds."""

LIKE_MEMORY = Target(1.3, of_ratio=True)
PLAIN_FASTER = Target(20.0, at_most=False, of_ratio=True)
HOLD = Target(0.010)
LIKE_WHOLE = Target(2.0, of_ratio=True)

ACCEPT = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
"""What Prometheus sends, with gzip."""


@dataclass(frozen=True, slots=True)
class Way:
    """How it is asked for the page: whole, or in so many shards one after the other."""

    openmetrics: bool
    packed: bool
    shards: int = 1

    @property
    def name(self) -> str:
        parts = f" in {self.shards} parts" if self.shards > 1 else ""
        return f"{'OpenMetrics' if self.openmetrics else 'text'} {'gzip' if self.packed else 'plain'}{parts}"

    @property
    def headers(self) -> dict[str, str]:
        accept = ACCEPT if self.openmetrics else "text/plain"
        return {"Accept": accept, "Accept_Encoding": "gzip" if self.packed else "identity"}

    @property
    def paths(self) -> Sequence[str]:
        if self.shards == 1:
            return ("/metrics",)
        return tuple(f"/metrics?shard={number}/{self.shards}" for number in range(1, self.shards + 1))


WAYS = tuple(Way(openmetrics, packed) for openmetrics in (False, True) for packed in (False, True))
TEXT, PROMETHEUS = WAYS[0], WAYS[-1]
IN_PARTS = tuple(replace(PROMETHEUS, shards=shards) for shards in (4, 10))


@dataclass(frozen=True, slots=True)
class Size:
    """``seconds`` for each way to ask each kind of process, but ``fewest`` scrapes at least."""

    integrations: Sequence[int] = (1, 100, 1_000, 5_000)
    seconds: float = 2.0
    fewest: int = 3
    ways: Sequence[Way] = WAYS
    in_parts: Sequence[Way] = IN_PARTS


@dataclass(frozen=True, slots=True)
class Scraped:
    """Scrapes of one process in one way: seconds each, CPU seconds of the process each, and bytes of the last."""

    seconds: tuple[float, ...]
    cpu: float
    length: int


@dataclass(frozen=True, slots=True)
class Watched:
    """What else happened while a process was scraped: how late polls began, and how long webhooks took, in seconds."""

    behind: tuple[float, ...]
    webhooks: tuple[float, ...]


NOTHING = Watched((), ())


@dataclass(frozen=True, slots=True)
class Measured:
    """One kind of process, while it is scraped and while it is not; how long its event loop was held at most during
    each scrape, in seconds; what it holds in memory, in MiB. Of the exporter also what the first scrape costs after
    half of the fleet was polled."""

    by_way: dict[Way, Scraped]
    polled_since: dict[Way, Scraped]
    holds: dict[Way, tuple[float, ...]]
    watched: Watched
    idle: Watched
    resident: float


def rows(size: Size) -> Iterator[Row]:
    for integrations in size.integrations:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            ours = measured("exporter", folder, integrations, size)
            yield from _compared(
                integrations,
                ours,
                measured(LIBRARY, folder, integrations, size),
                measured("collector", folder, integrations, _patiently(size, integrations)),
            )


def _patiently(size: Size, integrations: int) -> Size:
    """What a plain collector takes seconds for is not asked of it as often."""
    if integrations < SLOW:
        return size
    return replace(size, seconds=0.0, fewest=2 if integrations == SLOW else 1, ways=(TEXT, PROMETHEUS))


def _compared(integrations: int, ours: Measured, memory: Measured, collector: Measured) -> Iterator[Row]:
    title = f"{integrations:,} integration{'s' if integrations > 1 else ''}"
    for way, scraped in ours.by_way.items():
        what = f"scrape of {title}, {way.name}"
        if way.shards > 1:
            yield from _beside_the_whole(what, ours, way, LIKE_WHOLE if integrations == 5_000 else None)
            continue
        same, plain = memory.by_way[way], collector.by_way.get(way)
        bytes_ = f"same bytes from memory{f', packed by {LIBRARY}' if way.packed else ''}"
        aims = (LIKE_MEMORY, PLAIN_FASTER) if integrations == 1_000 and way in (TEXT, PROMETHEUS) else (None, None)
        p50 = median(scraped.seconds)
        name = "scrape" if way == PROMETHEUS else ""
        yield Row("a", f"{what}, p50", p50, "s", bytes_, median(same.seconds), aims[0], False, name, integrations)
        if plain is not None:
            yield Row("a", f"{what}, p50", p50, "s", "plain collector", median(plain.seconds), aims[1], inverse=True)
        yield Row("a", f"{what}, p99", percentile(scraped.seconds), "s", bytes_, percentile(same.seconds))
        name = "CPU" if way == PROMETHEUS else ""
        yield Row("a", f"{what}, CPU", scraped.cpu, "s", bytes_, same.cpu, None, False, name, integrations)
        if since := ours.polled_since.get(way):
            what = f"{what}, half of them polled since"
            yield Row("a", f"{what}, p50", median(since.seconds), "s", bytes_, median(same.seconds))
        size = {TEXT: "page", PROMETHEUS: "packed"}.get(way, "")
        yield Row("a", f"{what}, bytes", scraped.length / 1e6, "MB", measure=size, integrations=integrations)
    yield Row(
        "a", f"RSS, {title}, scraped", ours.resident, "MiB", "plain collector", collector.resident,
        measure="RSS", integrations=integrations,
    )  # fmt: skip
    yield from _holds(title, integrations, ours, memory)
    for what, busy, idle in (
        (f"webhook while {title} are scraped, p99", ours.watched.webhooks, ours.idle.webhooks),
        (f"poll's start behind schedule while {title} are scraped, p99", ours.watched.behind, ours.idle.behind),
    ):
        if busy:
            yield Row("a", what, percentile(busy), "s", "while nobody scrapes", percentile(idle))


def _beside_the_whole(what: str, ours: Measured, way: Way, target: Target | None) -> Iterator[Row]:
    """All parts together beside the page they are parts of; to each request belongs a millisecond, whatever it asks."""
    parts, whole = ours.by_way[way], ours.by_way[replace(way, shards=1)]
    yield Row("a", f"{what}, p50 of all", median(parts.seconds), "s", "whole", median(whole.seconds))
    yield Row("a", f"{what}, CPU of all", parts.cpu, "s", "whole", whole.cpu, target)
    yield Row("a", f"{what}, bytes of all", parts.length / 1e6, "MB", "whole", whole.length / 1e6)
    since, whole = ours.polled_since[way], ours.polled_since[replace(way, shards=1)]
    what = f"{what}, half of them polled since, p50 of all"
    yield Row("a", what, median(since.seconds), "s", "whole", median(whole.seconds))


def _holds(title: str, integrations: int, ours: Measured, memory: Measured) -> Iterator[Row]:
    """By each way to ask."""
    for way, holds in ours.holds.items():
        same = memory.holds.get(way, ())
        what = f"event loop held by a scrape of {title}, {way.name}"
        against = "same bytes from memory" if same else ""
        target = HOLD if integrations == 5_000 else None
        name = "held" if way == PROMETHEUS else ""
        yield Row("a", f"{what}, p50 of the longest", median(holds), "s", against, median(same))
        yield Row(
            "a", f"{what}, longest of all", max(holds, default=None), "s", against, max(same, default=None),
            target, False, name, integrations,
        )  # fmt: skip


def measured(kind: str, folder: Path, integrations: int, size: Size) -> Measured:
    with serving(kind, folder, integrations) as process:
        ways = (*size.ways, *size.in_parts) if kind == "exporter" else size.ways
        by_way = {way: _scraped(process, way, size) for way in ways}
        resident = process.resident_mebibytes
        if kind == "collector":
            return Measured(by_way, {}, {}, NOTHING, NOTHING, resident)
        if kind == "exporter":
            _keep_pages(process, folder)
        holds = {way: _held(process, way, size) for way in ways}
        if kind != "exporter":
            return Measured(by_way, {}, holds, NOTHING, NOTHING, resident)
        often = (way for way in ways if way in (TEXT, PROMETHEUS, *size.in_parts))
        polled_since = {way: _scraped(process, way, size, _poll_half) for way in often}
        name = org_names(integrations)[-1]
        idle = _disturbed(process, name, lambda: time.sleep(2 * size.seconds))
        busy = _disturbed(process, name, lambda: _spans(process, PROMETHEUS, replace(size, seconds=2 * size.seconds)))
        return Measured(by_way, polled_since, holds, Watched(*busy), Watched(*idle), resident)


def _keep_pages(process: Process, folder: Path) -> None:
    """For those it is held against."""
    with contextlib.closing(Wire(process.port)) as wire:
        for way in WAYS:
            if not way.packed:
                name = "page.openmetrics" if way.openmetrics else "page.txt"
                (folder / name).write_bytes(_whole(wire.get("/metrics", **way.headers)).body)


@contextlib.contextmanager
def serving(kind: str, folder: Path, integrations: int) -> Iterator[Process]:
    """On a core of its own, where there are two."""
    port, polled = free_port(), min(POLLED, integrations // 2)
    module = ["tests.bench.served"] if kind == "exporter" else ["tests.bench.plain", kind]
    arguments = ["-m", *module, str(port), str(integrations), str(polled), str(folder)]
    for leftover in folder.glob("served.db*"):
        leftover.unlink()
    with running(arguments, folder, port, ready="/bench/ready") as process:
        pin(process.pid, 0)
        yield process


def _nothing(_wire: Wire) -> None:
    """Between two scrapes."""


def _poll_half(wire: Wire) -> None:
    wire.post("/bench/poll", b"")


def _scraped(process: Process, way: Way, size: Size, between: Callable[[Wire], None] = _nothing) -> Scraped:
    with contextlib.closing(Wire(process.port)) as wire:
        if size.fewest > 1:
            # The first is another thing: it makes what the others find.
            _all(wire, way)
        seconds: list[float] = []
        before, ends_at = process.cpu_seconds, time.monotonic() + size.seconds
        length = 0
        while len(seconds) < size.fewest or time.monotonic() < ends_at:
            between(wire)
            began = time.perf_counter()
            length = _all(wire, way)
            seconds.append(time.perf_counter() - began)
        return Scraped(tuple(seconds), (process.cpu_seconds - before) / len(seconds), length)


def _all(wire: Wire, way: Way) -> int:
    """Asks for all there is; how many bytes came."""
    return sum(len(_whole(wire.get(path, **way.headers)).body) for path in way.paths)


def _whole(answer: Answer) -> Answer:
    assert answer.status == 200, answer.status
    assert answer.body
    return answer


def _held(process: Process, way: Way, size: Size) -> tuple[float, ...]:
    """How long the event loop was held at most during each scrape, while nothing else happens."""
    with contextlib.closing(Wire(process.port)) as control:
        control.post("/bench/watch?polls=0", b"")
        spans = _spans(process, way, size)
        holds = json.loads(control.post("/bench/watched", b"").body)["holds"]
    return tuple(
        max((held for at, held in holds if began <= at <= ended + held), default=0.0) for began, ended in spans
    )


def _disturbed(
    process: Process, integration: str, act: Callable[[], object]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """How late polls began meanwhile, and how long webhooks took."""
    with contextlib.closing(Wire(process.port)) as control:
        control.post("/bench/watch?polls=1", b"")
        with _webhooks(process, integration) as webhooks:
            act()
        behind = json.loads(control.post("/bench/watched", b"").body)["behind"]
    return tuple(behind), tuple(webhooks)


def _spans(process: Process, way: Way, size: Size) -> list[tuple[float, float]]:
    """When each scrape began and ended, one after the other; of parts each."""
    spans: list[tuple[float, float]] = []
    ends_at = time.monotonic() + size.seconds
    with contextlib.closing(Wire(process.port)) as wire:
        while len(spans) < size.fewest or time.monotonic() < ends_at:
            for path in way.paths:
                began = time.monotonic()
                _whole(wire.get(path, **way.headers))
                spans.append((began, time.monotonic()))
    return spans


@contextlib.contextmanager
def _webhooks(process: Process, integration: str) -> Iterator[list[float]]:
    """Sent one after the other, a few a second; how long each took."""
    took: list[float] = []
    over = threading.Event()

    def send() -> None:
        with contextlib.closing(Wire(process.port)) as wire:
            while not over.wait(WEBHOOKS_EVERY):
                took.append(post(wire, payload(integration=integration)))

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield took
    finally:
        over.set()
        thread.join()
