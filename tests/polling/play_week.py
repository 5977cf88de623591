"""A week of a healthy org at the default intervals, played by hand: ``make week``. Fails if anybody was called."""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import stamina
import structlog

from tests.polling.alerts import Expected, complaints
from tests.polling.habits import DAY, HEALTHY, WEEK
from tests.polling.samples import Samples, labels_of
from tests.polling.week import NAME, Life, living, newcomers

SCRAPE = 60.0
EVALUATED = 2
"""Minutes."""


async def live(folder: Path) -> Life:
    """All seven days; how far it has got is said after each."""
    began = time.monotonic()
    async with living(newcomers(folder, {}), HEALTHY, 0, SCRAPE) as life:
        for day in range(1, WEEK // DAY + 1):
            await life.until(day * DAY)
            sys.stderr.write(f"day {day} of 7 lived, after {time.monotonic() - began:.0f} s\n")
    return life


def report(life: Life) -> Iterator[str]:
    """What it was like, a line a thing."""
    polls = Counter(life.polls)
    yield f"polls         {polls.total():,}: " + ", ".join(f"{name} {count:,}" for name, count in polls.most_common())
    yield "calls a day   " + ", ".join(
        f"{api} {total / 7:,.0f}" for api, total in sorted(_requests(life.samples).items())
    )
    yield "failed reads  " + (", ".join(_failures(life.samples)) or "none")
    yield f"down          no source for more than {life.samples.longest('source_up', 0) * SCRAPE / 60:.0f} min"
    yield "parts missing " + (", ".join(_missing(life.samples)) or "none")
    yield "conditions    " + (", ".join(held(life.samples)) or "none held")


def _requests(samples: Samples) -> dict[str, float]:
    requests = samples.of("upstream_requests_total").items()
    return {labels_of(series)["api"]: changes[-1][1] or 0.0 for series, changes in requests if changes[-1][1]}


def _failures(samples: Samples) -> Iterator[str]:
    """How often, by source and kind."""
    for series, changes in samples.of("source_errors_total").items():
        labels, count = labels_of(series), changes[-1][1]
        if count:
            yield f"{labels['source']} {labels['kind']} {count:,.0f}"


def _missing(samples: Samples) -> Iterator[str]:
    for series in samples.of("source_part_up"):
        labels = labels_of(series)
        hours = samples.duration(series, 0) / 3600
        if hours:
            yield f"{labels['source']} {labels['part']} {hours:,.1f} h"


def held(samples: Samples) -> Iterator[str]:
    """The reasons whose condition was ever 1."""
    for reason, minutes in samples.minutes_until("suspension_condition", 1).items():
        yield f"{reason} (first after {minutes / 60:.1f} h)"


def main() -> int:
    """Prints the summary; 1 if a condition held or an alert fired."""
    stamina.set_testing(True, attempts=100, cap=True)  # as often as in production, but at once
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory() as folder:
        life = asyncio.run(live(Path(folder)))
        sys.stdout.write("\n".join(["A week of a healthy org at the default intervals", *report(life), ""]))
        fired = complaints({NAME: (life.samples, Expected())}, Path(folder), EVALUATED)
    sys.stdout.write(f"alerts        {fired or 'none fired'}\n")
    return 1 if fired or list(held(life.samples)) else 0


if __name__ == "__main__":
    sys.exit(main())
