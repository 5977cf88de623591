"""Sync errors by category and type."""

from __future__ import annotations

from exporter.catalog.catalog import CATALOG
from exporter.model import ErrorCount
from exporter.web.pages.error_cards import cards


def test_nobody_states_them() -> None:
    """That is something else than none."""
    assert cards(None) is None
    assert cards(()) == ()


def test_a_card_for_each_category_with_errors() -> None:
    """In the order of the catalogue, the type with the most errors first, with sums of both."""
    found = cards(
        (
            ErrorCount("picklists", "mismatched_options", 2, 3),
            ErrorCount("picklists", "restricted_picklist_value", 1_234, 4_000),
            ErrorCount("associations", "waiting_for_account_to_sync", 1, 1),
            ErrorCount("duplicates", "email_already_in_use", 0, 0),
        )
    )
    assert found is not None
    assert [(card.title, card.errors, card.records) for card in found] == [
        ("Associations", "1 error", "1 affected record"),
        ("Picklists", "1,236 errors", "4,003 affected records"),
    ]
    picklists = found[1]
    assert picklists.link == "?category=picklists#errors"
    assert [line.title for line in picklists.types] == ["Restricted picklist value", "Mismatched options"]
    assert picklists.types[0].link == "?category=picklists&error_type=restricted_picklist_value#errors"


def test_an_unknown_number_is_no_zero() -> None:
    """Neither of a type nor in the sum."""
    found = cards((ErrorCount("picklists", "mismatched_options", None, None),))
    assert found is not None
    (card,) = found
    assert (card.errors, card.types[0].records) == (
        "errors: not known how many",
        "affected records: not known how many",
    )


def test_what_resolves_each_and_who_can() -> None:
    """For every pair there is, and whether a resync may come before that."""
    counts = [ErrorCount(category, error_type, 1, 1) for category, error_type in CATALOG.pairs]
    found = cards(counts)
    assert found is not None
    lines = {(card.title, line.title): line for card in found for line in card.types}
    assert len(lines) == len(CATALOG.pairs)
    assert all(line.resolution and line.acts for line in lines.values())
    assert [line.title for line in lines.values() if line.curable] == ["Waiting for account to sync", "Unknown"]


def test_of_a_type_that_is_not_in_the_catalogue_nothing_is_claimed() -> None:
    """What resolves ``other`` need not resolve it."""
    found = cards((ErrorCount("picklists", "unknown", 1, 1), ErrorCount("other", "unknown", 1, 1)))
    assert found is not None
    (of_picklists,), (of_others,) = (card.types for card in found)
    assert "not in the catalogue" in of_picklists.resolution
    assert of_others.resolution == CATALOG.unknown.resolution
