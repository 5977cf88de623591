"""What a pod asks of its node, by the number of integrations. The one table.

Measured at default intervals on two cores of an x86 server: one integration takes 84 MiB of memory, 1,000 take 155 MiB
once all of them were polled; a poll costs 3 to 5 ms of CPU, and an integration has one every 20 seconds. Asked for is
about twice as much of both. The limit is twice the memory asked for, as exported files, a
day's event log and compressed answers come and go. CPU has none: one that is reached makes scrapes and polls late while
the node idles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Size:
    """Good for up to so many ``integrations``; quantities as Kubernetes writes them. ``disk`` is SQLite's."""

    integrations: int
    cpu: str
    memory: str
    memory_limit: str
    disk: str


SIZES = (
    Size(10, cpu="50m", memory="160Mi", memory_limit="320Mi", disk="1Gi"),
    Size(100, cpu="100m", memory="192Mi", memory_limit="384Mi", disk="2Gi"),
    Size(500, cpu="250m", memory="256Mi", memory_limit="512Mi", disk="5Gi"),
    Size(1000, cpu="500m", memory="384Mi", memory_limit="768Mi", disk="10Gi"),
)
"""From small to large."""

LARGEST = SIZES[-1].integrations


def size_of(integrations: int) -> Size:
    """The smallest that is large enough; raises ``ValueError`` beyond the largest."""
    for size in SIZES:
        if integrations <= size.integrations:
            return size
    raise ValueError(f"{integrations} integrations are more than one exporter was measured with ({LARGEST})")


def resources(size: Size) -> dict[str, Any]:
    return {"requests": {"cpu": size.cpu, "memory": size.memory}, "limits": {"memory": size.memory_limit}}
