"""Row e: the same at ten times the size. What is linear comes to 10 ×, what does not depend on the size to 1 ×."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench import polling, scrape
from tests.bench.table import Row, median

FACTOR = 10


@dataclass(frozen=True, slots=True)
class Size:
    """``integrations`` that are scraped, ``polled`` ones that are polled at a load which is the same for both sizes."""

    integrations: int = 1_000
    polled: int = 20
    compression: float = 35.0
    seconds: float = 10.0
    scraped: float = 2.0


def rows(size: Size) -> Iterator[Row]:
    few, many = (_scraped(count, size) for count in (size.integrations, FACTOR * size.integrations))
    names = f"{FACTOR * size.integrations:,} integrations", f"{size.integrations:,}"
    for way in few.by_way:
        seconds = median(many.by_way[way].seconds), median(few.by_way[way].seconds)
        yield Row("e", f"scrape of {names[0]}, {way.name}, p50", seconds[0], "s", names[1], seconds[1])
        holds = median(many.holds[way]), median(few.holds[way])
        yield Row("e", f"event loop held by a scrape of {names[0]}, {way.name}", holds[0], "s", names[1], holds[1])
    yield Row("e", f"RSS, {names[0]}", many.resident, "MiB", names[1], few.resident)
    one, ten = (polling.polled(size.polled * factor, size.compression / factor, size.seconds) for factor in (1, FACTOR))
    what, against = f"CPU a poll of {size.polled * FACTOR} integrations", f"{size.polled} at the same polls a second"
    yield Row("e", what, ten.cpu, "s", against, one.cpu)


def _scraped(integrations: int, size: Size) -> scrape.Measured:
    with tempfile.TemporaryDirectory() as folder:
        ways = (scrape.TEXT, scrape.PROMETHEUS)
        return scrape.measured(
            "exporter", Path(folder), integrations, scrape.Size(seconds=size.scraped, fewest=2, ways=ways)
        )
