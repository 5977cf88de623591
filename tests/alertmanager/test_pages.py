"""A real Alertmanager holds the page of what is expected to end by itself, and tells the exporter at once."""

from __future__ import annotations

import pytest

from tests.alertmanager.conftest import TOKEN, Start, until
from tests.alertmanager.inbox import Inbox
from tests.alertmanager.labels import PREFIX, SYNC_ERRORS, Labels
from tests.alertmanager.shipped import WEBHOOK_RECEIVER

pytestmark = pytest.mark.binaries

FACTOR = 200
"""Ten minutes of holding take three seconds."""
HOLD = 600 / FACTOR


def critical(alert: str, integration: str) -> Labels:
    labels = {"alertname": f"{PREFIX}{alert}", "severity": "critical", "remediation": "resync"}
    return {**labels, "integration": integration}


def immediate(category: str, integration: str) -> Labels:
    labels = {"alertname": SYNC_ERRORS, "severity": "warning", "remediation": "resync", "notify": "immediate"}
    return {**labels, "category": category, "integration": integration}


async def test_what_ends_in_time_pages_nobody_and_what_does_not_pages(start: Start, inbox: Inbox) -> None:
    """Of two suspensions one ends while its page is held: nobody hears of it. The other, begun later, goes out."""
    ended, lasting = critical("OrgLocked", "ended"), critical("OrgLocked", "lasting")
    async with start(FACTOR) as alertmanager:
        await alertmanager.fire(ended)
        await until(lambda: inbox.of(WEBHOOK_RECEIVER, integration="ended"))
        await alertmanager.resolve(ended)
        await alertmanager.fire(lasting)
        await until(lambda: inbox.of("page", integration="lasting"))
        await until(lambda: len(inbox.of(WEBHOOK_RECEIVER, integration="ended")) == 2)
    assert not inbox.of("page", integration="ended")
    assert [notification.status for notification in inbox.of("page", integration="lasting")] == ["firing"]


async def test_the_exporter_hears_both_begin_and_end(start: Start, inbox: Inbox) -> None:
    """With the token from its file, the begin long before anybody is paged."""
    locked = critical("OrgLocked", "acme")
    async with start(FACTOR) as alertmanager:
        await alertmanager.fire(locked)
        await until(lambda: inbox.of("page", integration="acme"))
        await alertmanager.resolve(locked)
        await until(lambda: len(inbox.of(WEBHOOK_RECEIVER, integration="acme")) == 2)
        await until(lambda: len(inbox.of("page", integration="acme")) == 2)
    assert inbox.notifications[0].receiver == WEBHOOK_RECEIVER
    told = inbox.of(WEBHOOK_RECEIVER, integration="acme")
    assert [notification.status for notification in told] == ["firing", "resolved"]
    assert {notification.authorization for notification in told} == {f"Bearer {TOKEN}"}
    assert {notification.payload["truncatedAlerts"] for notification in told} == {0}
    assert [notification.status for notification in inbox.of("page")] == ["firing", "resolved"]
    assert {notification.authorization for notification in inbox.of("page")} == {None}


async def test_a_suspension_that_somebody_has_to_end_pages_at_once(start: Start, inbox: Inbox) -> None:
    """It overtakes one that is held, though it begins later."""
    async with start(FACTOR) as alertmanager:
        await alertmanager.fire(critical("OrgLocked", "acme"))
        await until(lambda: inbox.of(WEBHOOK_RECEIVER, integration="acme"))
        await alertmanager.fire(critical("FieldPermissionsMissing", "beta"))
        await until(lambda: inbox.of("page", integration="acme"))
    assert [notification.labels("integration") for notification in inbox.of("page")] == [{"beta"}, {"acme"}]


async def test_a_restart_does_not_hold_a_page_twice(start: Start, inbox: Inbox) -> None:
    """Holding counts from when the alert began to fire, not from when this Alertmanager heard of it."""
    async with start(FACTOR) as alertmanager:
        await alertmanager.fire(critical("OrgLocked", "new"))
        await until(lambda: inbox.of(WEBHOOK_RECEIVER, integration="new"))
        await alertmanager.fire(critical("OrgLocked", "old"), ago=2 * HOLD)
        await until(lambda: inbox.of("page", integration="new"))
    assert [notification.labels("integration") for notification in inbox.of("page")] == [{"old"}, {"new"}]


async def test_each_incident_is_held_for_its_own_time(start: Start, inbox: Inbox) -> None:
    """A second incident is held too, although the first has already paged; and a third of the same integration."""
    async with start(FACTOR) as alertmanager:
        await alertmanager.fire(critical("OrgLocked", "acme"))
        await until(lambda: inbox.of("page", integration="acme"))
        await alertmanager.fire(critical("OrgLocked", "beta"), critical("ServerError", "acme"))
        await until(lambda: len(inbox.of(WEBHOOK_RECEIVER)) == 3)
        await alertmanager.resolve(critical("OrgLocked", "beta"), critical("ServerError", "acme"))
        await alertmanager.fire(critical("UnknownError", "gamma"))
        await until(lambda: inbox.of("page", integration="gamma"))
    assert [notification.labels("integration") for notification in inbox.of("page")] == [{"acme"}, {"gamma"}]


async def test_an_immediate_error_that_a_resync_cures_is_no_message(start: Start, inbox: Inbox) -> None:
    """It is asked for at once; people hear of it only when it stays, while other categories go out at once."""
    cured, kept, other = immediate("other", "cured"), immediate("other", "kept"), immediate("picklists", "cured")
    async with start(FACTOR) as alertmanager:
        await alertmanager.fire(cured)
        await until(lambda: inbox.of(WEBHOOK_RECEIVER, integration="cured"))
        await alertmanager.resolve(cured)
        await alertmanager.fire(kept, other)
        await until(lambda: inbox.of("sync-errors", integration="kept"))
    assert [notification.labels("category") for notification in inbox.of("sync-errors")] == [{"picklists"}, {"other"}]
    assert not inbox.of("sync-errors", integration="cured", category="other")
