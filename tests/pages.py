"""Reads exposition pages as Prometheus does, with prometheus-client's own parsers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import httpx
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

PREFIX = "hubspot_salesforce_"
OPENMETRICS_ACCEPT = "application/openmetrics-text;version=1.0.0"

Series = tuple[str, frozenset[tuple[str, str]]]


class Page:
    """One scrape, checked: it parses, and no series stands on it twice."""

    def __init__(self, text: str, parse: Callable[[str], Any] = text_string_to_metric_families) -> None:
        self.text = text
        self.samples: dict[Series, float] = {}
        for family in parse(text):
            for sample in family.samples:
                series = (sample.name, frozenset(sample.labels.items()))
                assert series not in self.samples, f"{series} stands twice"
                self.samples[series] = sample.value

    def value(self, name: str, **labels: str) -> float | None:
        """The value of one series, ``None`` when it is absent; ``name`` without the common prefix."""
        return self.samples.get((PREFIX + name, frozenset(labels.items())))

    def series(self, **labels: str) -> Mapping[Series, float]:
        """Every series that carries these labels."""
        return {series: value for series, value in self.samples.items() if labels.items() <= dict(series[1]).items()}

    def lines(self, integration: str) -> str:
        """The text of an integration's lines, byte by byte."""
        return "".join(line for line in self.text.splitlines(True) if f'integration="{integration}"' in line)


def openmetrics_page(text: str) -> Page:
    """The same for OpenMetrics, whose parser is the stricter one."""
    return Page(text, openmetrics.text_string_to_metric_families)


async def scrape(http: httpx.AsyncClient) -> Page:
    """What Prometheus would take in; both formats must be good and say the same of the integrations."""
    strict = openmetrics_page((await http.get("/metrics", headers={"Accept": OPENMETRICS_ACCEPT})).text)
    page = await look(http)
    assert {series for series in page.samples if _is_ours(series)} == {
        series for series in strict.samples if _is_ours(series)
    }
    return page


async def look(http: httpx.AsyncClient) -> Page:
    """A scrape in the text format only, for pages that are not in question."""
    return Page((await http.get("/metrics")).text)


def _is_ours(series: Series) -> bool:
    return "integration" in dict(series[1])
