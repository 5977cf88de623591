"""The catalogue of sync errors and suspension reasons."""

from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from exporter.bundled.rule_files import rules_directory, rules_text
from exporter.catalog.catalog import CATALOG, OTHER, UNKNOWN, label_value

ACTORS = {"hubspot_admin", "salesforce_admin", "salesforce_developer", "record_owner", "hubspot_support", "salesforce"}

# Fixed label values; not the titles in snake_case, which say "organization" in full.
REASON_NAMES = (
    "salesforce_org_api_limit_exceeded",
    "salesforce_org_api_access_disabled",
    "unknown_error",
    "salesforce_object_permissions_missing",
    "salesforce_field_permissions_missing",
    "salesforce_org_locked",
    "salesforce_org_storage_limit_exceeded",
    "salesforce_org_unavailable",
    "salesforce_server_error",
    "hubspot_api_limit_exceeded",
    "missing_field_mappings",
)


def test_it_holds_eight_categories_31_types_and_eleven_reasons() -> None:
    """As many as HubSpot's knowledge base names; each name is there once."""
    assert len(CATALOG.categories) == len(set(CATALOG.category_names)) == 8
    assert sum(len(category.error_types) for category in CATALOG.categories) == len(CATALOG.error_types) == 31
    assert CATALOG.reason_names == REASON_NAMES


def test_category_and_type_names_are_their_titles_in_snake_case() -> None:
    """A label value can be guessed from what HubSpot's page shows."""
    named = [(category.name, category.title) for category in CATALOG.categories]
    named += [(error.name, error.title) for error in CATALOG.error_types.values()]
    for name, title in named:
        assert name == title.lower().replace(" ", "_")
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", name)


def test_every_entry_says_what_to_do_and_who_acts() -> None:
    """Alerts and pages print these sentences."""
    errors = [(error.acts, error.resolution) for error in (*CATALOG.error_types.values(), CATALOG.unknown)]
    reasons = [(reason.acts, reason.resolution) for reason in CATALOG.suspension_reasons]
    assert {acts for acts, _ in errors + reasons} == ACTORS
    assert all(resolution.endswith(".") for _, resolution in errors + reasons)
    assert all(category.meaning.endswith(".") for category in CATALOG.categories)


def test_the_pairs_are_every_named_type_and_unknown_of_other() -> None:
    """32 pairs are exported at 0 once the errors are known; ``other`` has no named type."""
    assert len(CATALOG.pairs) == len(set(CATALOG.pairs)) == 32
    assert {category for category, _ in CATALOG.pairs} == set(CATALOG.category_names)
    assert [pair for pair in CATALOG.pairs if OTHER in pair] == [(OTHER, UNKNOWN)]


def test_a_plain_resync_cures_two_kinds_of_errors() -> None:
    """Those whose cause goes away by itself; anything else only burns API calls before somebody has acted."""
    assert CATALOG.resyncable == {("associations", "waiting_for_account_to_sync"), (OTHER, UNKNOWN)}


def test_a_resync_after_a_suspension_takes_the_categories_it_caused() -> None:
    """Only known categories are named, and every reason names one."""
    for reason in CATALOG.suspension_reasons:
        assert reason.caused
        assert set(reason.caused) <= set(CATALOG.category_names)
    by_itself = [reason.name for reason in CATALOG.suspension_reasons if reason.clears_by_itself]
    assert by_itself == ["hubspot_api_limit_exceeded"]


def test_every_reason_has_its_alert_in_the_rules_and_no_other_is_there() -> None:
    """The rules of suspensions and the catalogue name the same alerts, for the same reason."""
    rules = yaml.safe_load((rules_directory() / "suspension.rules.yml").read_text(encoding="utf-8"))
    asked = {
        (rule["alert"], reason)
        for group in rules["groups"]
        for rule in group["rules"]
        if "alert" in rule and "suspension" in rule["expr"]
        for reason in re.findall(r'reason="([a-z_]+)"', rule["expr"])
    }
    assert asked == {(reason.alert, reason.name) for reason in CATALOG.suspension_reasons}


def test_every_alert_of_the_catalogue_is_among_the_printed_rules() -> None:
    """``rules`` prints them all."""
    alerts = set(re.findall(r"alert: (\w+)", rules_text()))
    assert {reason.alert for reason in CATALOG.suspension_reasons} <= alerts


@pytest.mark.parametrize(
    ("reported", "pair"),
    [
        (("picklists", "restricted_picklist_value"), ("picklists", "restricted_picklist_value")),
        (("Property values", "String too long"), ("property_values", "string_too_long")),
        (("PICKLISTS", " Restricted Picklist Value "), ("picklists", "restricted_picklist_value")),
        (("picklists", "A type of next year"), ("picklists", UNKNOWN)),
        (("picklists", "string_too_long"), ("picklists", UNKNOWN)),
        (("picklists", None), ("picklists", UNKNOWN)),
        (("A category of next year", "whatever"), (OTHER, UNKNOWN)),
        (("", None), (OTHER, UNKNOWN)),
    ],
)
def test_a_reported_error_gets_its_label_values(reported: tuple[str, str | None], pair: tuple[str, str]) -> None:
    """Titles and names alike; an unknown type keeps its category, an unknown category goes to ``other``."""
    assert CATALOG.classify(*reported) == pair


NAMED = st.sampled_from([*CATALOG.category_names, *CATALOG.error_types])


@given(st.text() | NAMED, st.none() | st.text() | NAMED)
def test_no_error_is_ever_dropped(category: str, error_type: str | None) -> None:
    """Whatever is reported counts under a pair of the catalogue, or as unknown in a category of it."""
    pair = CATALOG.classify(category, error_type)
    assert pair in CATALOG.pairs or (pair[0] in CATALOG.category_names and pair[1] == UNKNOWN)


@given(st.sampled_from(CATALOG.pairs))
def test_a_classified_error_stays_what_it_is(pair: tuple[str, str]) -> None:
    """Classifying label values changes nothing."""
    assert CATALOG.classify(*pair) == pair


def test_a_reason_is_known_by_name_and_by_title() -> None:
    """A bridge may report what the page prints."""
    for reason in CATALOG.suspension_reasons:
        assert CATALOG.reason(reason.name) == CATALOG.reason(reason.title) == reason.name


@pytest.mark.parametrize("reported", ["", "A reason of next year", "salesforce"])
def test_an_unknown_reason_has_no_name(reported: str) -> None:
    """It is not turned into one of the eleven."""
    assert CATALOG.reason(reported) is None


@pytest.mark.parametrize(
    ("categories", "error_types", "count"),
    [
        ([], [], 32 + 7),  # the seven named categories may report an unknown type too
        (["picklists"], [], 11),
        ([OTHER], [], 1),
        ([], ["string_too_long"], 1),
        ([], [UNKNOWN], 8),
        (["duplicates"], ["string_too_long"], 4),
    ],
)
def test_a_choice_is_the_union_of_categories_and_types(
    categories: list[str], error_types: list[str], count: int
) -> None:
    """A category brings its unknown types along; naming nothing means everything."""
    assert len(CATALOG.select(categories, error_types)) == count


@given(st.text())
def test_a_label_value_is_snake_case(title: str) -> None:
    """Whatever the title, and doing it twice changes nothing."""
    name = label_value(title)
    assert re.fullmatch(r"(?:[a-z0-9]+(_[a-z0-9]+)*)?", name)
    assert label_value(name) == name
