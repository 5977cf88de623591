"""How often a source is asked."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.config.draft import Draft
from exporter.config.durations import duration_in
from exporter.config.finding import Finding
from exporter.config.masking import shown

_SHORTEST = 1  # second


def short_intervals(draft: Draft) -> Iterator[Finding]:
    """No interval is shorter than a second."""
    for path, text in draft.texts("interval"):
        seconds = duration_in(text)
        if seconds is not None and seconds < _SHORTEST:
            yield Finding(path, f"got {shown(text)}", "an interval of 1s or more")
