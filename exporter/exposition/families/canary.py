"""What the blackbox probe of the sync has shown, by direction."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from exporter.exposition.families.entry import COUNTER, HISTOGRAM, Families, Known, Sample
from exporter.model import CanaryRounds


def _samples(known: Known) -> Iterator[Sample]:
    """Counters and histogram are there from the beginning, at 0; success only where rounds have shown it."""
    for canary in known.parts(CanaryRounds):
        yield "canary_objective_ratio", {}, canary.objective
        for one in canary.directions:
            way = {"direction": one.direction}
            if one.success is not None:
                yield "canary_success", way, float(one.success)
            for outcome, count in one.rounds:
                yield "canary_rounds_total", {**way, "outcome": outcome}, float(count)
            for bound, count in one.latencies:
                yield "canary_latency_seconds_bucket", {**way, "le": _bound(bound)}, float(count)
            if one.latencies:
                yield "canary_latency_seconds_count", way, float(one.latencies[-1][1])
                yield "canary_latency_seconds_sum", way, one.latency_sum


def _bound(seconds: float) -> str:
    """As both formats write it."""
    return "+Inf" if seconds == inf else repr(seconds)


FAMILIES = Families(
    help={
        "canary_objective_ratio": "Share of time in which the canary should succeed, over 30 days.",
        "canary_success": "1 if the last round of the canary arrived within its deadline.",
        "canary_rounds_total": "Rounds of the canary, by how they ended.",
        "canary_latency_seconds": "From writing to arrival; a late round is beyond every bound.",
    },
    samples=_samples,
    kinds={"canary_rounds_total": COUNTER, "canary_latency_seconds": HISTOGRAM},
)
