"""What is packed piece by piece is one gzip file."""

from __future__ import annotations

import subprocess
import sys
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.exposition.packing import Piece, gzipped

TEXTS = [b"hubspot_salesforce_suspended 0\n" * 4_000, b"", b"b" * 3]

WITHOUT_ISA_L = f"""
import sys
sys.modules["isal"] = None
from exporter.exposition.packing import Piece, gzipped
sys.stdout.buffer.write(b"".join(part for part, _ in gzipped(map(Piece, {TEXTS!r}))))
"""


def packed(texts: list[bytes]) -> list[bytes]:
    return [part for part, _ in gzipped(map(Piece, texts))]


@given(texts=st.lists(st.binary(max_size=300)))
def test_any_reader_of_gzip_sees_one_text(texts: list[bytes]) -> None:
    """As a single member: some readers stop at the end of the first."""
    reader = zlib.decompressobj(31)
    assert reader.decompress(b"".join(packed(texts))) == b"".join(texts)
    assert reader.eof
    assert reader.unused_data == b""


def test_the_standard_library_packs_where_there_is_no_other() -> None:
    """On a machine that nobody made a wheel for."""
    packed = subprocess.run([sys.executable, "-c", WITHOUT_ISA_L], check=True, capture_output=True).stdout
    assert zlib.decompress(packed, 31) == b"".join(TEXTS)
    assert len(packed) < sum(map(len, TEXTS)) / 50


def test_what_is_damaged_is_noticed() -> None:
    """The checksum is of all pieces together."""
    *parts, end = packed(TEXTS)
    damaged = end[:-8] + bytes([end[-8] ^ 1]) + end[-7:]
    with pytest.raises(zlib.error, match="incorrect data check"):
        zlib.decompress(b"".join((*parts, damaged)), 31)


def test_a_piece_is_packed_once() -> None:
    """Whoever asks for it again gets the same."""
    piece = Piece(TEXTS[0])
    assert piece.packed() is piece.packed()
