"""A real Alertmanager tells of sync errors as the owner of the integration has set it."""

from __future__ import annotations

import pytest

from tests.alertmanager.conftest import Start, until
from tests.alertmanager.inbox import Inbox
from tests.alertmanager.labels import SYNC_ERRORS, Labels
from tests.alertmanager.shipped import WEBHOOK_RECEIVER

pytestmark = pytest.mark.binaries

DAY, WEEK = 86400.0, 7 * 86400.0
DIGEST = "sync-errors-digest"
SECONDS = 2.0
"""What a digest's day or week takes here."""


def sync_errors(category: str, notify: str, integration: str = "acme") -> Labels:
    labels = {"alertname": SYNC_ERRORS, "severity": "warning", "remediation": "resync"}
    return {**labels, "category": category, "notify": notify, "integration": integration}


@pytest.mark.parametrize(("notify", "interval"), [("daily", DAY), ("weekly", WEEK)])
async def test_a_digest_holds_all_categories_and_comes_again(
    start: Start, inbox: Inbox, notify: str, interval: float
) -> None:
    """The next one holds what is new too, one without news comes all the same, the last says that all is over."""
    three = [sync_errors(category, notify) for category in ("picklists", "duplicates", "permissions")]
    four = [*three, sync_errors("other", notify)]
    async with start(interval / SECONDS) as alertmanager:
        await alertmanager.fire(*three)
        await until(lambda: inbox.of(DIGEST))
        await alertmanager.fire(four[-1])
        await until(lambda: len(inbox.of(DIGEST, category="other")) == 2)
        await alertmanager.resolve(*four)
        await until(lambda: inbox.of(DIGEST)[-1].status == "resolved")
    categories = [frozenset(digest.labels("category")) for digest in inbox.of(DIGEST)]
    assert list(dict.fromkeys(categories)) == [categories_of(three), categories_of(four), frozenset()]
    assert categories.count(frozenset()) == 1
    assert inbox.of(DIGEST)[-1].labels("category", "resolved") == categories_of(four)
    assert inbox.of(WEBHOOK_RECEIVER, category="other")


def categories_of(alerts: list[Labels]) -> frozenset[str]:
    return frozenset(labels["category"] for labels in alerts)


async def test_what_is_new_waits_for_the_next_digest(start: Start, inbox: Inbox) -> None:
    """A category that joins is told of to the exporter, not yet to people; another owner's digest overtakes it."""
    async with start(1000) as alertmanager:
        await alertmanager.fire(sync_errors("picklists", "daily", "acme"))
        await until(lambda: inbox.of(DIGEST, integration="acme"))
        await alertmanager.fire(sync_errors("other", "daily", "acme"))
        await until(lambda: inbox.of(WEBHOOK_RECEIVER, integration="acme", category="other"))
        await alertmanager.fire(sync_errors("picklists", "daily", "beta"))
        await until(lambda: inbox.of(DIGEST, integration="beta"))
    assert [digest.labels("category") for digest in inbox.of(DIGEST, integration="acme")] == [{"picklists"}]


async def test_each_integration_has_a_digest_of_its_own(start: Start, inbox: Inbox) -> None:
    """Errors of another integration are not its owner's business."""
    async with start(DAY / SECONDS) as alertmanager:
        await alertmanager.fire(sync_errors("picklists", "daily", "acme"), sync_errors("other", "daily", "beta"))
        await until(lambda: len(inbox.of(DIGEST)) == 2)
    assert [len(notification.labels("integration")) for notification in inbox.of(DIGEST)] == [1, 1]
    assert inbox.of(DIGEST, integration="acme")
    assert inbox.of(DIGEST, integration="beta")


async def test_a_reload_sends_no_digest_again(start: Start, inbox: Inbox) -> None:
    """Alertmanager remembers what it has sent. What it is sending just then it may send twice: hence one in between."""
    async with start(1000) as alertmanager:
        await alertmanager.fire(sync_errors("picklists", "daily", "acme"))
        await until(lambda: inbox.of(DIGEST, integration="acme"))
        await alertmanager.fire(sync_errors("picklists", "daily", "between"))
        await until(lambda: inbox.of(DIGEST, integration="between"))
        await alertmanager.reload()
        await alertmanager.fire(sync_errors("picklists", "daily", "later"))
        await until(lambda: inbox.of(DIGEST, integration="later"))
    assert len(inbox.of(DIGEST, integration="acme")) == 1


async def test_off_is_silent_and_still_asks_for_the_resync(start: Start, inbox: Inbox) -> None:
    """The exporter hears of the error; people hear only of the one that began later and is not off."""
    async with start(1000) as alertmanager:
        await alertmanager.fire(sync_errors("picklists", "off"))
        await until(lambda: inbox.of(WEBHOOK_RECEIVER, notify="off"))
        await alertmanager.fire(sync_errors("picklists", "immediate"))
        await until(lambda: inbox.of("sync-errors"))
        await until(lambda: inbox.of(WEBHOOK_RECEIVER, notify="immediate"))
    assert [notification.receiver for notification in inbox.notifications if notification.tells_of(notify="off")] == [
        WEBHOOK_RECEIVER
    ]


async def test_a_setting_nobody_knows_is_immediate(start: Start, inbox: Inbox) -> None:
    """An integration whose setting is not known loses no message."""
    unknown = {name: value for name, value in sync_errors("picklists", "").items() if value}
    async with start(1000) as alertmanager:
        await alertmanager.fire(unknown)
        await until(lambda: inbox.of("sync-errors", category="picklists"))
