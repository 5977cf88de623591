"""What Prometheus would have stored: the exporter's pages with the labels of a target, and Prometheus' own series."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TextIO

JOB, INSTANCE = "hubspot-salesforce", "127.0.0.1:9951"
_TARGET = f'instance="{INSTANCE}",job="{JOB}"'
STARTED = "process_start_time_seconds"
_NAME = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{)?")


def of_replica(samples: Iterable[str], instance: str, since: float) -> Iterator[str]:
    """The samples from a time on, as another replica shows them too."""
    for line in samples:
        if line.startswith("#") or float(line[line.rindex(" ") :]) >= since:
            yield line.replace(f'instance="{INSTANCE}"', f'instance="{instance}"')


class Scrapes:
    """Writes scrape after scrape into an OpenMetrics file for ``promtool tsdb create-blocks-from openmetrics``.

    ``started`` is when the process did by the clock of the scrapes; its page tells that of the machine.
    """

    def __init__(self, file: TextIO, started: float) -> None:
        self._file = file
        self._started = repr(started)
        self._targeted: dict[str, str] = {}

    def add(self, page: str | None, at: float, seconds: float) -> None:
        """The page scraped at a time within so many seconds; ``None`` when the scrape failed."""
        samples = [line for line in (page or "").splitlines() if line and not line.startswith("#")]
        for line in samples:
            series, _, value = line.rpartition(" ")
            self._write(series, self._started if series == STARTED else value, at)
        self._write("up", "1" if page is not None else "0", at)
        self._write("scrape_duration_seconds", repr(seconds), at)
        self._write("scrape_samples_scraped", str(len(samples)), at)

    def close(self) -> None:
        self._file.write("# EOF\n")
        self._file.close()

    def _write(self, series: str, value: str, at: float) -> None:
        targeted = self._targeted.get(series)
        if targeted is None:
            targeted = self._targeted[series] = _with_target(series)
        self._file.write(f"{targeted} {value} {at}\n")


def _with_target(series: str) -> str:
    match = _NAME.match(series)
    assert match is not None, series
    name, braces = match[1], match[2]
    return f"{name}{{{_TARGET},{series[match.end() :]}" if braces else f"{name}{{{_TARGET}}}"
