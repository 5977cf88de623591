"""The blocks of a Prometheus that has watched the quiet half day and the bad day."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.dashboards.bad_day import BAD, EVENTS, QUIET
from tests.dashboards.prometheus import Client, backfill, prometheus
from tests.dashboards.recordings import levels, rules, write_level
from tests.dashboards.scrapes import Scrapes, of_replica
from tests.dashboards.story import HOUR, SCRAPE, open_story

EVENING = 1_795_042_800.0
"""2026-11-18 23:00 UTC, when the bad day ends unless somebody wants another time. Not midnight: then HubSpot's calls of
the day begin anew, and are not known until it is asked."""


PAGES: Mapping[str, str] = {"status-page": "/", "integration-page": "/integrations/acme"}
"""The exporter's own pages that are kept as they are at the end, each as ``NAME.html``: their paths."""
SECOND = "127.0.0.2:9951"
"""Where a second replica would have been scraped."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, in seconds."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class History:
    """Where the blocks are, and which time is of which kind."""

    blocks: Path
    ends: float = EVENING

    @property
    def begins(self) -> float:
        return self.ends - (QUIET + BAD) * HOUR

    @property
    def replica(self) -> Path:
        """What a second replica would have shown in the last hour, as OpenMetrics; not in the blocks."""
        return self.blocks / "replica.om"

    @property
    def quiet(self) -> Span:
        """Once everything has been read, until the first thing goes wrong."""
        return Span(self.begins + 1.5 * HOUR, self.begins + QUIET * HOUR)

    @property
    def bad(self) -> Span:
        return Span(self.begins + QUIET * HOUR, self.ends)

    @contextlib.contextmanager
    def prometheus(self, *options: str, config: str = "") -> Iterator[Client]:
        """A Prometheus that knows this history.

        A file of samples cannot say when a series ended, so nothing older than a scrape counts: what Prometheus would
        have marked as stale is stale.
        """
        with prometheus(self.blocks, f"--query.lookback-delta={SCRAPE - 1:.0f}s", *options, config=config) as client:
            yield client

    def make(self, folder: Path) -> None:
        """Lives through it and writes the blocks; ``folder`` takes what leads to them, and the exporter's pages."""
        self.blocks.mkdir(parents=True)
        samples = folder / "samples.om"
        asyncio.run(_live(folder, self.begins, samples))
        backfill(samples, self.blocks)
        with samples.open(encoding="utf-8") as lines, self.replica.open("w", encoding="utf-8") as file:
            file.writelines(of_replica(lines, SECOND, self.ends - HOUR))
        samples.unlink()
        for number, level in enumerate(levels(list(rules()))):
            recorded = folder / f"recorded-{number}.om"
            with self.prometheus() as client, recorded.open("w", encoding="utf-8") as file:
                write_level(level, client, self.begins, self.ends, file)
            backfill(recorded, self.blocks)
            recorded.unlink()


async def _live(folder: Path, begins: float, samples: Path) -> None:
    scrapes = Scrapes(samples.open("w", encoding="utf-8"), begins)
    try:
        async with open_story(folder, begins) as story:
            await story.live(QUIET + BAD, EVENTS, scrapes)
            for name, path in PAGES.items():
                (folder / f"{name}.html").write_text(await story.page(path), encoding="utf-8")
    finally:
        scrapes.close()
