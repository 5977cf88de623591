"""How far back the ledger goes, and how soon it is looked what a resync has done."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.config.draft import Draft
from exporter.config.durations import duration_in
from exporter.config.finding import Finding
from exporter.config.masking import shown

_DAY = 86_400.0
_BOUNDS = {
    "retention": (_DAY, float("inf"), "1d or more: attempts and cooldowns of a day are counted in the ledger"),
    "verify_after": (1.0, _DAY / 2, "between 1s and 12h: nobody looks later than a day after a job"),
}
"""Seconds, at least and at most, and the words for it."""


def odd_times(draft: Draft) -> Iterator[Finding]:
    """What the guards count by is not forgotten, and what resyncs did is looked for in time."""
    section = draft.section("remediation")
    for key, (least, most, expected) in _BOUNDS.items():
        text = section.get(key) if isinstance(section, dict) else None
        seconds = duration_in(text)
        if seconds is not None and not least <= seconds <= most:
            yield Finding(("remediation", key), f"got {shown(text)}", expected)


def long_cooldowns(draft: Draft) -> Iterator[Finding]:
    """None is longer than attempts are looked back for."""
    for path, policy in draft.policies():
        text = policy.get("cooldown")
        seconds = duration_in(text)
        if seconds is not None and seconds > _DAY:
            yield Finding(
                (*path, "cooldown"), f"got {shown(text)}", "1d at most: that far back it is looked what was resynced"
            )
