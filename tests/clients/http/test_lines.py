"""Lines and CSV records of a text that arrives in pieces."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.clients.http.csv_rows import MAX_RECORD_LINES, csv_rows
from exporter.clients.http.lines import MAX_LINE_BYTES, lines_of
from exporter.errors import InvalidAnswer

WHERE = "GET /log"


async def arriving(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def read_lines(*pieces: bytes) -> list[str]:
    return [line async for line in lines_of(arriving(pieces), WHERE)]


async def read_rows(*pieces: bytes) -> list[list[str]]:
    return [row async for row in csv_rows(lines_of(arriving(pieces), WHERE), WHERE)]


class TestLines:
    async def test_a_line_may_arrive_in_pieces(self) -> None:
        """Cut anywhere, also in the middle of a character; the last line needs no newline."""
        text = "größe\nzwei\n\ndrei".encode()
        assert await read_lines(text[:3], text[3:4], b"", text[4:]) == ["größe\n", "zwei\n", "\n", "drei"]

    async def test_a_byte_order_mark_is_left_out(self) -> None:
        """At the beginning of the text, and only there."""
        mark = "\ufeff".encode()
        assert await read_lines(mark + b"a\n" + mark + b"b\n") == ["a\n", "\ufeffb\n"]

    async def test_nothing_has_no_lines(self) -> None:
        """An empty text is not one empty line."""
        assert await read_lines() == await read_lines(b"") == []

    async def test_what_is_not_utf_8_is_refused(self) -> None:
        """The message holds nothing of the line."""
        with pytest.raises(InvalidAnswer, match=r"^GET /log: a line that is not UTF-8$"):
            await read_lines(b"ok\n", b"\xff\xfe\n")

    async def test_a_text_without_newlines_is_refused(self) -> None:
        """It is not held in memory to the end."""
        with pytest.raises(InvalidAnswer, match="a line of more than"):
            await read_lines(*[b"x" * 1024] * (MAX_LINE_BYTES // 1024 + 1))

    async def test_a_text_without_end_is_refused(self) -> None:
        """What counts is what has arrived, not what a header promised."""
        with pytest.raises(InvalidAnswer, match=r"an answer of more than 10 bytes"):
            async for _line in lines_of(arriving([b"123\n"] * 3), WHERE, max_bytes=10):
                pass


class TestRows:
    async def test_a_quoted_field_may_hold_newlines_commas_and_quotes(self) -> None:
        """Where a record ends is not where a line ends."""
        text = b'"a","b"\n"one\ntwo, ""three""\n\n",4\r\n\n"5","6"'
        expected = [["a", "b"], ['one\ntwo, "three"\n\n', "4"], [], ["5", "6"]]
        assert await read_rows(text) == await read_rows(*(bytes([byte]) for byte in text)) == expected

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
    async def test_what_is_not_csv_is_refused(self, text: bytes, reason: str) -> None:
        """Cut short, quoted wrongly, or a quote that is never closed: said aloud, not guessed at."""
        with pytest.raises(InvalidAnswer, match=f"^GET /log: {reason}"):
            await read_rows(text)

    @settings(derandomize=True, deadline=None, max_examples=200)
    @given(
        rows=st.lists(st.lists(st.text('ab",\n é', max_size=6), min_size=1, max_size=4), max_size=6),
        cuts=st.lists(st.integers(0, 60), max_size=6),
    )
    async def test_rows_come_out_as_they_were_written(self, rows: list[list[str]], cuts: list[int]) -> None:
        """Whatever they hold and wherever the network cuts them."""
        text = io.StringIO()
        csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
        content = text.getvalue().encode()
        edges = [0, *sorted(cuts), len(content)]
        pieces = [content[start:end] for start, end in pairwise(edges)]
        assert await read_rows(*pieces) == rows
