"""What a Prometheus would have scraped from a simulated life."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

Change = tuple[int, float | None]
"""The number of a scrape, and the value a series has from then on; ``None``: it has none."""

INTEGRATION = 'integration="acme"'

_LABEL = re.compile(r'(\w+)="([^"]*)"')
_LEFT_OUT = ("_bucket", "_sum", "_count", "_created")


class Samples:
    """A sample a scrape; of each series only the changes are kept. Timestamps are seconds since ``began``."""

    def __init__(self, began: float, seconds: float) -> None:
        self.began = began
        self.seconds = seconds
        self.scrapes = 0
        self.changes: defaultdict[str, list[Change]] = defaultdict(list)
        self._values: dict[str, str] = {}
        self._notations: dict[str, str | None] = {}

    def scrape(self, page: str) -> None:
        """One more scrape."""
        values: dict[str, str] = {}
        for line in page.splitlines():
            series, _, value = line.rpartition(" ")
            notation = self._notation(series)
            if notation is not None:
                values[notation] = value
        for notation, value in values.items():
            if self._values.get(notation) != value:
                moved = self.began if "timestamp_seconds" in notation else 0.0
                self.changes[notation].append((self.scrapes, float(value) - moved))
        for notation in self._values.keys() - values.keys():
            self.changes[notation].append((self.scrapes, None))
        self._values = values
        self.scrapes += 1

    def repeat(self) -> None:
        """One more scrape that finds what the last one found."""
        self.scrapes += 1

    def _notation(self, series: str) -> str | None:
        """A series as promtool takes it, ``None`` for a line of something else."""
        if series not in self._notations:
            name, brace, labels = series.partition("{")
            is_wanted = brace and name.startswith("hubspot_salesforce_") and not name.endswith(_LEFT_OUT)
            target = '{job="hubspot-salesforce",instance="exporter",'
            self._notations[series] = f"{name}{target}{labels}" if is_wanted else None
        return self._notations[series]

    def of(self, name: str) -> Mapping[str, Sequence[Change]]:
        """The changes of each series of a metric."""
        return {one: changes for one, changes in self.changes.items() if one.startswith(f"hubspot_salesforce_{name}{{")}

    def newest(self, name: str, **labels: str) -> float | None:
        """The value that the one series with these labels had at the last scrape, ``None`` if it had none."""
        found = [changes[-1][1] for one, changes in self.of(name).items() if labels.items() <= labels_of(one).items()]
        told = [value for value in found if value is not None]
        assert len(told) <= 1, found
        return told[0] if told else None

    def values(self, name: str) -> Mapping[str, set[float | None]]:
        """The values each series of a metric ever had."""
        return {one: {value for _, value in changes} for one, changes in self.of(name).items()}

    def minutes_until(self, name: str, value: float) -> Mapping[str, float]:
        """The minutes until series of a metric, by their label ``reason``, first had a value."""
        return {
            labels_of(one)["reason"]: (min(number for number, now in changes if now == value) + 1) * self.seconds / 60
            for one, changes in self.of(name).items()
            if any(now == value for _, now in changes)
        }

    def grown(self, name: str, *labels: str) -> set[tuple[str, ...]]:
        """Of a metric the series that have counted anything, by these labels."""
        return {
            tuple(labels_of(one)[label] for label in labels) for one, changes in self.of(name).items() if changes[-1][1]
        }

    def longest(self, name: str, value: float) -> int:
        """For how many scrapes in a row any series of a metric has had a value at most."""
        return max(
            (length for row in self.of(name).values() for now, length in self._runs(row) if now == value), default=0
        )

    def duration(self, notation: str, value: float) -> float:
        """For how many seconds in all a series had a value."""
        return self.seconds * sum(length for now, length in self._runs(self.changes[notation]) if now == value)

    def _runs(self, changes: Sequence[Change]) -> Iterator[tuple[float | None, int]]:
        ended = [*changes, (self.scrapes, None)]
        if changes[0][0]:
            yield None, changes[0][0]
        for (number, value), (until, _) in pairwise(ended):
            yield value, until - number

    def input_series(self, integration: str) -> Iterator[dict[str, str]]:
        """For a test of promtool, as those of an integration that is called so."""
        for notation, changes in self.changes.items():
            if INTEGRATION in notation:
                series = notation.replace(INTEGRATION, f'integration="{integration}"')
                yield {"series": series, "values": " ".join(_shorthand(*run) for run in self._runs(changes))}


def labels_of(notation: str) -> dict[str, str]:
    """The labels of a series by name."""
    return dict(_LABEL.findall(notation))


def _shorthand(value: float | None, length: int) -> str:
    """``3x4`` are five samples, ``_x5`` are five gaps."""
    if value is None:
        return f"_x{length}"
    return f"{value:.15g}x{length - 1}" if length > 1 else f"{value:.15g}"
