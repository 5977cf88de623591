"""Phrases, and an owner's file of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exporter.catalog.catalog import CATALOG
from exporter.mail.message import Message
from exporter.mail.patterns import load_patterns, parse_patterns
from exporter.mail.phrases import phrases, plain
from exporter.mail.statement import categories_in, reasons_in, statements_in
from exporter.mail.verdict import judge

DEFAULTS = load_patterns()


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("sync error*", "5 Sync-Errors!", True),
        ("sync error*", "sync\nerror", True),
        ("sync error", "sync errors", False),
        ("suspension ... cleared", "The suspension of your integration was cleared.", True),
        ("suspension ... cleared", "suspension: cleared", True),
        ("suspension ... cleared", "suspension a b c d e f g cleared", False),
        ("# errors", "12,345 errors", True),
        ("# errors", "many errors", False),
        ("n est plus suspendue", "L’intégration n’est plus suspendue", True),
        ("同期エラー", "新しい同期エラーが6件", True),
        ("zawieszon*", "Została zawieszona.", True),
        ("suspended", "unsuspended", False),
        ("...", "anything", False),
        ("*", "anything", False),
        ("–", "anything", False),
        ("a.c", "abc", False),
    ],
)
def test_a_phrase_is_found_as_people_mean_it(phrase: str, text: str, found: bool) -> None:
    """Whole words in their order; what is a regular expression's is only a letter."""
    assert bool(phrases([phrase]).search(plain(text))) is found


def test_every_language_of_the_catalogue_ships() -> None:
    """With words for all that can be stated."""
    shipped = {language.code: language.words for language in DEFAULTS.languages}
    assert set(shipped) == {"en", "de", "nl", "pl", "fi", "da", "sv", "no", "fr", "es", "it", "ja"}
    for code, words in shipped.items():
        assert all(words[key] for key in ("about", "suspended", "cleared", "sync_errors", "new")), code


@pytest.mark.parametrize(
    "title", [t for t in DEFAULTS.titles.titles if t.kind == "suspension_reasons"], ids=lambda t: t.text
)
def test_every_title_of_a_reason_is_found_in_a_text(title: Any) -> None:
    """In a line of its own, and in a sentence."""
    assert reasons_in(f"Reason: {title.text}", DEFAULTS) == (title.name,)
    assert reasons_in(f"it was suspended ({title.text.upper()}) today", DEFAULTS) == (title.name,)


@pytest.mark.parametrize(
    "title", [t for t in DEFAULTS.titles.titles if t.kind != "suspension_reasons"], ids=lambda t: t.text
)
def test_every_title_of_an_error_is_found_in_a_line(title: Any) -> None:
    """With its number, as pages and mails print them."""
    category = title.name if title.kind == "categories" else CATALOG.error_types[title.name].category
    for line in (f"{title.text}: 3", f"{title.text}\n\n3", f"* {title.text} (1,203)", f"3 {title.text}"):
        assert categories_in(f"Hello\n\n{line}\n\nSincerely", DEFAULTS) == (category,)


def test_a_title_with_nothing_behind_it_has_no_errors() -> None:
    """Where others have numbers, or its own is 0."""
    assert categories_in("Picklists: 0\nDuplicates: 2\nPermissions", DEFAULTS) == ("duplicates",)
    assert categories_in("Picklists: 0", DEFAULTS) == ()
    assert categories_in("All permissions and other things are fine", DEFAULTS) == ()


@pytest.mark.parametrize(
    ("sentence", "stated"),
    [
        ("Your Salesforce integration was suspended.", ["suspended"]),
        ("Your Salesforce integration is suspended and nothing will sync.", ["suspended"]),
        ("HubSpot can no longer reach Salesforce, so your integration has been suspended.", ["suspended"]),
        ("Your connection to Salesforce was suspended until calls are available.", ["suspended"]),
        ("What happened: the integration was suspended.", ["suspended"]),
        ("What happens when the integration was suspended.", []),
        ("To avoid that your integration is suspended, set an allocation.", []),
        ("Your Salesforce integration will soon be suspended.", []),
        ("Your Salesforce integration may be suspended.", []),
        ("If the limit is reached, the integration is suspended.", []),
        ("The integration has not been suspended.", []),
        ("Is your Salesforce integration suspended?", []),
        ("How to clear a suspended integration", []),
        ("Your account was suspended.", []),
        ("Your Salesforce integration is no longer suspended.", ["cleared"]),
        ("Syncing has resumed.", ["cleared"]),
        ("Syncing is resumed once you press Clear Suspension.", []),
        ("The suspension of your integration was lifted.", ["cleared"]),
        ("There are 1,345 sync errors in your account.", ["errors"]),
        ("You have new Salesforce sync errors.", ["errors"]),
        ("There are 0 sync errors.", []),
        ("There are no new sync errors.", []),
        ("Learn about sync errors.", []),
        ("Integracja z Salesforce została zawieszona.", ["suspended"]),
        ("Die Integration ist nicht mehr ausgesetzt.", ["cleared"]),
        ("Wenn die Integration ausgesetzt wird, hilft HubSpot.", []),
    ],
)
def test_a_sentence_states_what_is(sentence: str, stated: list[str]) -> None:
    """And nothing that may be, was asked, or is denied."""
    assert [found.kind for found in statements_in("", sentence, DEFAULTS) if found.stated] == stated


