"""Hooks: none is waited for too long."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.config.draft import Draft
from exporter.config.durations import duration_in
from exporter.config.finding import Finding
from exporter.config.masking import shown

_SHORTEST, _LONGEST = 1, 60  # seconds


def odd_timeouts(draft: Draft) -> Iterator[Finding]:
    """Long enough for an answer, and short enough that a job does not hang on it."""
    for path, entry in draft.sections("remediation"):
        hook = entry.get("hook")
        text = hook.get("timeout") if isinstance(hook, dict) else None
        seconds = duration_in(text)
        if seconds is not None and not _SHORTEST <= seconds <= _LONGEST:
            yield Finding((*path, "hook", "timeout"), f"got {shown(text)}", "a timeout from 1s to 1m")
