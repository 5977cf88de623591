"""Which part of the program uses the CPU: looked at a thousand times a second of CPU time, at almost no cost."""

from __future__ import annotations

import contextlib
import signal
import time
from collections import defaultdict
from collections.abc import Iterator
from types import FrameType

EVERY = 0.001
"""CPU seconds between two looks."""

THREADS = "store, in its thread"
REST = "the rest"
PARTS = (
    ("checking answers", ("/jsonschema/", "/exporter/schemas/", "/referencing/")),
    ("JSON", ("/json/", "/orjson/")),
    ("HTTP", ("/httpx/", "/httpcore/", "/h11/", "/anyio/", "/sniffio/", "/aiohttp/", "/httpx_aiohttp/", "/stamina/",
              "/exporter/clients/", "/ssl.py", "/yarl/", "/multidict/", "/urllib/")),
    ("store", ("/sqlalchemy/", "/sqlite3/", "/psycopg/", "/exporter/store/")),
    ("exposition", ("/exporter/exposition/",)),
    ("state", ("/exporter/state/", "/exporter/model/")),
    ("sources", ("/exporter/sources/", "/exporter/exports/")),
    ("scheduling", ("/exporter/polling/",)),
    ("metrics", ("/prometheus_client/", "/exporter/self_metrics")),
    ("event loop", ("/asyncio/", "/selectors.py", "/uvloop/")),
)  # fmt: skip
"""The innermost frame that is of a part says which it is."""


class Parts:
    """CPU seconds by part since it began."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._seen = time.thread_time()

    def look(self, _signal: int, frame: FrameType | None) -> None:
        """What the main thread has used since the last look is put down to what it is at."""
        now = time.thread_time()
        self.seconds[part_of(frame)] += now - self._seen
        self._seen = now


def part_of(frame: FrameType | None) -> str:
    while frame is not None:
        file = frame.f_code.co_filename
        for name, folders in PARTS:
            if any(folder in file for folder in folders):
                return name
        frame = frame.f_back
    return REST


@contextlib.contextmanager
def looking() -> Iterator[Parts]:
    """In the main thread; what the others use is the store's, which is who has one."""
    parts = Parts()
    whole, own = time.process_time(), time.thread_time()
    before = signal.signal(signal.SIGPROF, parts.look)
    signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
    try:
        yield parts
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)
        parts.seconds[THREADS] = (time.process_time() - whole) - (time.thread_time() - own)
