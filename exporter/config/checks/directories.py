"""Directories that files are dropped into."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.config.draft import Draft
from exporter.config.finding import Finding
from exporter.config.masking import shown
from exporter.config.paths import why_no_directory


def missing_directories(draft: Draft) -> Iterator[Finding]:
    """Every directory is there."""
    for path, name in draft.texts("directory"):
        reason = why_no_directory(draft.folder / name)
        if reason is not None:
            yield Finding(path, f"got {shown(name)} ({reason})", "an existing directory")
