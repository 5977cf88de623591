"""Single sync errors for programs and spreadsheets, with where to open their records."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import AsyncIterator, Iterable
from dataclasses import asdict, fields

from exporter.exports.formula import neutralised
from exporter.model import SyncError
from exporter.state.links import Links

_OURS = {"record", "changed_at"}
"""What is made of the rest, or known of other records than those of an error."""
_OF_THE_ERROR = tuple(field.name for field in fields(SyncError) if field.name not in _OURS)

_PIECE = 1_000
"""Errors at a time."""

COLUMNS = (*_OF_THE_ERROR, "hubspot_url", "salesforce_url")


async def in_pieces(errors: AsyncIterator[SyncError], links: Links) -> AsyncIterator[str]:
    """The same table as ``as_csv``, a piece at a time."""
    some: list[SyncError] = []
    rest = as_csv((), links)
    async for error in errors:
        some.append(error)
        if len(some) >= _PIECE:
            yield rest + _table(some, links)
            some, rest = [], ""
    yield rest + _table(some, links)


def as_csv(errors: Iterable[SyncError], links: Links) -> str:
    """A table with a header line, which ``exporter.exports`` reads again. A cell that a spreadsheet would take for a
    formula is made text."""
    return _written([COLUMNS]) + _table(errors, links)


def _table(errors: Iterable[SyncError], links: Links) -> str:
    return _written([_cell(row[column]) for column in COLUMNS] for row in as_rows(errors, links))


def _written(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def as_rows(errors: Iterable[SyncError], links: Links) -> list[dict[str, object]]:
    """The same as plain values."""
    return [_row(error, links) for error in errors]


def as_json(errors: Iterable[SyncError], links: Links) -> str:
    return json.dumps(as_rows(errors, links), indent=2, ensure_ascii=False) + "\n"


def _row(error: SyncError, links: Links) -> dict[str, object]:
    told = {column: value for column, value in asdict(error).items() if column in _OF_THE_ERROR}
    return {**told, "hubspot_url": links.hubspot(error), "salesforce_url": links.salesforce(error)}


def _cell(value: object) -> str:
    # A lone carriage return would end the row: before Python 3.13 csv leaves it unquoted.
    return neutralised("" if value is None else re.sub("\r\n?", "\n", str(value)))
