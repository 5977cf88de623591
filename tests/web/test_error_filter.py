"""Which errors an address asks for."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from exporter.catalog.catalog import CATALOG
from exporter.remediation.look import Wanted
from exporter.web.api.openapi import document
from exporter.web.pages.error_filter import error_filter


@pytest.mark.parametrize(
    ("parameters", "wanted", "title"),
    [
        ({}, Wanted(), ""),
        ({"category": "", "error_type": ""}, Wanted(), ""),
        ({"category": "picklists"}, Wanted("picklists"), "Picklists"),
        ({"error_type": "invalid_email"}, Wanted("property_values", "invalid_email"), "Property values, Invalid email"),
        (
            {"category": "property_values", "error_type": "invalid_email"},
            Wanted("property_values", "invalid_email"),
            "Property values, Invalid email",
        ),
        ({"category": "picklists", "error_type": "invalid_email"}, Wanted("picklists"), "Picklists"),
        ({"category": "picklists", "error_type": "unknown"}, Wanted("picklists", "unknown"), "Picklists, Unknown"),
        ({"error_type": "unknown"}, Wanted(None, "unknown"), "Unknown"),
    ],
)
def test_what_is_looked_at(parameters: dict[str, str], wanted: Wanted, title: str) -> None:
    """A type brings its category; a category that was changed leaves behind the type of another."""
    shown = error_filter(parameters)
    assert (shown.wanted, shown.title, shown.problem) == (wanted, title, "")


@pytest.mark.parametrize("parameters", [{"category": "weather<b>"}, {"error_type": "weather<b>"}])
def test_what_is_none_is_said(parameters: dict[str, str]) -> None:
    """And asks nobody for anything."""
    shown = error_filter(parameters)
    assert shown.problem.startswith(f"{next(iter(parameters))}: got 'weather<b>'")


def test_the_lists_have_what_there_is() -> None:
    """All types at first; of a category its own. What is looked at is chosen."""
    everything = error_filter({})
    assert [option.value for option in everything.categories] == list(CATALOG.category_names)
    types = [option.value for group in everything.error_types for option in group.options]
    assert types == [*CATALOG.error_types, "unknown"]
    assert document()["components"]["schemas"]["ErrorType"]["enum"] == types
    some = error_filter({"error_type": "invalid_email"})
    assert [option.value for option in some.categories if option.chosen] == ["property_values"]
    assert [group.title for group in some.error_types] == ["Property values", "Not in the catalogue"]
    assert [one.value for group in some.error_types for one in group.options if one.chosen] == ["invalid_email"]


def test_the_way_on_and_back() -> None:
    """Within what is looked at, whatever characters a cursor has."""
    shown = error_filter({"category": "picklists", "after": "e1"})
    assert shown.after == "e1"
    assert parse_qs(urlsplit(shown.after_this("a&b=c#d")).query) == {"category": ["picklists"], "after": ["a&b=c#d"]}
    assert shown.from_the_start == "?category=picklists#errors"


def test_all_of_them_as_a_table() -> None:
    """By a name of any kind."""
    address = urlsplit(error_filter({"error_type": "invalid_email", "after": "e1"}).csv("a&c/ é"))
    assert address.path == "/api/v1/sync-errors"
    assert parse_qs(address.query) == {
        "integration": ["a&c/ é"],
        "category": ["property_values"],
        "error_type": ["invalid_email"],
        "format": ["csv"],
    }
