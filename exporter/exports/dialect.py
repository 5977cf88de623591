"""In which encoding a file of exported errors is written, and what stands between its cells.

The encoding is found out by charset-normalizer, asked only where neither a byte order mark nor UTF-8 says it. The
delimiter is the one that makes headings we know of the first line: a guess from the look of the rows, as
``csv.Sniffer`` and CleverCSV make it, knows less than the headings do, and goes wrong where details hold more commas
than there are columns.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from exporter.errors import BadExport
from exporter.exports.archive import SAVE_AS_CSV, WORKBOOK, is_zip
from exporter.exports.columns import columns_of

DELIMITERS = (",", ";", "\t", "|")
CHUNK = 256 * 1024
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
_SAMPLE = 64 * 1024
_CODE_PAGES = ["cp1252", "cp1250", "iso8859_2", "iso8859_15", "cp1251", "cp932", "euc_jp", "gb18030"]
"""What spreadsheets write where HubSpot is used in the languages of the catalogue, and near them."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WRONG_BYTES = 0.05
"""Share of the letters beyond ASCII that may be broken before a file does not pass for UTF-8."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What a first look through a file has found: its encoding as Python calls it, and its size."""

    encoding: str
    size: int


def survey(opened: Callable[[], BinaryIO], most: int) -> Survey:
    """Reads it once from the start; raises ``BadExport`` for what is empty, longer than ``most`` bytes, or no text."""
    with opened() as file:
        beginning = file.read(CHUNK)
        if not beginning.strip(b"\0 \r\n\t"):
            raise BadExport("is empty")
        if beginning.startswith(_OLD_WORKBOOK) or (is_zip(beginning) and b"xl/" in beginning):
            raise BadExport(WORKBOOK, change=SAVE_AS_CSV)
        letters = _Letters()
        size = 0
        chunk = beginning
        while chunk:
            size += len(chunk)
            if size > most:
                raise BadExport(f"is longer than {most} bytes")
            letters.take(chunk)
            chunk = file.read(CHUNK)
        letters.end()
    return Survey(_encoding(beginning, letters), size)


def delimiter_of(first_line: str, mapping: Mapping[str, str]) -> str:
    """What makes the most headings that are known of the first line; of equals the first of ``DELIMITERS``."""

    def known(delimiter: str) -> int:
        try:
            header = next(csv.reader([first_line], delimiter=delimiter), [])
        except csv.Error:
            return 0
        return len(columns_of(header, mapping).places)

    return max(DELIMITERS, key=known)


class _Letters:
    """Looks for what is not ASCII, and whether that is UTF-8; keeps a sample of it."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.beyond = self.broken = 0
        self.sample = bytearray()

    def take(self, chunk: bytes) -> None:
        if not chunk.isascii() and len(self.sample) < _SAMPLE:
            self.sample += b"\n".join(_telling_lines(chunk))[: _SAMPLE - len(self.sample)]
        self._count(self._decoder.decode(chunk))

    def end(self) -> None:
        self._count(self._decoder.decode(b"", final=True))

    def _count(self, text: str) -> None:
        if not text.isascii():
            self.broken += text.count("\ufffd")
            self.beyond += len(text) - len(text.encode("ascii", "ignore"))

    @property
    def are_utf_8(self) -> bool:
        return self.broken <= _WRONG_BYTES * (self.beyond - self.broken)


def _telling_lines(chunk: bytes) -> Iterator[bytes]:
    return (line for line in chunk.splitlines() if not line.isascii())


def _encoding(beginning: bytes, letters: _Letters) -> str:
    for mark, encoding in _MARKS:
        if beginning.startswith(mark):
            return encoding
    wide = _wide(beginning)
    if wide is not None:
        return wide
    if letters.are_utf_8:
        return "utf-8"
    from charset_normalizer import from_bytes  # noqa: PLC0415  takes memory that hardly any file needs

    best = from_bytes(bytes(letters.sample), cp_isolation=_CODE_PAGES).best()
    # Every byte means something in Windows' own code page, or nothing to anybody.
    return best.encoding if best is not None else "cp1252"


def _wide(beginning: bytes) -> str | None:
    """UTF-16 without its mark: of a line of headings nearly every second byte is 0. A 0 here and there is an accident,
    which costs no more than itself."""
    sample = beginning[:200]
    zeros = sample[1::2].count(0), sample[0::2].count(0)
    if max(zeros) < len(sample) / 8:
        return None
    if min(zeros) > max(zeros) / 4:
        raise BadExport("is no text: it holds bytes that are 0", line=1)
    return "utf-16-le" if zeros[0] > zeros[1] else "utf-16-be"
