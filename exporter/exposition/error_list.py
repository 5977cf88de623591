"""Single sync errors for people and spreadsheets."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, fields

from rich.console import Console
from rich.table import Table

from exporter.catalog.catalog import CATALOG
from exporter.clients.bridge import SyncError

COLUMNS = tuple(field.name for field in fields(SyncError) if field.name != "record")
FORMATS = ("table", "csv", "json")


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


def print_table(errors: Iterable[SyncError], console: Console) -> None:
    """What a person needs to act on: the error, the record, what resolves it."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("id", "category", "error type", "record", "records", "what resolves it"):
        table.add_column(column, overflow="fold", justify="right" if column == "records" else "left")
    for error in errors:
        pair = CATALOG.classify(error.category, error.error_type)
        known = CATALOG.error_types.get(pair[1], CATALOG.unknown)
        records = "" if error.affected_records is None else str(error.affected_records)
        table.add_row(_printable(error.id), pair[0], known.title, _printable(error.record), records, known.resolution)
    console.print(table if table.row_count else "no sync errors", markup=False)


def _cell(value: object) -> str:
    # A lone carriage return would end the row: before Python 3.13 csv leaves it unquoted.
    shown = "" if value is None else re.sub("\r\n?", "\n", str(value))
    return f"'{shown}" if shown.startswith(("=", "+", "-", "@", "\t", "\n")) else shown


def _printable(text: str) -> str:
    """Without what would steer the terminal."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
