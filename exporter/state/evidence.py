"""What speaks for or against a reason for a suspension. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from exporter.state.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one source saw at one time, for or against a cause."""

    at: float
    holds: bool
    source: str
    detail: str


Channel = Callable[[Snapshot, float], Iterable[Evidence]]
"""One kind of evidence: all there is of it in a snapshot at a time, in any order."""
