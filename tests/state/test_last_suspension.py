"""Since when the newest suspension lasted: what was said of it once is not forgotten when it is over."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exporter.config.settings import Config
from exporter.model import LastSuspension, MailboxNews, Recovery, Suspension, SyncHealth
from exporter.state.reading import Reading
from exporter.state.snapshots import Snapshots

BEGAN = 1_800_000_000.0
RUNNING = Suspension(suspended=False, reason=None, since=None)


def locked(since: float | None = None) -> Suspension:
    return Suspension(suspended=True, reason="salesforce_org_locked", since=since)


@pytest.fixture
def snapshots(config: Config) -> Snapshots:
    return Snapshots(config.integrations)


def mail(snapshots: Snapshots, suspension: Suspension, stated_at: float) -> None:
    """An e-mail is read long after it came."""
    news, now = MailboxNews(suspension, stated_at), stated_at + 7200
    snapshots.put("acme", Reading("mailbox", 60.0, now, None, news, succeeded_at=now))


def test_nobody_has_told_of_any(snapshots: Snapshots) -> None:
    """Or only that there is none."""
    assert snapshots["acme"].last_suspension is None
    snapshots.report("acme", RUNNING, BEGAN)
    assert snapshots["acme"].last_suspension is None


def test_it_began_when_it_says_and_else_when_it_was_said_first(snapshots: Snapshots) -> None:
    """A page repeats it with every poll."""
    snapshots.report("acme", locked(), BEGAN)
    snapshots.report("acme", locked(), BEGAN + 60)
    assert snapshots["acme"].last_suspension == LastSuspension(BEGAN)
    mail(snapshots, locked(since=BEGAN - 3600), BEGAN + 120)
    assert snapshots["acme"].last_suspension == LastSuspension(BEGAN - 3600)


def test_it_is_known_still_when_it_is_over(snapshots: Snapshots, config: Config) -> None:
    """By the first that says so, and over a change of the configuration."""
    mail(snapshots, locked(), BEGAN)
    mail(snapshots, RUNNING, BEGAN + 3600)
    snapshots.report("acme", RUNNING, BEGAN + 7200)
    snapshots.reconfigure(config.integrations, {})
    assert snapshots["acme"].last_suspension == LastSuspension(BEGAN, BEGAN + 3600)


def test_the_next_is_another(snapshots: Snapshots) -> None:
    """Whether a statement or what was seen has ended the one before."""
    mail(snapshots, locked(), BEGAN)
    snapshots.recovered("acme", Recovery(BEGAN + 3600, BEGAN + 3900, "records sync again"))
    assert snapshots["acme"].last_suspension == LastSuspension(BEGAN, BEGAN + 3600)
    mail(snapshots, locked(), BEGAN + 86_400)
    assert snapshots["acme"].last_suspension == LastSuspension(BEGAN + 86_400)
    mail(snapshots, RUNNING, BEGAN + 90_000)
    mail(snapshots, locked(), BEGAN + 100_000)
    assert snapshots["acme"].last_suspension == LastSuspension(BEGAN + 100_000)


def test_what_a_page_says_ends_by_its_next_page_alone(snapshots: Snapshots) -> None:
    """What was seen has ended what an e-mail said; the page has said it since, and cannot be read any more."""
    mail(snapshots, locked(), BEGAN)
    page = SyncHealth(BEGAN + 60, None, None, None, locked(), None)
    snapshots.put("acme", Reading("sync_health", 60.0, BEGAN + 60, None, page, succeeded_at=BEGAN + 60))
    snapshots.recovered("acme", Recovery(BEGAN + 3600, BEGAN + 3900, "records sync again"))
    assert snapshots["acme"].last_suspension == LastSuspension(BEGAN)


def test_what_was_said_before_the_end_is_of_the_one_that_has_ended(snapshots: Snapshots, config: Config) -> None:
    """Though who said that it is over is no longer configured."""
    snapshots.report("acme", locked(), BEGAN)
    mail(snapshots, RUNNING, BEGAN + 60)
    without = replace(config.integrations[0], mailbox=None)
    snapshots.reconfigure([without], {"acme": ()})
    assert snapshots["acme"].reading("mailbox") is None
    snapshots.report("acme", locked(), BEGAN + 30)
    assert snapshots["acme"].last_suspension == LastSuspension(BEGAN, BEGAN + 60)
