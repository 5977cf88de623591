"""The table of events in the README is what the code says."""

from __future__ import annotations

import re

from tests.logs.events import EXPORTER, logged_events

TABLE = (EXPORTER / "README.md").read_text(encoding="utf-8").partition("\n## Logs\n")[2].partition("\n## ")[0]


def test_every_event_is_listed_with_its_levels() -> None:
    """And no other, so that who looks for one, or alerts on it, finds it."""
    rows = re.findall(r"^\| `(.+?)` \| ([a-z, ]+) \|", TABLE, re.MULTILINE)
    assert len(rows) == len(dict(rows))
    assert {event: set(levels.split(", ")) for event, levels in rows} == logged_events()
