"""What a doctor found: the findings of an integration, or of what all of them share, in the order they were made."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.doctor.finding import Finding, Outcome


@dataclass(frozen=True, slots=True)
class Line:
    """A finding, and the check that made it."""

    section: str
    check: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class Sheet:
    """``name`` is the integration's, empty for what all share; ``calls`` are the Salesforce API calls it has cost."""

    name: str
    lines: tuple[Line, ...]
    calls: int = 0

    @property
    def is_good(self) -> bool:
        """Whether nothing failed; what was not tried had a cause that did."""
        return all(line.finding.outcome is not Outcome.FAILED for line in self.lines)
