"""A runbook is right: what it tells to paste works, what it says of alerts, errors and automation is so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from exporter.catalog.catalog import CATALOG, Category, ErrorType, SuspensionReason
from exporter.remediation.policy import SYNC_ERRORS_ALERT, default_policies
from tests.rules.runbook import BY_NAME, RUNBOOKS, Runbook, on_one_line
from tests.shipped import alert_rules

HEADINGS = ["Meaning", "Impact", "Diagnosis", "Mitigation", "Automatic remediation"]
MOST_LINES, WIDEST = 120, 120

ALERTS = {rule["alert"]: rule for rule in alert_rules()}

ROLES = {
    "hubspot_admin": "HubSpot administrator",
    "salesforce_admin": "Salesforce administrator",
    "salesforce_developer": "Salesforce developer",
    "record_owner": "Owner of the record",
    "hubspot_support": "HubSpot support",
    "salesforce": "Salesforce",
}
"""The catalogue's ``acts`` in a reader's words."""

each_runbook = pytest.mark.parametrize("runbook", RUNBOOKS, ids=lambda runbook: runbook.name)
each_category = pytest.mark.parametrize("category", CATALOG.categories, ids=lambda category: category.name)
each_reason = pytest.mark.parametrize("reason", CATALOG.suspension_reasons, ids=lambda reason: reason.name)


def of_category(name: str) -> str:
    """The name of the runbook of an error category."""
    return f"{SYNC_ERRORS_ALERT}-{name}"


def alert_of(runbook: Runbook) -> str:
    """The alert that a runbook belongs to."""
    return runbook.name.partition("-")[0]


# ------------------------------------------------------------------------------------------------------ the directory


def test_every_alert_has_its_runbook_and_no_runbook_is_left_over() -> None:
    """One an alert, named after it, and one a category of sync errors."""
    assert set(BY_NAME) == {*ALERTS, *(of_category(name) for name in CATALOG.category_names)}


@pytest.mark.parametrize("rule", alert_rules(), ids=lambda rule: f"{rule['alert']}-{rule['labels']['severity']}")
def test_the_runbook_an_alert_links_to_is_there(rule: dict[str, Any]) -> None:
    """``runbook_url`` ends in the name of the alert's file, for sync errors in that of the category's."""
    url = rule["annotations"]["runbook_url"]
    names = [Path(url.replace("{{ $labels.category }}", name)).stem for name in CATALOG.category_names]
    if rule["alert"] == SYNC_ERRORS_ALERT:
        assert names == [of_category(name) for name in CATALOG.category_names]
    else:
        assert set(names) == {rule["alert"]}
    assert url.endswith(".md")
    assert set(names) <= set(BY_NAME)


# -------------------------------------------------------------------------------------------------------------- form


@each_runbook
def test_every_runbook_has_the_same_headings(runbook: Runbook) -> None:
    """A tired reader finds the same five, in the same order, and nothing else on their level."""
    assert runbook.headings == HEADINGS
    assert all(runbook.section(heading).strip() for heading in HEADINGS)


@each_runbook
def test_the_first_screen_says_what_is_broken_how_urgent_it_is_and_what_to_do_first(runbook: Runbook) -> None:
    """The alert's name and three entries of two lines at most."""
    assert runbook.text.startswith(f"# {runbook.name.replace('-', ': ')}\n")
    assert [re.findall(r"^- \*\*(\w+):\*\* ", entry) for entry in runbook.first_screen] == [
        ["Broken"],
        ["Urgent"],
        ["First"],
    ]
    assert all(entry.count("\n") <= 1 for entry in runbook.first_screen)


@each_runbook
def test_no_runbook_is_long(runbook: Runbook) -> None:
    """Few lines, none of them wide, but for tables and what is to be pasted."""
    assert len(runbook.text.splitlines()) <= MOST_LINES
    assert [line for line in runbook.prose.splitlines() if len(line) > WIDEST and not line.startswith("|")] == []


@each_runbook
def test_links_lead_somewhere(runbook: Runbook) -> None:
    """To a file of this directory and a heading of it: the files are read wherever somebody has put the directory."""
    for link in runbook.links:
        file, _, anchor = link.partition("#")
        assert file in {f"{name}.md" for name in BY_NAME}, link
        assert not anchor or anchor in BY_NAME[file.removesuffix(".md")].anchors, link


@each_runbook
def test_every_runbook_says_where_sync_health_is(runbook: Runbook) -> None:
    """HubSpot's settings page is what every problem is checked against, and nobody remembers the way at night."""
    assert "*Settings → Integrations → Connected Apps → Salesforce" in on_one_line(runbook.text)


@each_runbook
def test_blocks_say_what_they_are(runbook: Runbook) -> None:
    """A reader must know where to paste a block: Prometheus, a shell, Salesforce's Query Editor."""
    assert runbook.languages <= {"promql", "sh", "sql"}


