"""Where people open a record."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.config.settings import Config
from exporter.model import HubSpotAccount, SyncError
from exporter.state.links import Links, account_of, hubspot_link, links_of, salesforce_link
from exporter.state.reading import Reading
from exporter.state.snapshot import Snapshot

ACCOUNT = HubSpotAccount(123456, "app-eu1.hubspot.com", None, None)
ORG = "https://acme.my.salesforce.com"
LEAD = "00Q5g00000AbCdEEAV"
ERROR = SyncError("e1", "other", None, "contacts/101", "contacts", "101", LEAD)


class TestHubSpot:
    @pytest.mark.parametrize(
        ("object_type", "type_id"),
        [
            *(("contacts", "0-1"), ("companies", "0-2"), ("deals", "0-3"), ("tickets", "0-5")),
            *(("contact", "0-1"), ("Company", "0-2"), ("DEAL", "0-3"), ("0-1", "0-1"), ("2-3451", "2-3451")),
        ],
    )
    def test_the_page_of_a_record(self, object_type: str, type_id: str) -> None:
        """By the id of the type of its object, an account's own types too."""
        assert hubspot_link(123456, "app.hubspot.com", object_type, "101") == (
            f"https://app.hubspot.com/contacts/123456/record/{type_id}/101"
        )

    @pytest.mark.parametrize("host", ["app.hubspot.com", "app-eu1.hubspot.com", "app-na2.hubspot.com"])
    def test_each_data_centre_has_its_host(self, host: str) -> None:
        """As HubSpot's account details name it."""
        assert (hubspot_link(1, host, "deals", "7") or "").startswith(f"https://{host}/contacts/1/")

    @pytest.mark.parametrize(
        "host",
        [
            *(None, "", "hubspot.com", "evil.example", "app.hubspot.com.evil.example", "evilhubspot.com"),
            *("app.hubspot.com/", "app.hubspot.com\n", "a.b.hubspot.com", "@app.hubspot.com", "app.hubspot.com:99"),
            *("-.hubspot.com", "127.0.0.1", "app.hubspot.com@evil.example", "ÄPP.hubspot.com"),
        ],
    )
    def test_no_other_host_is_linked_to(self, host: str | None) -> None:
        """Whatever stands in for HubSpot's API."""
        assert hubspot_link(1, host, "deals", "7") is None

    @pytest.mark.parametrize(
        "record", [None, "", "7/../8", "7?x", "7 8", "seven", "7\n", "٧", "7" * 21, "javascript:1"]
    )
    def test_a_hostile_id_is_no_link(self, record: str | None) -> None:
        """Ids are digits."""
        assert hubspot_link(1, "app.hubspot.com", "deals", record) is None

    @pytest.mark.parametrize(
        "object_type", [None, "", "lead", "tasks", "p123_car", "1-1", "0-", "0-1/..", "2-1\n", "0-1?", "constructor"]
    )
    def test_an_object_without_a_page_is_no_link(self, object_type: str | None) -> None:
        """Unknown names, and activities, which have no page on every plan."""
        assert hubspot_link(1, "app.hubspot.com", object_type, "7") is None

    @pytest.mark.parametrize("portal", [None, 0, -5])
    def test_no_account_no_link(self, portal: int | None) -> None:
        """Nobody has said which it is."""
        assert hubspot_link(portal, "app.hubspot.com", "deals", "7") is None


