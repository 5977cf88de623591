"""The sentence that a page says of an integration, where no page of HubSpot's says it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exporter.model import (
    Access,
    CanaryDirection,
    CanaryRounds,
    Failure,
    Heartbeat,
    LastWrite,
    LastWrites,
    MailboxNews,
    ObjectHeartbeat,
    OrgLimits,
    OrgUsage,
    Part,
    Permission,
    Suspension,
    SyncHealth,
    UnreadableMessage,
)
from exporter.state.reading import Reading
from exporter.state.snapshot import Snapshot
from exporter.web.pages.status_page import status_row

NOW = 1_800_000_000.0
HOUR = 3_600.0
DAY = 24 * HOUR
REFUSED = "salesforce_org_api_access_disabled"
GOOD = ("good", "Syncs")
ROUNDS = (("synced", 47), ("late", 0), ("failed", 0))


def seen(**parts: Part) -> Snapshot:
    """Parts by the names of their sources, read just now."""
    return Snapshot(
        "acme", "immediate", None, tuple(Reading(name, 60.0, NOW, None, part, NOW) for name, part in parts.items())
    )


def verdict(**parts: Part) -> tuple[str, str]:
    row = status_row(seen(**parts), NOW)
    return row.level, row.state


def test_an_api_that_is_refused_to_the_exporter_s_own_user() -> None:
    """Is not told as HubSpot's user losing it, nor with a remedy at that one."""
    refused = Reading("salesforce_limits", 60.0, NOW, Failure("auth", "API_DISABLED_FOR_ORG", "refused"))
    row = status_row(Snapshot("acme", "immediate", None, (refused,)), NOW)
    assert row.state == (
        "Not suspended yet, but: Salesforce organization API access disabled for the exporter's own user"
    )
    (what_to_do,) = row.why
    assert what_to_do.startswith("Give the exporter's own user in Salesforce the API Enabled permission.")
    told = Reading("mailbox", 60.0, NOW, None, MailboxNews(Suspension(True, REFUSED, NOW), NOW), NOW)
    _since, what_to_do = status_row(Snapshot("acme", "immediate", None, (refused, told)), NOW).why
    assert what_to_do.startswith("Give the integration user")


def test_a_suspension_says_since_when_and_what_was_seen_before_it() -> None:
    """Nothing goes on while it is suspended, and what was looked at earlier does not speak against it."""
    since = NOW - 600.0
    suspension = Suspension(True, "salesforce_object_permissions_missing", since)
    access = Access(True, False, True, True, None, (Permission("Contact", None, True, True),), "NA1", False)
    readings = (
        Reading("mailbox", 60.0, NOW, None, MailboxNews(suspension, since), NOW),
        Reading("salesforce_access", HOUR, NOW - 900, None, access, NOW - 900),
        Reading("salesforce_heartbeat", 60.0, NOW, None, LastWrites((LastWrite("Contact", NOW - 700, NOW),)), NOW),
        Reading("hubspot_heartbeat", 60.0, NOW, None, synced(700), NOW),
    )
    row = status_row(Snapshot("acme", "immediate", None, readings), NOW)
    assert row.why[0] == "Suspended since 2027-01-15T07:50:00.000Z (10 min ago), as mailbox says."
    assert [line.text for line in row.directions] == ["last seen 12 min ago, before the suspension"]
    details = {line.title: line.detail for line in row.conditions}
    assert details["Salesforce object permissions missing"] == (
        "read and edit on all configured objects (salesforce_access, 15 min ago, before the suspension)"
    )
    unknown = seen(mailbox=MailboxNews(Suspension(True, None, None), since))
    assert status_row(unknown, NOW).why == ("Since when is not known; mailbox says so.",)


def test_what_is_not_looked_for_is_named() -> None:
    """That nothing is said of a cause does not mean that it is not there."""
    access = Access(True, False, True, True, None, (Permission("Contact", None, True, True),), "NA1", False)
    row = status_row(seen(salesforce_access=access, salesforce_limits=OrgLimits(OrgUsage(1, 9, NOW), ())), NOW)
    assert row.not_judged == (
        "Unknown error, Salesforce field permissions missing (salesforce.fields names none), "
        "Salesforce organization storage limits exceeded, HubSpot API limit exceeded, "
        "Missing field mappings (only HubSpot can know)"
    )
    named = replace(access, permissions=(*access.permissions, Permission("Contact", "Email", None, None)))
    assert "salesforce.fields" not in status_row(seen(salesforce_access=named), NOW).not_judged


def synced(ago: float, waits_for: float | None = None) -> Heartbeat:
    """The newest sync of contacts; a change waits, or none does."""
    waits = None if waits_for is None else NOW - waits_for
    change = NOW - ago if waits is None else waits
    return Heartbeat((ObjectHeartbeat("contacts", NOW - ago, change, waits),))


