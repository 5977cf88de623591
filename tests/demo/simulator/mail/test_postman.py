"""When HubSpot writes e-mails, and what stands in them."""

from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

import httpx
import pytest

from exporter.demo.simulator.names import REASONS, TITLES
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import Settings
from exporter.demo.simulator.state.outbox import KEPT
from tests.demo.simulator.conftest import QUIET, ManualClock

MakeOrg = Callable[[Settings], Org]
DAY = 86_400.0


def subjects(org: Org) -> list[str]:
    return [mail.subject for mail in org.outbox]


def read(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def texts(raw: bytes) -> list[str]:
    """Of the plain and of the HTML part."""
    return [
        part.get_content().replace("\r\n", "\n") for part in read(raw).walk() if part.get_content_maintype() == "text"
    ]


def pass_days(org: Org, clock: ManualClock, days: float) -> None:
    clock.pass_seconds(days * DAY)
    org.tick()


class TestSuspension:
    @pytest.mark.parametrize("reason", REASONS)
    def test_it_is_told_at_once_with_its_reason(self, org: Org, reason: str) -> None:
        """In both parts, by HubSpot's title."""
        org.suspend(reason, cause_holds=True)
        assert subjects(org) == ["Your Salesforce integration was suspended"]
        (mail,) = org.outbox
        assert all(TITLES[reason] in text for text in texts(mail.raw))

    def test_its_end_is_told_however_it_ends(self, org: Org, clock: ManualClock) -> None:
        """By the button, and by itself."""
        org.suspend("unknown_error")
        org.clear_suspension()
        org.suspend("hubspot_api_limit_exceeded", cause_holds=True)
        org.set_cause("hubspot_api_limit_exceeded", holds=False)
        clock.pass_seconds(1)
        org.tick()
        begin, end = "Your Salesforce integration was suspended", "Your Salesforce integration is active again"
        assert subjects(org) == [begin, end, begin, end]
        assert [mail.number for mail in org.outbox] == [1, 2, 3, 4]

    def test_nothing_is_told_twice(self, org: Org, clock: ManualClock) -> None:
        """A suspension that lasts is no news."""
        org.suspend("unknown_error", cause_holds=True)
        for _ in range(5):
            clock.pass_seconds(60)
            org.tick()
        assert len(org.outbox) == 1


class TestErrors:
    def test_at_once_what_is_new(self, org: Org, clock: ManualClock) -> None:
        """One e-mail a round, with a count for each category and type."""
        org.add_errors("picklists", "restricted_picklist_value", 2)
        org.add_errors("other", "unknown", 1)
        org.tick()
        org.add_errors("picklists", "a_type_of_next_year", 1)
        org.tick()
        assert subjects(org) == ["3 new Salesforce sync errors", "1 new Salesforce sync error"]
        first, second = (texts(mail.raw)[0] for mail in org.outbox)
        assert "Picklists: 2\nRestricted picklist value: 2\n" in first
        assert "A type of next year: 1" in second

    @pytest.mark.parametrize(("notify", "days"), [("daily", 1), ("weekly", 7)])
    def test_a_digest_has_all_of_them(self, make_org: MakeOrg, clock: ManualClock, notify: str, days: int) -> None:
        """Once in its time, and only if something is new."""
        org = make_org(replace(QUIET, notify=notify))
        org.add_errors("picklists", "restricted_picklist_value", 2)
        pass_days(org, clock, days / 2)
        org.add_errors("other", "unknown", 1)
        assert subjects(org) == []
        pass_days(org, clock, days / 2)
        pass_days(org, clock, days)
        assert subjects(org) == [f"Your {notify} Salesforce sync error summary"]
        (mail,) = org.outbox
        assert "There are 3 sync errors" in texts(mail.raw)[0]

    def test_off_is_off(self, make_org: MakeOrg) -> None:
        """What came meanwhile is not told later."""
        org = make_org(replace(QUIET, notify="off"))
        org.add_errors("other", "unknown", 1)
        org.tick()
        org.notify = "immediate"
        org.tick()
        assert subjects(org) == []


class TestLetter:
    def test_it_says_when_and_to_whom(self, org: Org, clock: ManualClock) -> None:
        """By the simulated clock; each e-mail has an id of its own."""
        org.suspend("unknown_error")
        clock.pass_seconds(90)
        org.clear_suspension()
        first, second = (read(mail.raw) for mail in org.outbox)
        assert first["Date"] == "Sat, 21 Nov 2026 12:00:00 +0000"
        assert second["Date"] == "Sat, 21 Nov 2026 12:01:30 +0000"
        assert first["To"] == "crm-alerts@acme.example"
        assert first["Message-ID"] != second["Message-ID"]

    def test_it_is_what_goes_over_the_wire(self, org: Org) -> None:
        """CRLF, seven bits, and the same whenever it is written."""
        org.add_errors("other", "größe", 1)
        org.tick()
        (mail,) = org.outbox
        assert mail.raw.isascii()
        assert mail.raw.count(b"\n") == mail.raw.count(b"\r\n")

    def test_the_receiving_server_has_looked_at_it(self, org: Org) -> None:
        """Its result stands above what HubSpot wrote."""
        org.suspend("unknown_error")
        (mail,) = org.outbox
        names = [name.lower() for name in read(mail.raw)]
        assert names.index("authentication-results") < names.index("dkim-signature") < names.index("from")
        assert "dkim=pass" in read(mail.raw)["Authentication-Results"]

    def test_it_leads_to_the_account(self, org: Org) -> None:
        """By a link with the account's id."""
        org.suspend("unknown_error")
        (mail,) = org.outbox
        assert all(
            f"https://app.hubspot.com/integrations-settings/{org.portal_id}/" in text for text in texts(mail.raw)
        )


class TestOutbox:
    def test_it_does_not_grow_for_ever(self, org: Org) -> None:
        """The newest thousand are kept, under the numbers they have."""
        for _ in range(KEPT // 2 + 1):
            org.suspend("unknown_error")
            org.clear_suspension()
        assert len(org.outbox) == KEPT
        assert org.outbox.last == KEPT + 2
        assert org.outbox.get(2) is None
        assert [mail.number for mail in org.outbox.after(KEPT)] == [KEPT + 1, KEPT + 2]

    async def test_it_can_be_read_from_outside(self, client: httpx.AsyncClient, acme: Org) -> None:
        """A list, and each e-mail as it is."""
        acme.suspend("unknown_error")
        acme.clear_suspension()
        listed = (await client.get("/control/acme/outbox", params={"after": "1"})).json()
        assert listed == {
            "mails": [
                {
                    "number": 2,
                    "sent_at": "2026-11-21T12:00:00.000Z",
                    "subject": "Your Salesforce integration is active again",
                }
            ]
        }
        mail = acme.outbox.get(2)
        assert mail is not None
        assert (await client.get("/control/acme/outbox/2")).content == mail.raw

    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("/control/nobody/outbox", 404),
            ("/control/nobody/outbox/1", 404),
            ("/control/acme/outbox/1", 404),
            ("/control/acme/outbox?after=x", 400),
        ],
    )
    async def test_what_is_not_there_is_refused(self, client: httpx.AsyncClient, path: str, status: int) -> None:
        """With the value that is wrong."""
        answer = await client.get(path)
        assert answer.status_code == status
        assert answer.json()["error"]
