"""The catalogue's titles in other languages."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.catalog.catalog import CATALOG, OTHER, UNKNOWN
from exporter.catalog.titles import CATEGORY, ERROR_TYPE, REASON, TITLES, Title, folded, titles_of


def languages(kind: str) -> dict[str, int]:
    """How many titles of a kind each language has."""
    spoken = dict.fromkeys(title.language for title in TITLES.of(kind))
    return {language: sum(title.language == language for title in TITLES.of(kind)) for language in spoken}


def test_so_much_is_known_of_each_language() -> None:
    """English is complete; of the others it is what HubSpot's translated articles print."""
    assert languages(CATEGORY) == {"en": 8, "de": 8, "nl": 8, "pl": 8}
    assert languages(ERROR_TYPE) == {"en": 31, "pl": 31}
    assert languages(REASON) == {"en": 11, "pl": 4, "fi": 11, "da": 4, "sv": 4, "no": 4}


@pytest.mark.parametrize("kind", [CATEGORY, ERROR_TYPE, REASON])
def test_no_title_means_two_things(kind: str) -> None:
    """Whatever the language is, a title is the title of one entry: the language need not be known."""
    meanings: dict[str, set[str]] = {}
    for title in TITLES.of(kind):
        meanings.setdefault(folded(title.text), set()).add(title.name)
    assert [text for text, names in meanings.items() if len(names) > 1] == []


def test_every_title_finds_its_entry() -> None:
    """In its own print, in capitals, and with other spaces."""
    lookups = {CATEGORY: TITLES.category, ERROR_TYPE: TITLES.error_type, REASON: TITLES.reason}
    for title in TITLES.titles:
        look_up = lookups[title.kind]
        printed = (title.text, title.text.upper(), f"\u00a0{title.text}:", title.name)
        assert {look_up(text) for text in printed} == {title.name}


@pytest.mark.parametrize(
    ("stated", "pair"),
    [
        (("Listy wyboru", "Ograniczona wartość listy wyboru"), ("picklists", "restricted_picklist_value")),
        ((None, "Zbyt długi ciąg znaków"), ("property_values", "string_too_long")),
        (("", "Waiting for account to sync"), ("associations", "waiting_for_account_to_sync")),
        (("Auswahllisten", "Ein Typ des nächsten Jahres"), ("picklists", UNKNOWN)),
        (("Auswahllisten", None), ("picklists", UNKNOWN)),
        (("Picklists", "String too long"), ("picklists", UNKNOWN)),
        (("Eine Kategorie des nächsten Jahres", "String too long"), (OTHER, UNKNOWN)),
        ((None, None), (OTHER, UNKNOWN)),
    ],
)
def test_an_error_is_classified_in_any_language(stated: tuple[str | None, str | None], pair: tuple[str, str]) -> None:
    """As the catalogue does it; without a category it is the error type's own."""
    assert TITLES.classify(*stated) == pair


def test_an_owners_title_goes_first() -> None:
    """What an owner says a text means is what it means."""
    titles = TITLES.with_more(titles_of({"xx": {CATEGORY: {"other": ["Verschiedenes", "Duplikate"]}}}))
    assert titles.category("verschiedenes") == titles.category("Duplikate") == "other"
    assert titles.category("Duplicates") == "duplicates"


@given(st.text(), st.text())
def test_no_error_is_ever_dropped(category: str, error_type: str) -> None:
    """Whatever is stated counts in a category of the catalogue."""
    pair = TITLES.classify(category, error_type)
    assert pair in CATALOG.pairs or (pair[0] in CATALOG.category_names and pair[1] == UNKNOWN)


@pytest.mark.parametrize("text", ["", "   ", "…", "Salesforce", "Api limit"])
def test_part_of_a_title_is_no_title(text: str) -> None:
    """Nothing is guessed."""
    assert TITLES.category(text) is TITLES.error_type(text) is TITLES.reason(text) is None


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        ({"de": "Duplikate"}, "de: 'Duplikate' is no mapping"),
        ({"de": {"cards": {}}}, "'cards' is none of categories, error_types, suspension_reasons"),
        ({"de": {CATEGORY: ["Duplikate"]}}, r"de\.categories: \['Duplikate'\] is no mapping"),
        ({"de": {CATEGORY: {"double": "Duplikate"}}}, r"de\.categories: 'double' is none of associations, .*, other"),
        ({"de": {CATEGORY: {"duplicates": 7}}}, r"de\.categories\.duplicates: 7 is no title"),
        ({"de": {CATEGORY: {"duplicates": "–"}}}, r"de\.categories\.duplicates: '–' is no title"),
    ],
)
def test_a_mapping_in_another_form_is_refused(raw: Any, complaint: str) -> None:
    """With the place and the value."""
    with pytest.raises(ValueError, match=complaint):
        list(titles_of(raw))


def test_titles_come_from_one_file() -> None:
    """``Title`` says which language and which entry it is of."""
    assert Title("de", CATEGORY, "duplicates", "Duplikate") in TITLES.titles
