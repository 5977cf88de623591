"""What is exported can be imported."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.catalog.catalog import CATALOG
from exporter.catalog.titles import TITLES, folded
from exporter.errors import BadExport
from exporter.exports.formula import neutralised, restored
from exporter.exports.reader import ExportReader, Manner
from exporter.exposition.error_list import as_csv
from exporter.model import SyncError
from exporter.state.links import Links
from tests.examples import examples

# A carriage return becomes a line feed on the way out, and 0 is no letter of any cell.
TEXT = st.text(st.characters(exclude_characters="\r\0", exclude_categories=["Cs"]), min_size=1, max_size=40)
FORMULAS = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(
            ["=", "+", "-", "@", "\t", "\n", "'", "'=", "''-", " =", "' +", "＝", "' ", "a;=", "a;';\xa0'@", "\xa0-"]
        ),
        TEXT,
    ),
)
WORDS = st.one_of(TEXT, FORMULAS)
# Ids are read without the spaces around them.
IDS = st.one_of(st.integers(1, 10**18).map(str), WORDS.map(str.strip).filter(bool).filter(lambda one: "://" not in one))


def _is_no_title(text: str) -> bool:
    return bool(text.strip()) and text == text.strip() and folded(text) != "unknown" and not TITLES.error_type(text)


@st.composite
def errors(draw: st.DrawFn) -> SyncError:
    """One as a bridge may list it."""
    category, named = draw(st.sampled_from(CATALOG.pairs))
    error_type = draw(st.one_of(st.just(named), st.none(), WORDS.filter(_is_no_title)))
    return SyncError(
        id=draw(WORDS.filter(str.strip)),
        category=category,
        error_type=error_type,
        record="",
        object_type=draw(st.sampled_from([None, "contacts", "companies", "deals", "2-123456"])),
        hubspot_id=draw(st.none() | IDS),
        salesforce_id=draw(st.none() | IDS),
        affected_records=draw(st.none() | st.integers(0, 2**31 - 1)),
        last_seen=draw(st.none() | st.just("2026-11-27T10:00:00Z") | WORDS),
        details=draw(st.none() | WORDS),
    )


@given(st.lists(errors(), unique_by=lambda error: error.id, max_size=5))
@settings(max_examples=examples(200))
def test_what_is_written_is_read(listed: list[SyncError]) -> None:
    """Every error with all it says, whatever stands in its cells."""
    written = as_csv(listed, Links()).encode()
    reader = ExportReader(lambda: io.BytesIO(written), Manner({}, TITLES))
    read = [replace(error, record="") for batch in reader.batches() for error in batch]
    assert read == listed
    assert reader.odd == 0


@given(WORDS)
@settings(max_examples=examples(800))
def test_no_cell_is_a_formula(text: str) -> None:
    """Nor what a spreadsheet makes a cell of its own of it: one that divides lines at semicolons, one at tabs. And each
    is itself again afterwards, however many apostrophes it began with."""
    assert not neutralised(text).startswith(("\t", "\n"))
    for cell in re.split(r"[;\t\n]", neutralised(text)):
        assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
    assert restored(neutralised(text)) == text


def test_columns_stay_as_they_are() -> None:
    """Spreadsheets and scripts go by them."""
    (header,) = csv.reader(io.StringIO(as_csv([], Links())))
    assert header[:4] == ["id", "category", "error_type", "object_type"]


@given(st.binary(max_size=300), st.sampled_from([b"", b"Error Type,Details\n", b"PK\x03\x04", b"\xff\xfe", b'"']))
@settings(max_examples=examples(400))
def test_any_bytes_are_read_or_refused(tail: bytes, head: bytes) -> None:
    """With one error, and no other."""
    reader = ExportReader(lambda: io.BytesIO(head + tail), Manner({}, TITLES), "picklists")
    try:
        rows = sum(len(batch) for batch in reader.batches())
    except BadExport:
        return
    assert rows + reader.odd == reader.rows
