"""What is shown of a single error."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exporter.model import SyncError
from exporter.web.pages.error_lines import MOST_LETTERS, error_line

NOW = 1_800_000_000.0
ERROR = SyncError(
    id="e1",
    category="picklists",
    error_type="mismatched_options",
    record="contacts/101",
    object_type="contacts",
    hubspot_id="101",
    salesforce_id="003",
    affected_records=1_200,
    last_seen="2027-01-15T07:55:00Z",
    details="bad value",
)


def test_an_error_in_words() -> None:
    """Type, category, record, how many it keeps from syncing, how long ago and exactly when."""
    line = error_line(ERROR, NOW)
    assert (line.error_type, line.category, line.details) == ("Mismatched options", "Picklists", "bad value")
    assert (line.id, line.record, line.records) == ("e1", "contacts 101", "1,200")
    assert line.last_seen is not None
    assert (line.last_seen.told, line.last_seen.exactly) == ("5 min ago", "2027-01-15T07:55:00.000Z")


@pytest.mark.parametrize(
    ("category", "error_type", "shown"),
    [
        ("picklists", "a_new_type", ("Picklists", "Unknown: a_new_type")),
        ("weather", "rain", ("Other", "Unknown: rain")),
        ("other", "unknown", ("Other", "Unknown")),
        ("picklists", None, ("Picklists", "Unknown")),
    ],
)
def test_what_the_catalogue_does_not_know(category: str, error_type: str | None, shown: tuple[str, str]) -> None:
    """Its own name is shown too."""
    line = error_line(replace(ERROR, category=category, error_type=error_type), NOW)
    assert (line.category, line.error_type) == shown


def test_what_nobody_says_is_empty() -> None:
    """A number is not 0, a record is known by what there is, and never by the id of its error."""
    bare = SyncError("e1", "other", None, "record/e1")
    line = error_line(bare, NOW)
    assert (line.record, line.records, line.details, line.last_seen) == ("record without a name", "", "", None)
    assert error_line(replace(bare, salesforce_id="003"), NOW).record == "record 003"
    assert error_line(replace(bare, record="record/Jane Doe"), NOW).record == "record Jane Doe"


@pytest.mark.parametrize("text", ["yesterday", "2027-01-15T07:55:00", "0001-01-01T00:00:00Z", "9" * 5_000])
def test_a_time_that_is_none(text: str) -> None:
    """As it is, as far as one wants to read it."""
    line = error_line(replace(ERROR, last_seen=text), NOW)
    assert line.last_seen is not None
    assert line.last_seen.exactly == ""
    assert line.last_seen.told[:MOST_LETTERS] == text[:MOST_LETTERS]


def test_long_texts_are_cut() -> None:
    """A hundred of them stand on a page."""
    line = error_line(replace(ERROR, details="x" * 100_000, object_type="y" * 100_000), NOW)
    assert len(line.details) == len(line.record) == MOST_LETTERS + 1


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", " https://x", "//x", ""])
def test_a_link_leads_to_a_page(url: str) -> None:
    """Nothing that a click would run."""
    line = error_line(ERROR, NOW, url, "https://acme.lightning.force.com/lightning/r/Contact/003/view")
    assert (line.hubspot_url, line.salesforce_url) == (
        None,
        "https://acme.lightning.force.com/lightning/r/Contact/003/view",
    )
