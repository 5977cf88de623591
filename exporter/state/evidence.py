"""What speaks for or against a reason for a suspension. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from exporter.state.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one source saw at one time, for or against a cause; ``as_of`` is when that was true, if not then.
    ``of_own_user``: it was refused to the exporter's own user in Salesforce, and perhaps to that one alone."""

    at: float
    holds: bool
    source: str
    detail: str
    as_of: float | None = None
    of_own_user: bool = False

    @property
    def true_at(self) -> float:
        """When what it tells of was so; a statement that lies ahead is from a wrong clock."""
        return self.at if self.as_of is None else min(self.as_of, self.at)


Channel = Callable[[Snapshot, float], Iterable[Evidence]]
"""One kind of evidence: all there is of it in a snapshot at a time, in any order."""
