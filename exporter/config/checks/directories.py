"""Directories that files are dropped into."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.config.draft import Draft
from exporter.config.finding import Finding
from exporter.config.masking import shown


def missing_directories(draft: Draft) -> Iterator[Finding]:
    """Every directory is there."""
    for path, name in draft.texts("directory"):
        if not (draft.folder / name).is_dir():
            yield Finding(path, f"got {shown(name)}", "an existing directory")
