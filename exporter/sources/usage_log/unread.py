"""About how many calls stand in log files that could not be read. Pure.

Facts: ``LogFileLength`` is the length of the file in bytes (Salesforce Object Reference, *EventLogFile*). A file is
made only for an hour or day in which there was an event (REST guide, *Using Event Monitoring*): one whose length is 0
tells of no hour without calls, but of calls that are not in it. In an audited org a row took 313 bytes.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from math import ceil

from exporter.sources.usage_log.log_file import HOUR, LogFile

ROW_BYTES = 313


@dataclass(frozen=True, slots=True)
class Density:
    """``per_byte`` calls stood in the files that were read; ``largest`` are the calls of the largest, by interval."""

    per_byte: float
    largest: dict[str, int]

    @classmethod
    def of(cls, files: Collection[LogFile]) -> Density:
        largest: dict[str, int] = {}
        calls = length = 0.0
        for file in files:
            if file.calls is None:
                continue
            total = sum(app.total for app in file.calls)
            largest[file.interval] = max(total, largest.get(file.interval, 0))
            if file.length:
                calls, length = calls + total, length + file.length
        return cls(calls / length if calls and length else 1 / ROW_BYTES, largest)

    def calls(self, file: LogFile, hours: int) -> int | None:
        """In so many hours of a file: by its length; where that is 0 or not told, as many as in the largest of its
        kind, ``None`` where none was read."""
        total = self.per_byte * file.length if file.length else self.largest.get(file.interval)
        return None if total is None else max(1, ceil(total * hours * HOUR / (file.end - file.start)))