def probe(direction: str, success: bool | None, ago: float = 60.0) -> CanaryDirection:
    return CanaryDirection(direction, success, NOW - ago, ROUNDS, (), 0.0)


def canary(*directions: CanaryDirection) -> CanaryRounds:
    return CanaryRounds(directions, 0.99, HOUR)


def mail(ago: float | None) -> MailboxNews:
    received = None if ago is None else NOW - ago
    return MailboxNews(None, None, unmatched=(UnreadableMessage(1, received, "Ihre Integration", "words not known"),))


ARRIVES, LATE = canary(probe("to_salesforce", True)), canary(probe("to_salesforce", False))
PAGE = SyncHealth(NOW, None, None, None, Suspension(False, None, None), ())


class TestCanary:
    def test_a_late_one_is_trouble_whatever_else_looks_well(self) -> None:
        """Named by the direction in which its record does not arrive."""
        late = ("trouble", "The canary is late: HubSpot → Salesforce")
        assert verdict(canary=LATE, hubspot_heartbeat=synced(60)) == late
        assert verdict(canary=LATE, sync_health=PAGE) == late
        both = canary(probe("to_salesforce", True), probe("to_hubspot", False))
        assert verdict(canary=both) == ("trouble", "The canary is late: Salesforce → HubSpot")

    def test_one_that_arrives_proves_that_records_sync(self) -> None:
        """On a quiet weekend nothing else does."""
        assert verdict(canary=ARRIVES, hubspot_heartbeat=synced(60 * DAY)) == GOOD
        assert verdict(canary=ARRIVES, hubspot_heartbeat=synced(4 * HOUR, waits_for=3 * HOUR)) == GOOD

    @pytest.mark.parametrize("last", [probe("to_salesforce", None), probe("to_salesforce", True, ago=2 * DAY)])
    def test_a_round_that_says_nothing_of_today_proves_nothing(self, last: CanaryDirection) -> None:
        """It could not be carried out, or is too long ago."""
        level, _words = verdict(canary=canary(last), hubspot_heartbeat=synced(60 * DAY))
        assert level == "unknown"


class TestMailbox:
    def test_an_e_mail_of_today_that_nobody_understands_is_trouble(self) -> None:
        """It may be the one that tells of a suspension."""
        said = ("trouble", "E-mails of HubSpot that are not understood, of the last day: 1")
        assert verdict(mailbox=mail(60), hubspot_heartbeat=synced(60)) == said
        assert verdict(mailbox=mail(2 * DAY), hubspot_heartbeat=synced(60)) == GOOD
        assert verdict(mailbox=mail(None), hubspot_heartbeat=synced(60)) == GOOD


class TestRecords:
    def test_a_sync_of_the_last_day_proves_it_and_an_older_one_does_not(self) -> None:
        """Nobody knows whether a quiet account is a dead one."""
        assert verdict(hubspot_heartbeat=synced(23 * HOUR)) == GOOD
        assert verdict(hubspot_heartbeat=synced(60 * DAY)) == (
            "unknown",
            "No trouble seen, but the last sync was 60 d ago: whether it syncs is not known",
        )

    def test_a_change_that_waits_for_more_than_an_hour_is_trouble(self) -> None:
        """As the alert SyncStale has it; one of the last rounds only waits for its turn."""
        late = ("trouble", "A record changed 3 h ago, and nothing has synced since")
        assert verdict(hubspot_heartbeat=synced(4 * HOUR, waits_for=3 * HOUR)) == late
        assert verdict(hubspot_heartbeat=synced(4 * HOUR, waits_for=3 * HOUR), sync_health=PAGE) == late
        assert verdict(hubspot_heartbeat=synced(HOUR, waits_for=600)) == GOOD


class TestDirections:
    def test_where_the_canary_arrives_what_waits_is_probably_not_mapped(self) -> None:
        """Changes that nothing has followed look as if the direction stood."""
        changes = tuple(NOW - HOUR * ago for ago in (5, 4.5, 4, 3, 2))
        waiting = ObjectHeartbeat("contacts", NOW - 6 * HOUR, changes[-1], changes[0], changes)
        parts: dict[str, Part] = {
            "hubspot_heartbeat": Heartbeat((waiting,)),
            "salesforce_heartbeat": LastWrites((LastWrite("Contact", NOW - 6 * HOUR, NOW),)),
        }
        alone, *_rest = status_row(seen(**parts), NOW).directions
        beside, *_rest = status_row(seen(**parts, canary=ARRIVES), NOW).directions
        assert (alone.good, alone.text.startswith("stands still")) == (False, True)
        assert (beside.good, beside.text) == (
            True,
            "goes on by the canary; what waits since 5 h ago is probably not mapped",
        )
