"""What follows from an access check for the causes of a suspension."""

from __future__ import annotations

from exporter.model import Access
from exporter.state.conditions import conditions_of
from exporter.state.reading import Reading
from exporter.state.snapshot import Snapshot


def judged(access: Access) -> dict[str, bool]:
    """Whether each reason that can be judged holds, if this is all that is known."""
    reading = Reading("salesforce_access", 3600.0, 1.0, part=access, succeeded_at=1.0)
    snapshot = Snapshot("acme", "immediate", None, (reading,))
    return {one.reason: one.holds for one in conditions_of(snapshot, 2.0)}