class TestSalesforce:
    @pytest.mark.parametrize(
        ("url", "host"),
        [
            ("https://acme.my.salesforce.com", "acme.lightning.force.com"),
            ("https://ACME.my.salesforce.com./", "acme.lightning.force.com"),
            ("https://acme--dev.sandbox.my.salesforce.com", "acme--dev.sandbox.lightning.force.com"),
            ("https://acme-dev-ed.develop.my.salesforce.com", "acme-dev-ed.develop.lightning.force.com"),
            ("https://brave-otter-1.scratch.my.salesforce.com", "brave-otter-1.scratch.lightning.force.com"),
            ("https://acme--uat.my.salesforce.com", "acme--uat.lightning.force.com"),
            ("https://acme--uat.cs88.my.salesforce.com", "acme--uat.lightning.force.com"),
            ("https://acme.my.salesforce.mil", "acme.lightning.crmforce.mil"),
            ("https://acme--dev.sandbox.my.salesforce.mil", "acme--dev.sandbox.lightning.crmforce.mil"),
            ("https://acme.my.sfcrmproducts.cn", "acme.lightning.sfcrmapps.cn"),
            ("https://acme.my-salesforce.com", "acme.my-lightning.com"),
            ("https://dev.acme.sandbox.my-salesforce.com", "dev.acme.sandbox.my-lightning.com"),
        ],
    )
    def test_the_page_of_a_record(self, url: str, host: str) -> None:
        """At the Lightning host of the org's My Domain, in every cloud."""
        assert salesforce_link(url, LEAD) == f"https://{host}/lightning/r/{LEAD}/view"

    def test_an_id_may_be_short(self) -> None:
        """15 characters name the same record."""
        assert salesforce_link(ORG, LEAD[:15]) == f"https://acme.lightning.force.com/lightning/r/{LEAD[:15]}/view"

    @pytest.mark.parametrize(
        "url",
        [
            *(None, "", "http://127.0.0.1:9952/acme/salesforce", "https://gateway.acme.example/salesforce"),
            *("https://na139.salesforce.com", "https://login.salesforce.com", "https://acme.lightning.force.com"),
            *("https://my.salesforce.com.evil.example", "https://[", "https://evilmy.salesforce.com"),
        ],
    )
    def test_no_my_domain_no_link(self, url: str | None) -> None:
        """Where the pages are nobody knows."""
        assert salesforce_link(url, LEAD) is None

    @pytest.mark.parametrize(
        "record", [None, "", "003", LEAD + "x", LEAD[:16], LEAD[:14] + "/", "../../../../secur", LEAD + "\n", "ä" * 15]
    )
    def test_a_hostile_id_is_no_link(self, record: str | None) -> None:
        """Ids are 15 or 18 letters and digits."""
        assert salesforce_link(ORG, record) is None


class TestLinks:
    def test_of_an_error(self) -> None:
        """Either side, as far as it is known."""
        links = Links(ACCOUNT, ORG)
        assert links.hubspot(ERROR) == "https://app-eu1.hubspot.com/contacts/123456/record/0-1/101"
        assert links.salesforce(ERROR) == f"https://acme.lightning.force.com/lightning/r/{LEAD}/view"
        nowhere = replace(ERROR, hubspot_id=None, salesforce_id=None)
        assert (links.hubspot(nowhere), links.salesforce(nowhere)) == (None, None)
        assert (Links().hubspot(ERROR), Links().salesforce(ERROR)) == (None, None)

    def test_of_an_integration(self, config: Config) -> None:
        """The configuration knows the org, a reading the account, as long as it is good."""
        entry = config.integrations[0]
        read = Reading("hubspot_account", 60.0, 1000.0, part=ACCOUNT, succeeded_at=1000.0)
        snapshot = Snapshot("acme", "immediate", None, (read,))
        assert entry.salesforce is not None
        assert links_of(entry, account_of(snapshot, 1001.0)) == Links(ACCOUNT, entry.salesforce.url)
        assert account_of(snapshot, 1180.0) is None
        assert links_of(replace(entry, salesforce=None), None) == Links()

    @given(st.text(max_size=40), st.text(max_size=30), st.text(max_size=20))
    def test_whatever_a_bridge_says_no_link_leads_elsewhere(self, object_type: str, one: str, other: str) -> None:
        """The hosts are HubSpot's and Salesforce's own, and nothing follows the id."""
        error = replace(ERROR, object_type=object_type, hubspot_id=one, salesforce_id=other)
        links = Links(ACCOUNT, ORG)
        for link, host in (
            (links.hubspot(error), "app-eu1.hubspot.com"),
            (links.salesforce(error), "acme.lightning.force.com"),
        ):
            assert link is None or (urlsplit(link).scheme, urlsplit(link).netloc) == ("https", host)
            assert link is None or not (urlsplit(link).query or urlsplit(link).fragment)
