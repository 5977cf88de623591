"""The rows of the table: a figure, what it is held against, what it should be. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

PERCENTILE = 0.99


@dataclass(frozen=True, slots=True)
class Target:
    """Where the figure, or its ratio to the reference, should be: ``at_most`` or at least ``bound``."""

    bound: float
    at_most: bool = True
    of_ratio: bool = False

    def __str__(self) -> str:
        return f"{'≤' if self.at_most else '≥'} {self.bound:,g}{' ×' if self.of_ratio else ''}"


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement. ``reference`` is what ``against`` came to, in the same unit and the same run; without one the
    figure stands for itself. ``inverse``: the ratio says by how much less than the reference it is.

    ``measure`` and ``integrations`` are what the table of sizes finds it by.
    """

    group: str
    what: str
    figure: float | None
    unit: str
    against: str = ""
    reference: float | None = None
    target: Target | None = None
    inverse: bool = False
    measure: str = ""
    integrations: int | None = None

    @property
    def ratio(self) -> float | None:
        """Figure by reference, or ``inverse`` the other way round."""
        if not self.figure or not self.reference:
            return None
        return self.reference / self.figure if self.inverse else self.figure / self.reference

    @property
    def met(self) -> bool | None:
        """Whether the target is met; ``None`` without a target or without a figure."""
        value = self.ratio if self.target is not None and self.target.of_ratio else self.figure
        if self.target is None or value is None:
            return None
        return value <= self.target.bound if self.target.at_most else value >= self.target.bound

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "ratio": self.ratio, "met": self.met}


def percentile(values: Iterable[float], share: float = PERCENTILE) -> float | None:
    """The value that so large a share of them does not exceed; ``None`` of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


def median(values: Iterable[float]) -> float | None:
    return percentile(values, 0.5)


SIZES = {
    "page": "page",
    "packed": "packed",
    "scrape": "scrape (gzip)",
    "CPU": "CPU of a scrape",
    "held": "event loop held",
    "RSS": "memory (RSS)",
    "ready": "ready, fresh",
    "restarted": "ready, restarted",
}
"""Columns of the table of sizes, by measure."""


def sizes(rows: Iterable[Row]) -> str:
    """The same by number of integrations, as it stands in the exporter's README; empty if nothing of it was
    measured."""
    found: dict[int, dict[str, str]] = {}
    for row in rows:
        if row.integrations is not None and row.measure in SIZES:
            found.setdefault(row.integrations, {})[row.measure] = _amount(row.figure, row.unit)
    if not found:
        return ""
    lines = [
        ("integrations", *SIZES.values()),
        ("---",) * (1 + len(SIZES)),
        *((f"{size:,}", *(measures.get(name, "") for name in SIZES)) for size, measures in sorted(found.items())),
    ]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


_HEADER = ("", "what", "figure", "reference", "ratio", "target", "met")


def as_markdown(rows: Sequence[Row]) -> str:
    """A table as the READMEs have them, aligned for who reads it on a terminal."""
    cells = [_HEADER, *map(_cells, rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEADER))]
    ruled = [cells[0], tuple("-" * width for width in widths), *cells[1:]]
    return "".join(
        "| " + " | ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) + " |\n"
        for line in ruled
    )


def _cells(row: Row) -> tuple[str, ...]:
    against = f"{_amount(row.reference, row.unit)} ({row.against})" if row.reference is not None else row.against
    return (
        row.group,
        row.what,
        _amount(row.figure, row.unit),
        against,
        "" if row.ratio is None else f"{_number(row.ratio)} ×",
        "" if row.target is None else str(row.target),
        {True: "yes", False: "NO", None: ""}[row.met],
    )


_SMALLER = {"s": "ms", "MB": "kB"}
"""A thousandth of each."""


def _amount(value: float | None, unit: str) -> str:
    if value is None:
        return "not measured"
    if value < 1 and unit in _SMALLER:
        value, unit = 1_000 * value, _SMALLER[unit]
    return f"{_number(value)} {unit}".strip()


def _number(value: float) -> str:
    """Three digits that count."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
