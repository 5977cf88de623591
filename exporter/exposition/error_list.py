"""Single sync errors for programs and spreadsheets, with where to open their records."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, fields

from exporter.exports.formula import neutralised
from exporter.model import SyncError
from exporter.state.links import Links

_OURS = {"record", "changed_at"}
"""What is made of the rest, or known of other records than those of an error."""
_OF_THE_ERROR = tuple(field.name for field in fields(SyncError) if field.name not in _OURS)

COLUMNS = (*_OF_THE_ERROR, "hubspot_url", "salesforce_url")


def as_csv(errors: Iterable[SyncError], links: Links) -> str:
    """A table with a header line, which ``exporter.exports`` reads again. A cell that a spreadsheet would take for a
    formula is made text."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    for row in as_rows(errors, links):
        rows.writerow([_cell(row[column]) for column in COLUMNS])
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
