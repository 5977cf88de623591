"""Exported sync errors: the titles they are known by can be read."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.config.draft import Draft
from exporter.config.durations import duration_in
from exporter.config.finding import Finding
from exporter.config.masking import shown
from exporter.config.titles_file import titles_in

_SHORTEST, _LONGEST = 60.0, 30 * 86400.0  # seconds


def unreadable_titles(draft: Draft) -> Iterator[Finding]:
    """The file is in the form of the catalogue's own titles."""
    for path, feed in draft.sections("sync_health"):
        name = feed.get("titles_file")
        if not isinstance(name, str) or not name:
            continue
        try:
            titles_in(draft.folder / name)
        except ValueError as error:
            expected = "a YAML file of titles by language, kind (categories, error_types) and name"
            yield Finding((*path, "titles_file"), f"got {shown(name)} ({error})", expected)


def odd_ages(draft: Draft) -> Iterator[Finding]:
    """Longer than an export takes to be made, and shorter than it is kept."""
    for path, feed in draft.sections("sync_health"):
        text = feed.get("good_for")
        seconds = duration_in(text)
        if seconds is not None and not _SHORTEST <= seconds <= _LONGEST:
            yield Finding((*path, "good_for"), f"got {shown(text)}", "from 1m to 30d")