# ------------------------------------------------------------------------------------------------- what is said is so


@each_runbook
def test_the_meaning_says_for_how_long_it_has_been_so(runbook: Runbook) -> None:
    """Each ``for`` of the alert's rules."""
    spans = {rule["for"] for rule in alert_rules() if rule["alert"] == alert_of(runbook) and "for" in rule}
    for span in spans:
        number, unit = int(span[:-1]), {"m": "minute", "h": "hour"}[span[-1]]
        said = f"{number} {unit}s" if number > 1 else rf"(1|an?) {unit}"
        assert re.search(rf"\b{said}\b", on_one_line(runbook.section("Meaning"))), span


@each_runbook
def test_automation_is_claimed_where_a_policy_is_and_nowhere_else(runbook: Runbook) -> None:
    """The section begins with "None" unless a default policy acts, on this alert and for what the runbook is about."""
    policies = [policy for policy in default_policies() if policy.alert == alert_of(runbook)]
    category = runbook.name.partition("-")[2]
    acts = any(not category or category in {name for name, _ in policy.errors} for policy in policies)
    assert runbook.section("Automatic remediation").strip().startswith("None") != acts


@each_reason
def test_a_suspension_says_which_errors_are_resynced_at_its_end(reason: SuspensionReason) -> None:
    """The categories that the default policy of its alert names, by their titles, and no others."""
    section = BY_NAME[reason.alert].section("Automatic remediation")
    titles = {category.title: category.name for category in CATALOG.categories}
    assert {titles[title] for title in re.findall(r"\*([^*]+)\*", section)} == set(reason.caused)
    assert "does not press Clear Suspension" in on_one_line(section)


@each_reason
def test_a_suspension_says_when_to_press_clear_suspension_and_when_not(reason: SuspensionReason) -> None:
    """One entry each, with something to go by."""
    entries = dict(
        re.findall(
            r"^- \*\*(.*?) Clear Suspension:\*\* (.+)$", BY_NAME[reason.alert].section("Mitigation"), re.MULTILINE
        )
    )
    assert set(entries) == {"Press", "Do not press"}
    assert entries["Press"].startswith("not needed" if reason.clears_by_itself else ROLES["hubspot_admin"])


@each_reason
def test_a_suspension_names_its_reason_and_who_ends_it(reason: SuspensionReason) -> None:
    """The label value and the title as HubSpot prints it; who acts has an entry under Mitigation."""
    runbook = BY_NAME[reason.alert]
    meaning = on_one_line(runbook.section("Meaning"))
    assert f'`reason="{reason.name}"`' in meaning
    assert f"*{reason.title}*" in meaning
    assert ROLES[reason.acts] in runbook.section("Mitigation")


@each_runbook
def test_no_runbook_leaves_clear_suspension_open(runbook: Runbook) -> None:
    """The button is pressed too often: each says when not to."""
    assert re.search(r"do not press Clear Suspension", on_one_line(runbook.text), re.IGNORECASE)


def error_entries(category: str) -> dict[str, str]:
    """The entries of a category's error types by name: title, meaning, and what is below them."""
    section = BY_NAME[of_category(category)].section("Mitigation")
    entries = re.split(r"^- (?=\*\*.*?\*\*\s\(`)", section, flags=re.MULTILINE)[1:]
    found = {}
    for entry in entries:
        name = re.search(r"\(`(\w+)`\)", entry)
        assert name is not None
        found[name[1]] = on_one_line(re.split(r"\n\n", entry)[0])
    return found


@each_category
def test_a_category_covers_its_error_types(category: Category) -> None:
    """Each has an entry: title, meaning, what resolves it in the catalogue's words and who does it, where to look."""
    entries = error_entries(category.name)
    errors: Sequence[ErrorType] = category.error_types or (CATALOG.unknown,)
    assert list(entries) == [error.name for error in errors]
    for error in errors:
        entry = entries[error.name]
        assert re.match(rf"\*\*{error.title}\*\* \(`{error.name}`\): .+ - ", entry)
        assert f"{ROLES[error.acts]}: {error.resolution}" in entry
        assert " Look: " in entry
        assert f"Plain resync: {'yes' if error.resync else 'no'}" in entry


@each_category
def test_a_category_stands_in_the_overview(category: Category) -> None:
    """With its label value, its title and a link to its runbook."""
    row = rf"^\| \[`{category.name}`\]\({of_category(category.name)}\.md\) \| {category.title} \| .+ \|$"
    assert re.search(row, BY_NAME[SYNC_ERRORS_ALERT].text, re.MULTILINE)


@each_category
def test_a_category_asks_about_itself(category: Category) -> None:
    """Its queries and commands name it, and it alone."""
    runbook = BY_NAME[of_category(category.name)]
    pasted = "\n".join((*runbook.blocks("promql"), *runbook.blocks("sh")))
    assert set(re.findall(r'category="?(\w+)', pasted)) == {category.name}
