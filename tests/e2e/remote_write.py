"""Samples as Prometheus sends them to other stores: remote write 1.0, a protocol buffer in a snappy block."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

HEADERS = {"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf"}
_STALE = struct.pack("<Q", 0x7FF0_0000_0000_0002)
"""The one NaN that means "this series has ended"; as a number it might lose its bits on the way."""


@dataclass(frozen=True)
class Series:
    """One series: (milliseconds, value) in the order of time; a value of ``None`` is the end of the series."""

    labels: Mapping[str, str]
    samples: Sequence[tuple[int, float | None]]


def encoded(series: Iterable[Series]) -> bytes:
    """The body of one request."""
    return _snappy(b"".join(_field(1, _series(one)) for one in series))


def _series(series: Series) -> bytes:
    # The protocol wants the labels sorted.
    labels = (_field(1, name.encode()) + _field(2, value.encode()) for name, value in sorted(series.labels.items()))
    samples = (_sample(time, value) for time, value in series.samples)
    return b"".join([*(_field(1, label) for label in labels), *(_field(2, sample) for sample in samples)])


def _sample(time: int, value: float | None) -> bytes:
    # Field 1 in eight bytes, field 2 as a varint.
    return b"\x09" + (_STALE if value is None else struct.pack("<d", value)) + b"\x10" + _varint(time)


def _field(number: int, content: bytes) -> bytes:
    """A field of bytes: its number, how many there are, and they themselves."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    parts = []
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])


def _snappy(content: bytes) -> bytes:
    """One literal: a valid block that compresses nothing."""
    return _varint(len(content)) + b"\xfc" + struct.pack("<I", len(content) - 1) + content
