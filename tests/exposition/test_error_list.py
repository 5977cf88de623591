"""Single sync errors for programs and spreadsheets."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest

from exporter.exposition.error_list import COLUMNS, as_csv, as_json
from exporter.model import HubSpotAccount, SyncError
from exporter.state.links import Links

ERROR = SyncError(
    id="e1",
    category="picklists",
    error_type="restricted_picklist_value",
    record="contacts/101",
    object_type="contacts",
    hubspot_id="101",
    salesforce_id="0035g00000AbCdEAAV",
    affected_records=3,
    last_seen="2026-11-21T10:00:00Z",
    details="no such value",
)
LINKS = Links(HubSpotAccount(123, "app.hubspot.com", None, None), "https://acme.my.salesforce.com")
HUBSPOT = "https://app.hubspot.com/contacts/123/record/0-1/101"
SALESFORCE = "https://acme.lightning.force.com/lightning/r/0035g00000AbCdEAAV/view"


def rows(*errors: SyncError) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(as_csv(errors, LINKS), newline="")))


class TestCsv:
    def test_every_column(self) -> None:
        """With a header line; what is not known is empty."""
        assert as_csv([], LINKS) == ",".join(COLUMNS) + "\n"
        (row,) = rows(replace(ERROR, affected_records=None))
        assert tuple(row) == COLUMNS
        assert (row["id"], row["hubspot_id"], row["affected_records"]) == ("e1", "101", "")

    def test_where_to_open_the_record(self) -> None:
        """In the last two columns, on either side; empty where nobody knows."""
        (row,) = rows(ERROR)
        assert (row["hubspot_url"], row["salesforce_url"]) == (HUBSPOT, SALESFORCE)
        (row,) = rows(replace(ERROR, hubspot_id="=1", salesforce_id=None))
        assert (row["hubspot_url"], row["salesforce_url"]) == ("", "")

    @pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
    def test_a_formula_becomes_text(self, start: str) -> None:
        """A spreadsheet would run what the other side's users typed."""
        (row,) = rows(replace(ERROR, details=f"{start}HYPERLINK(1)", id=f"{start}1"))
        assert row["details"].startswith("'")
        assert row["id"].startswith("'")

    @pytest.mark.parametrize("text", ['a "b", c', "two\nlines", "two\r\nlines", "a\rb", ";", "ä€"])
    def test_what_needs_quoting_comes_back(self, text: str) -> None:
        """One row an error, whatever it holds; every line break becomes the same one."""
        (row,) = rows(replace(ERROR, details=text))
        assert row["details"] == text.replace("\r\n", "\n").replace("\r", "\n")


class TestJson:
    def test_it_is_what_the_bridge_said(self) -> None:
        """Unknown is null, text is as it was."""
        (row,) = json.loads(as_json([replace(ERROR, details="=1 ä", last_seen=None)], LINKS))
        assert tuple(row) == COLUMNS
        assert (row["details"], row["last_seen"], row["affected_records"]) == ("=1 ä", None, 3)
        assert json.loads(as_json([], LINKS)) == []

    def test_where_to_open_the_record(self) -> None:
        """Null where nobody knows."""
        known, unknown = json.loads(as_json([ERROR, replace(ERROR, object_type=None, salesforce_id="003x")], LINKS))
        assert (known["hubspot_url"], known["salesforce_url"]) == (HUBSPOT, SALESFORCE)
        assert (unknown["hubspot_url"], unknown["salesforce_url"]) == (None, None)
