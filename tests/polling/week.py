"""A simulated week: the service in its default configuration against one org, on a clock that moves by itself."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from exporter.demo.simulator.org import Org
from exporter.service import Service
from tests.clocks import ManualClock
from tests.polling.habits import Act, Habit

HOUR = 3600.0
MONDAY = datetime(2026, 11, 23, tzinfo=UTC).timestamp()
ROUND = 900.0
"""HubSpot looks every 15 minutes."""
SCRAPE = 300.0

_SAMPLE = re.compile(r"(?P<name>hubspot_salesforce_\w+)\{(?P<labels>.*)\} (?P<value>\S+)$")
_LEFT_OUT = ("_bucket", "_sum", "_count", "_created")


class LoneClock(ManualClock):
    """Moves on by itself when somebody sleeps: nobody else is there who could have work to do meanwhile."""

    async def sleep(self, seconds: float) -> None:
        self.advance(max(0.0, seconds))


@dataclass
class Samples:
    """What a Prometheus would have scraped, a sample a scrape; times are seconds since the first."""

    began: float
    scrapes: int = 0
    series: defaultdict[str, dict[int, float]] = field(default_factory=lambda: defaultdict(dict))

    def scrape(self, page: str) -> None:
        for line in page.splitlines():
            found = _SAMPLE.match(line)
            if found and not found["name"].endswith(_LEFT_OUT):
                moved = self.began if "timestamp_seconds" in found["name"] else 0.0
                notation = f'{found["name"]}{{job="hubspot-salesforce",instance="exporter",{found["labels"]}}}'
                self.series[notation][self.scrapes] = float(found["value"]) - moved
        self.scrapes += 1

    def of(self, name: str) -> Mapping[str, set[float]]:
        """The values each series of a metric ever had."""
        wanted = f"hubspot_salesforce_{name}{{"
        return {one: set(values.values()) for one, values in self.series.items() if one.startswith(wanted)}

    def input_series(self) -> Iterator[dict[str, str]]:
        """For a test of promtool."""
        yield {"series": 'up{job="hubspot-salesforce",instance="exporter"}', "values": f"1x{self.scrapes}"}
        for notation, values in self.series.items():
            row = (values.get(number) for number in range(self.scrapes))
            yield {"series": notation, "values": " ".join(_shorthand(row))}


def _shorthand(row: Iterable[float | None]) -> Iterator[str]:
    for value, run in groupby(row):
        more = len(list(run)) - 1
        text = "_" if value is None else f"{value:.15g}"
        yield f"{text}x{more}" if value is not None and more else f"_x{more + 1}" if value is None else text


@dataclass(frozen=True)
class Life:
    """A service and the org it watches; the habits of that org."""

    service: Service
    org: Org
    clock: ManualClock
    habits: tuple[Habit, ...]

    async def between(self, begin: float, end: float) -> Samples:
        """Polls what is due when it is due, and acts, rounds and scrapes in between; hours of the week."""
        samples = Samples(MONDAY + begin * HOUR)
        for moment, do in sorted(self._events(begin, end, samples), key=lambda event: event[0]):
            await self._poll_until(moment)
            do(self.org)
        return samples

    def _events(self, begin: float, end: float, samples: Samples) -> Iterator[tuple[float, Act]]:
        first, seconds = MONDAY + begin * HOUR, (end - begin) * HOUR
        for habit in self.habits:
            for hour, act in habit.acts.items():
                if begin <= hour < end:
                    yield MONDAY + hour * HOUR, act
        for number in range(int(seconds / ROUND)):
            yield first + number * ROUND + 7, Org.tick
        for number in range(1, int(seconds / SCRAPE) + 1):
            yield first + number * SCRAPE, lambda _org: samples.scrape(self._page())

    def _page(self) -> str:
        return self.service.exposition.page("")[0].decode()

    async def _poll_until(self, moment: float) -> None:
        poller = self.service.poller
        while (due_at := poller.due_at(target := min(poller.targets, key=poller.due_at))) < moment:
            self.clock.advance(max(0.0, due_at - self.clock.time()))
            assert await poller.poll(target)
        self.clock.advance(max(0.0, moment - self.clock.time()))


def settings_of(habits: Iterable[Habit]) -> dict[str, Any]:
    """What the simulated org is made with."""
    return {key: value for habit in habits for key, value in habit.settings.items()}
