"""Makes the checks of a table, one after the other; what depends on a failure is not tried."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from exporter.doctor.check import Check
from exporter.doctor.finding import Finding, failed, not_tried
from exporter.doctor.sheet import Line
from exporter.errors import BudgetExceeded, StoreError, UpstreamError

T = TypeVar("T")

Progress = Callable[[str], None]
"""Called with the name of each check before it is made."""


async def examine(subject: T, checks: Iterable[Check[T]], progress: Progress) -> tuple[Line, ...]:
    """The lines of every check that applies. A check that fails costs that check."""
    lines: list[Line] = []
    causes: dict[str, str] = {}
    for check in checks:
        if not check.applies(subject):
            continue
        progress(check.name)
        findings = await _findings(subject, check, causes)
        blocking = [finding for finding in findings if finding.blocks]
        if blocking:
            causes[check.name] = _cause(check, causes, blocking[0].because)
        lines.extend(Line(check.section, check.name, finding) for finding in findings)
    return tuple(lines)


async def _findings(subject: T, check: Check[T], causes: Mapping[str, str]) -> Sequence[Finding]:
    standing_in_the_way = [causes[name] for name in check.needs if name in causes]
    if standing_in_the_way:
        return (not_tried(standing_in_the_way[0]),)
    try:
        return await check.examine(subject)
    except BudgetExceeded as error:
        return (not_tried(f"no more Salesforce API calls may be made: {error}"),)
    except (UpstreamError, StoreError) as error:
        return (failed(str(error)),)


def _cause(check: Check[T], causes: Mapping[str, str], because: str) -> str:
    """The first cause, however many checks it goes through."""
    return next((causes[name] for name in check.needs if name in causes), because or check.because)