def test_an_owners_words_take_the_place_of_those_that_ship() -> None:
    """Key by key of a language; the others stay."""
    patterns = parse_patterns({"languages": {"en": {"suspended": ["put on ice"]}, "no": {"new": ["fersk"]}}})
    ours = {language.code: language for language in patterns.languages}
    assert ours["en"].words["suspended"] == ("put on ice",)
    assert ours["en"].words["cleared"] == DEFAULTS.languages[0].words["cleared"]
    subject = "Your Salesforce integration was put on ice"
    letter = Message("noreply@hubspot.com", subject, "Reason: Unknown error. Hub ID: 7654321", None)
    assert judge(letter, patterns).reason == "unknown_error"
    assert judge(letter, DEFAULTS).result == "ignored"


def test_norwegian_needs_no_quotes(tmp_path: Path) -> None:
    """Its code is YAML's word for false; ``off`` is another."""
    file = tmp_path / "patterns.yml"
    file.write_text("sender: {authentication: off}\nlanguages:\n  no: {suspended: [satt på vent]}\n")
    patterns = load_patterns(file)
    assert {language.code: language.words["suspended"] for language in patterns.languages}["no"] == ("satt på vent",)
    assert patterns.senders.authentication == "off"


def test_an_owners_titles_go_before_the_catalogues() -> None:
    """Of a language that ships and of one that does not."""
    patterns = parse_patterns(
        {"languages": {"en": {"titles": {"suspension_reasons": {"salesforce_org_locked": "Org is frozen"}}}}}
    )
    assert reasons_in("because Org is frozen", patterns) == ("salesforce_org_locked",)
    assert reasons_in("because Unknown error", patterns) == ("unknown_error",)


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    """Nor does a configuration that names no senders."""
    file = tmp_path / "patterns.yml"
    file.write_text("# nothing yet\n")
    assert load_patterns(file) == DEFAULTS
    assert DEFAULTS.from_senders([]) is DEFAULTS
    assert DEFAULTS.from_senders(["A@b.example"]).senders.patterns == ("a@b.example",)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[]", "the file: list, where a mapping is expected"),
        ("words: {}", "the file: 'words' is none of sender, account, page, records, category, languages"),
        ("sender: {to: x}", "sender: 'to' is none of from, authentication, servers, forwarders"),
        ("sender: {from: noreply@hubspot.com}", "sender.from: 'noreply@hubspot.com' is no list of texts"),
        ("sender: {from: [hubspot.com]}", "sender.from: 'hubspot.com' is no address"),
        ('sender: {from: ["*@*"]}', "sender.from: '*@*' is no address"),
        ("sender: {authentication: maybe}", "sender.authentication: 'maybe' is none of if_stated, required, off"),
        ("account: ['[']", "account: '[' is no regular expression"),
        ("account: ['[0-9]+']", "account: '[0-9]+' has 0 groups, not 1"),
        ("page: ['(x)']", "page: '(x)' has 1 groups, not 0"),
        ("category: [x]", "category: 'x' has 0 groups, not 1"),
        ("languages: {pt: {suspendido: []}}", "languages.pt: 'suspendido' is none of about, suspended"),
        ("languages: {pt: {suspended: x}}", "languages.pt.suspended: 'x' is no list of texts"),
        ("languages: {pt: {titles: {categories: {x: y}}}}", "pt.categories: 'x' is none of associations"),
        ("languages: {pt: ", "line 1 is not YAML: expected the node content, but found '<stream end>'"),
        ("\x00", "special characters are not allowed"),
        ("a: &a [*a]", "the file: 'a' is none of"),
        ("[" * 500, "is nested too deeply"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_a_sentence(tmp_path: Path, text: str, complaint: str) -> None:
    """With the file, the place and the value."""
    file = tmp_path / "patterns.yml"
    file.write_text(text)
    with pytest.raises(ValueError, match=r"patterns\.yml: ") as refused:
        load_patterns(file)
    assert complaint in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """As is one that is far too large."""
    with pytest.raises(ValueError, match=r"none\.yml: cannot be read: No such file"):
        load_patterns(tmp_path / "none.yml")
    large = tmp_path / "large.yml"
    large.write_bytes(b"#" * (1024 * 1024 + 1))
    with pytest.raises(ValueError, match="is larger than a megabyte"):
        load_patterns(large)
