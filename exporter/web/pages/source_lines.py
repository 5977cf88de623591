"""What the status page says of each source: how old is what it said, and what is wrong with it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from exporter.model import Part, SyncHealth, TrustStatus
from exporter.state.reading import Reading
from exporter.state.snapshot import Snapshot
from exporter.state.statement import NOT_POLLED


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One source and how old what it said is."""

    name: str
    good: bool
    text: str
    problem: str


def source_lines(snapshot: Snapshot, now: float, polled: Collection[str]) -> tuple[SourceLine, ...]:
    """One for each source that is ``polled``, was read or tried, by name. A report by hand is no source."""
    read = {one.source: _line(one, now) for one in snapshot.readings if one.source not in NOT_POLLED}
    waited_for = {name: SourceLine(name, True, "not read yet", "") for name in polled}
    return tuple(line for _name, line in sorted((waited_for | read).items()))


def _line(reading: Reading, now: float) -> SourceLine:
    problems = [reading.failure.message] if reading.failure else []
    problems += [f"{part.name} not read: {part.failure.message}" for part in reading.missing_parts if part.failure]
    problems += _left_out(reading.part)
    text = _told(reading, now)
    if reading.up and reading.missing_parts:
        text += f", without {', '.join(part.name for part in reading.missing_parts)}"
    good = reading.up and not problems and not reading.is_old(now)
    return SourceLine(reading.source, good, text, "; ".join(problems))


def _told(reading: Reading, now: float) -> str:
    """The age is that of what was said: it may have been read just now."""
    if reading.succeeded_at is None or reading.true_at is None:
        return "never read" if reading.up else "FAILS, never read"
    read, said = age(now - reading.succeeded_at), f"says what was true {age(now - reading.true_at)}"
    is_old_page = reading.is_old(now) and reading.as_of is not None
    if not reading.up:
        return f"FAILS, last read {read}" + (f", {said}" if is_old_page else "")
    if reading.is_old(now):
        return f"old: {said if is_old_page else f'read {read}'}"
    return age(now - reading.true_at) + _remark(reading.part, now)


def _remark(part: Part | None, now: float) -> str:
    """What a source said that no metric can hold."""
    if isinstance(part, TrustStatus) and part.status is None:
        return f", unknown status: {part.words}" if part.words else ", no status"
    if isinstance(part, SyncHealth) and part.exported:
        told = (f"{one.category} {age(now - one.as_of)}" for one in part.exported)
        return f"; exported: {', '.join(told)}"
    return ""


def _left_out(part: Part | None) -> Iterator[str]:
    """What is not among the errors that were exported."""
    for one in part.exported if isinstance(part, SyncHealth) else ():
        if one.left_out:
            rows = "row" if one.left_out == 1 else "rows"
            are = "is" if one.left_out == 1 else "are"
            yield f"{one.category}: {one.left_out:,} {rows} of {one.name} could not be read and {are} left out"


def age(seconds: float) -> str:
    """How long ago."""
    return f"{span(seconds)} ago"


def span(seconds: float) -> str:
    """How long, in the largest unit that says it."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"
