"""The simulator's e-mails, whose wording knows nothing of the patterns."""

from __future__ import annotations

from itertools import count

import pytest

from exporter.catalog.catalog import CATALOG
from exporter.demo.simulator.org import Org
from exporter.mail.message import parse_message
from exporter.mail.patterns import load_patterns
from exporter.mail.verdict import Verdict, judge

NOON = 1_795_262_400.0


@pytest.fixture
def org() -> Org:
    """Its clock moves a minute each time it is looked at."""
    minutes = count()
    return Org("acme", lambda: NOON + 60.0 * next(minutes))


def verdicts(org: Org) -> list[Verdict]:
    """Of every e-mail it has written, by whoever watches this account and another."""
    accounts = [str(org.portal_id), "999"]
    return [judge(parse_message(mail.raw, mail.sent_at), load_patterns(), accounts) for mail in org.outbox]


@pytest.mark.parametrize("reason", CATALOG.reason_names)
def test_a_suspension_and_its_end_are_understood(org: Org, reason: str) -> None:
    """With reason, account and the time they were told."""
    org.suspend(reason)
    org.clear_suspension()
    begin, end = verdicts(org)
    assert (begin.result, begin.kind, begin.reason) == ("matched", "suspension", reason)
    assert (end.result, end.kind, end.reason) == ("matched", "clearance", None)
    assert {begin.account, end.account} == {str(org.portal_id)}
    assert [begin.stated_at, end.stated_at] == [mail.sent_at for mail in org.outbox]


@pytest.mark.parametrize("category", CATALOG.category_names)
def test_new_errors_are_understood_at_once_and_in_a_digest(org: Org, category: str) -> None:
    """Of each category."""
    error_type = next((error.name for error in CATALOG.error_types.values() if error.category == category), "unknown")
    org.add_errors(category, error_type, 2)
    org.tick()
    org.notify, org.outbox.told_errors_at = "weekly", 0.0
    org.add_errors(category, error_type, 1)
    org.tick()
    assert [(one.result, one.kind, one.categories) for one in verdicts(org)] == [
        ("matched", "sync_errors", (category,)),
        ("matched", "sync_errors", (category,)),
    ]
