"""One dropped file of exported errors, looked through as it would be read, and kept nowhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from exporter.doctor.finding import Finding, doubtful, failed, good
from exporter.errors import BadExport
from exporter.exports.archive import Opener, check_second, csv_members, member_of
from exporter.exports.folder import Dropped, category_in, opened
from exporter.exports.reader import ExportReader, Manner

MOST_BYTES = 20_000_000
"""A larger file takes longer than somebody waits who looks."""

_ANEW = "export it anew"


@dataclass(frozen=True, slots=True)
class LookedThrough:
    """A file: what was found if it cannot be read, else its errors by category, of when they are, and rows left out."""

    name: str
    finding: Finding | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    as_of: float = 0.0
    odd: tuple[str, ...] = ()


def findings(files: Sequence[LookedThrough]) -> list[Finding]:
    """What each gives, and whether it holds: of each category the newest whole file does."""
    holds: dict[str, LookedThrough] = {}
    for file in files:
        for category in file.counts:
            if category not in holds or holds[category].as_of < file.as_of:
                holds[category] = file
    return [file.finding or _of_a_whole(file, holds) for file in files]


def _of_a_whole(file: LookedThrough, holds: Mapping[str, LookedThrough]) -> Finding:
    told = ", ".join(
        f"{count} of {category} ({'' if holds[category] is file else f'{holds[category].name} is newer and '}holds)"
        for category, count in sorted(file.counts.items())
    )
    if file.odd:
        return doubtful(f"{file.name}: {told}; some rows are left out: {file.odd[0]}", _ANEW, file.name)
    return good(f"{file.name}: {told}", file.name)


def looked_through(directory: Path, file: Dropped, manner: Manner) -> LookedThrough:
    """Reads it, and keeps nothing of it. Blocks."""
    if file.trouble:
        what, _, change = file.trouble.partition("; ")
        change = change or "put the file itself into the directory"
        return LookedThrough(file.name, failed(f"{file.name} {what}", change, file.name))
    if file.size > MOST_BYTES:
        return LookedThrough(
            file.name, good(f"{file.name} is there, and too large to be looked through here", file.name)
        )
    counts: Counter[str] = Counter()
    odd: list[str] = []
    as_of = file.changed_at
    taken: dict[str, float] = {}  # of when the categories are, of a zip so far
    shown = file.name
    try:
        for names, open_member in _members(partial(opened, directory, file), file):
            shown = "/".join(reversed(names))
            category = next((found for name in names if (found := category_in(name, manner.titles))), None)
            reader = ExportReader(open_member, manner, category)
            own = Counter(() if category is None else {category: 0})  # headings alone: none of its errors
            for batch in reader.batches():
                own.update(error.category for error in batch)
            as_of = file.changed_at if reader.as_of is None else reader.as_of
            check_second(own, as_of, taken)
            taken |= dict.fromkeys(own, as_of)
            counts.update(own)
            odd += reader.told
    except BadExport as error:
        return LookedThrough(file.name, failed(f"{shown}: {error.what}", error.change or _ANEW, file.name))
    if not counts:
        what = f"{file.name}: has no rows, and neither its name nor a row says of which category it is"
        return LookedThrough(file.name, failed(what, "name the category in the name of the file", file.name))
    return LookedThrough(file.name, None, counts, as_of, tuple(odd))


def _members(file: Opener, dropped: Dropped) -> Iterator[tuple[tuple[str, ...], Opener]]:
    """The CSV files in it: itself, or those in a zip, each with the names that may tell its category."""
    if not dropped.is_archive:
        yield (dropped.name,), file
        return
    for name in csv_members(file):
        yield (name, dropped.name), member_of(file, name)
