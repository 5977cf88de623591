"""How often a source is asked."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.config.draft import Draft
from exporter.config.durations import parse_duration
from exporter.config.finding import Finding
from exporter.config.masking import shown

_SHORTEST = 1  # second


def short_intervals(draft: Draft) -> Iterator[Finding]:
    """No interval is shorter than a second."""
    for path, text in draft.texts("interval"):
        try:
            seconds = parse_duration(text)
        except ValueError:
            continue  # the schema has said so already
        if seconds < _SHORTEST:
            yield Finding(path, f"got {shown(text)}", "an interval of 1s or more")
