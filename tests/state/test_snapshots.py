"""The newest Snapshot of every integration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest

from exporter.config.settings import Config
from exporter.model import Suspension, SyncHealth
from exporter.state.reading import Reading
from exporter.state.snapshot import Snapshot
from exporter.state.snapshots import Snapshots

READING = Reading("sync_health", 60.0, 1000.0)


@pytest.fixture
def snapshots(config: Config) -> Snapshots:
    return Snapshots(config.integrations)


def test_every_integration_has_one_from_the_start(snapshots: Snapshots) -> None:
    """Empty, and with what the configuration knows."""
    assert [snapshot.integration for snapshot in snapshots] == ["acme", "beta"]
    assert snapshots["acme"] == Snapshot("acme", "immediate", None, told_by=("sync_health",))
    assert "acme" in snapshots
    assert "gamma" not in snapshots


def test_a_reading_touches_its_integration_only(snapshots: Snapshots) -> None:
    """The other's Snapshot is the same object as before."""
    beta = snapshots["beta"]
    snapshots.put("acme", READING)
    assert snapshots["acme"].readings == (READING,)
    assert snapshots["beta"] is beta


class Watcher:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.seen: list[Snapshot] = []
        self.forgotten: list[str] = []


def test_who_watches_sees_every_snapshot(snapshots: Snapshots) -> None:
    """Those there are, then each new one; several may watch."""
    first, second = Watcher(), Watcher()
    snapshots.watch(first.seen.append, first.forgotten.append)
    assert [snapshot.integration for snapshot in first.seen] == ["acme", "beta"]
    snapshots.put("beta", READING)
    snapshots.watch(second.seen.append, second.forgotten.append)
    assert first.seen[2:] == [snapshots["beta"]]
    assert second.seen == list(snapshots)
    assert (first.forgotten, second.forgotten) == ([], [])


class TestKept:
    def test_it_is_read_when_somebody_looks(self, snapshots: Snapshots) -> None:
        """Once, and of the one that is looked at; whoever watches is told then."""
        read: list[str] = []
        watcher = Watcher()
        snapshots.watch(watcher.seen.append, watcher.forgotten.append)

        def kept(name: str) -> Iterator[Reading]:
            read.append(name)
            yield READING

        for name in ("acme", "beta"):
            snapshots.put_stored(name, partial(kept, name))
        assert snapshots.integrations == ("acme", "beta")
        assert (read, len(watcher.seen)) == ([], 2)
        assert snapshots["acme"].readings == snapshots["acme"].readings == (READING,)
        assert (read, watcher.seen[2:]) == (["acme"], [snapshots["acme"]])
        assert [snapshot.readings for snapshot in snapshots] == [(READING,), (READING,)]
        assert read == ["acme", "beta"]

    def test_what_is_read_anew_replaces_it(self, snapshots: Snapshots) -> None:
        """Though nobody has looked before; what other sources said stays."""
        limits = replace(READING, source="salesforce_limits")
        snapshots.put_stored("acme", lambda: (READING, limits))
        new = replace(READING, attempted_at=2000.0)
        snapshots.put("acme", new)
        assert snapshots["acme"].readings == (limits, new)

    def test_what_somebody_looks_at_already_shows_it_at_once(self, snapshots: Snapshots) -> None:
        """As after a reload that switches a source on."""
        assert snapshots["acme"].readings == ()
        watcher = Watcher()
        snapshots.watch(watcher.seen.append, watcher.forgotten.append)
        snapshots.put_stored("acme", lambda: (READING,))
        assert watcher.seen[-1].readings == (READING,)

    def test_a_reload_before_anybody_looked(self, snapshots: Snapshots, config: Config) -> None:
        """Keeps it, and forgets that of an integration that is gone."""
        for name in ("acme", "beta"):
            snapshots.put_stored(name, lambda: (READING,))
        snapshots.reconfigure(config.integrations[1:], {"beta": ["sync_health"]})
        assert [snapshot.readings for snapshot in snapshots] == [(READING,)]


class TestReload:
    def test_an_integration_that_is_gone_is_forgotten(self, snapshots: Snapshots, config: Config) -> None:
        """Whoever watches is told once; the others keep what was read."""
        watcher = Watcher()
        snapshots.watch(watcher.seen.append, watcher.forgotten.append)
        snapshots.put("beta", READING)
        snapshots.reconfigure(config.integrations[1:], {"beta": ["sync_health"]})
        assert [snapshot.integration for snapshot in snapshots] == ["beta"]
        assert watcher.forgotten == ["acme"]
        assert snapshots["beta"].readings == (READING,)

    def test_a_new_one_begins_empty(self, snapshots: Snapshots, config: Config) -> None:
        """And changed settings are taken over."""
        beta = replace(config.integrations[1], name="gamma", notify="off")
        snapshots.reconfigure([config.integrations[0], beta], {})
        assert snapshots["gamma"] == Snapshot("gamma", "off", None, told_by=("sync_health",))

    def test_a_source_that_no_longer_applies_says_nothing_more(self, snapshots: Snapshots, config: Config) -> None:
        """Its reading goes, those of the others stay."""
        limits = replace(READING, source="salesforce_limits")
        for reading in (READING, limits):
            snapshots.put("acme", reading)
        snapshots.reconfigure(config.integrations, {"acme": ["salesforce_limits"]})
        assert snapshots["acme"].readings == (limits,)


def test_a_reported_suspension_stands_beside_the_readings(snapshots: Snapshots) -> None:
    """It does not expire, a reload keeps it, and it states nothing but the suspension."""
    suspension = Suspension(True, "unknown_error", 5.0)
    snapshots.report("acme", suspension, 10.0)
    (report,) = snapshots["acme"].readings
    assert report.visible_part(1e12) == SyncHealth(10.0, None, None, None, suspension, None)
