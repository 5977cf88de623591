"""What is known of one integration."""

from __future__ import annotations

import dataclasses

import pytest

from exporter.state.reading import Reading
from exporter.state.snapshot import Snapshot

GOOD = Reading("salesforce_limits", 60.0, 1000.0)
SNAPSHOT = Snapshot("acme", "immediate", None)


def test_a_reading_replaces_that_of_its_source() -> None:
    """In a new Snapshot; the old one stays as it was."""
    first = SNAPSHOT.with_reading(GOOD)
    other = dataclasses.replace(GOOD, source="sync_health")
    newer = dataclasses.replace(GOOD, attempted_at=2000.0)
    both = first.with_reading(other).with_reading(newer)
    assert SNAPSHOT.readings == ()
    assert first.readings == (GOOD,)
    assert (both.reading("salesforce_limits"), both.reading("sync_health")) == (newer, other)
    assert both.reading("mailbox") is None


def test_it_knows_when_a_source_was_read() -> None:
    """Not when it was tried; 0 is never."""
    read = SNAPSHOT.with_reading(dataclasses.replace(GOOD, attempted_at=2000.0, succeeded_at=1000.0))
    assert read.read_at("salesforce_limits") == 1000.0
    assert SNAPSHOT.with_reading(GOOD).read_at("salesforce_limits") == SNAPSHOT.read_at("mailbox") == 0.0


def test_it_is_not_changed_after_it_is_built() -> None:
    """It is frozen."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        SNAPSHOT.integration = "beta"  # type: ignore[misc]
