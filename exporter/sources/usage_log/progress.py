"""Whether reading gets on. Pure.

A file that cannot be read leaves the source up, with a part that is missing. Where nothing at all could be read the
source is down. So it is when nothing new is read any more, though there are newer files than those that were, for
``INTERVALS`` of the source's own (as long as its readings hold) and for no less than files may be late: until then what
was read still counts, afterwards it only ages.
"""

from __future__ import annotations

from collections.abc import Iterable

from exporter.sources.usage_log.coverage import MOST_LATE
from exporter.sources.usage_log.log_file import LogFile
from exporter.sources.usage_log.payload import Memory

INTERVALS = 3
"""As long as a reading holds."""


def failing_since(old: Memory, files: Iterable[LogFile], now: float) -> float | None:
    """What ``Memory`` keeps by this name, after a poll that has left these files."""
    files = list(files)
    before, after = _read_until(old.files), _read_until(files)
    if not any(file.calls is None and file.end > after for file in files):
        return None
    if old.failing_since is None or after > before:
        return now
    return old.failing_since


def is_down(memory: Memory, interval: float, now: float) -> bool:
    """Whether what cannot be read is the source, not a part of it."""
    if all(file.calls is None for file in memory.files):
        return True
    return memory.failing_since is not None and now - memory.failing_since >= max(INTERVALS * interval, MOST_LATE)


def _read_until(files: Iterable[LogFile]) -> int:
    return max((file.end for file in files if file.calls is not None), default=0)
