"""One dropped file of exported errors, looked through as it would be read, and kept nowhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from exporter.doctor.finding import Finding, doubtful, failed, good
from exporter.errors import BadExport
from exporter.exports.archive import Opener, csv_members, member_of
from exporter.exports.folder import Dropped, category_in, opened
from exporter.exports.reader import ExportReader, Manner

MOST_BYTES = 20_000_000
"""A larger file takes longer than somebody waits who looks."""

_CHANGE = "export it anew, or name its columns in sync_health.mapping"


def looked_through(directory: Path, file: Dropped, manner: Manner) -> Finding:
    """What it gives, or why it cannot be read. Blocks."""
    if file.trouble:
        return failed(f"{file.name} {file.trouble}", "put the file itself into the directory", file.name)
    if file.size > MOST_BYTES:
        return good(f"{file.name} is there, and too large to be looked through here", file.name)
    counts: Counter[str] = Counter()
    odd: list[str] = []
    try:
        for names, open_member in _members(partial(opened, directory, file), file):
            category = next((found for name in names if (found := category_in(name, manner.titles))), None)
            reader = ExportReader(open_member, manner, category)
            for batch in reader.batches():
                counts.update(error.category for error in batch)
            odd += reader.told
    except BadExport as error:
        return failed(f"{file.name}: {error}", _CHANGE, file.name)
    told = ", ".join(f"{count} of {category}" for category, count in sorted(counts.items())) or "no error"
    if odd:
        return doubtful(f"{file.name}: {told}; some rows are left out: {odd[0]}", _CHANGE, file.name)
    return good(f"{file.name}: {told}", file.name)


def _members(file: Opener, dropped: Dropped) -> Iterator[tuple[tuple[str, ...], Opener]]:
    """The CSV files in it: itself, or those in a zip, each with the names that may tell its category."""
    if not dropped.is_archive:
        yield (dropped.name,), file
        return
    for name in csv_members(file):
        yield (name, dropped.name), member_of(file, name)
