"""CSV records of a text that arrives in pieces."""

from __future__ import annotations

import csv
import io
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.clients.http.csv_rows import MAX_LINE_BYTES, MAX_RECORD_LINES, CsvRows
from exporter.errors import InvalidAnswer

WHERE = "GET /log"


def read_rows(*pieces: bytes) -> list[list[str]]:
    rows = CsvRows(WHERE)
    return [row for piece in pieces for row in rows.feed(piece)] + list(rows.end())


class TestPieces:
    def test_a_row_may_arrive_in_pieces(self) -> None:
        """Cut anywhere, also in the middle of a character; the last line needs no newline."""
        text = "größe,1\nzwei\n\ndrei".encode()
        assert read_rows(text[:3], text[3:4], b"", text[4:]) == [["größe", "1"], ["zwei"], [], ["drei"]]

    def test_a_byte_order_mark_is_left_out(self) -> None:
        """At the beginning of the text, and only there."""
        mark = "\ufeff".encode()
        assert read_rows(mark + b"a\n" + mark + b"b\n") == [["a"], ["\ufeffb"]]

    def test_nothing_has_no_rows(self) -> None:
        """An empty text is not one empty row."""
        assert read_rows() == read_rows(b"") == []

    def test_what_is_not_utf_8_spoils_its_own_character(self) -> None:
        """One name in a foreign encoding does not cost a day of calls."""
        assert read_rows(b"ok,1\n", b"M\xfcller,1\n") == [["ok", "1"], ["M\ufffdller", "1"]]

    def test_a_text_without_newlines_is_refused(self) -> None:
        """It is not held in memory to the end."""
        with pytest.raises(InvalidAnswer, match="a line of more than"):
            read_rows(*[b"x" * 1024] * (MAX_LINE_BYTES // 1024 + 1))

    def test_whether_the_last_line_is_whole_is_known(self) -> None:
        """A text that was cut off ends without a newline."""
        rows = CsvRows(WHERE)
        assert list(rows.feed(b"a\nb")) == [["a"]]
        assert not rows.whole
        assert list(rows.feed(b"c\n")) == [["bc"]]
        assert rows.whole


class TestRows:
    def test_a_quoted_field_may_hold_newlines_commas_and_quotes(self) -> None:
        """Where a record ends is not where a line ends."""
        text = b'"a","b"\n"one\ntwo, ""three""\n\n",4\r\n\n"5","6"'
        expected = [["a", "b"], ['one\ntwo, "three"\n\n', "4"], [], ["5", "6"]]
        assert read_rows(text) == read_rows(*(bytes([byte]) for byte in text)) == expected

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            (b'"a\nb', "ends inside a quoted field"),
            (b'"a"b,c\n', "not CSV"),
            (b"a\rb\n", "not CSV"),
            (b'"' + b"\n" * (MAX_RECORD_LINES + 1), "a record of more than"),
            (b'"' + (b"x" * 1_000 + b"\n") * 200, "not CSV"),
        ],
    )
    def test_what_is_not_csv_is_refused(self, text: bytes, reason: str) -> None:
        """Cut short, quoted wrongly, or a quote that is never closed: said aloud, not guessed at."""
        with pytest.raises(InvalidAnswer, match=f"^GET /log: {reason}"):
            read_rows(text)

    @settings(derandomize=True, deadline=None, max_examples=200)
    @given(
        rows=st.lists(st.lists(st.text('ab",\n é', max_size=6), min_size=1, max_size=4), max_size=6),
        cuts=st.lists(st.integers(0, 60), max_size=6),
    )
    def test_rows_come_out_as_they_were_written(self, rows: list[list[str]], cuts: list[int]) -> None:
        """Whatever they hold and wherever the network cuts them."""
        text = io.StringIO()
        csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
        content = text.getvalue().encode()
        edges = [0, *sorted(cuts), len(content)]
        pieces = [content[start:end] for start, end in pairwise(edges)]
        assert read_rows(*pieces) == rows
