"""Single sync errors for programs and spreadsheets."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, fields

from exporter.model import SyncError

COLUMNS = tuple(field.name for field in fields(SyncError) if field.name != "record")


def as_csv(errors: Iterable[SyncError]) -> str:
    """A table with a header line. A cell that a spreadsheet would take for a formula is made text."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    for error in errors:
        rows.writerow([_cell(getattr(error, column)) for column in COLUMNS])
    return text.getvalue()


def as_rows(errors: Iterable[SyncError]) -> list[dict[str, object]]:
    """The same as plain values."""
    return [{column: value for column, value in asdict(error).items() if column in COLUMNS} for error in errors]


def as_json(errors: Iterable[SyncError]) -> str:
    return json.dumps(as_rows(errors), indent=2, ensure_ascii=False) + "\n"


def _cell(value: object) -> str:
    # A lone carriage return would end the row: before Python 3.13 csv leaves it unquoted.
    shown = "" if value is None else re.sub("\r\n?", "\n", str(value))
    return f"'{shown}" if shown.startswith(("=", "+", "-", "@", "\t", "\n")) else shown
