"""What a configuration asks for that this version accepts but does not act on: said aloud rather than ignored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from exporter.config.defaults import INTERVALS, OFF

_NOT_BUILT = (
    ("hubspot", "unsynced"),
    ("sync_health", "mapping"),
    ("mailbox",),
    ("remediation", "touch"),
    ("remediation", "hook"),
)
_BUILT_ACTION = "bridge"


def notes_of(entry: Mapping[str, Any]) -> Iterator[str]:
    """One sentence for each thing an integration asks for in vain."""
    asked = [".".join(path) for path in _NOT_BUILT if _value_at(entry, path) is not None]
    intervals = entry.get("intervals", {})
    asked += [f"intervals.{source}" for source in intervals if source not in INTERVALS and intervals[source] != OFF]
    if _value_at(entry, ("remediation", "action")) not in {None, _BUILT_ACTION}:
        asked.append(f"remediation.action: {entry['remediation']['action']}")
    for what in asked:
        yield f"{entry['name']}: {what} is accepted, but this version does not use it yet"
    if intervals.get("sync_health") == OFF and "sync_health" in entry:
        yield (
            f"{entry['name']}: intervals.sync_health is off, so nobody knows whether HubSpot suspended it, "
            "and nothing is resynced"
        )


def _value_at(entry: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = entry
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value
