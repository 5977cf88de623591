"""A runbook is right: what it tells to paste works, what it says of alerts, errors and automation is so."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.bundled import rules_text
from exporter.catalog import CATALOG, Category, ErrorType, SuspensionReason
from exporter.cli import command_line
from exporter.remediation.policy import SYNC_ERRORS_ALERT, default_policies
from exporter.self_metrics import PREFIX
from tests.rules.incident import INTERVAL, STEPS, Series, incident
from tests.rules.runbook import BY_NAME, RUNBOOKS, Runbook, on_one_line
from tests.shipped import alert_rules, exported_metrics, metrics_named, recorded_metrics

HEADINGS = ["Meaning", "Impact", "Diagnosis", "Mitigation", "Automatic remediation"]
MOST_LINES, WIDEST = 120, 120

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
ALERTS = {rule["alert"]: rule for rule in alert_rules()}
QUERIES = list(dict.fromkeys(query.strip() for runbook in RUNBOOKS for query in runbook.blocks("promql")))

ROLES = {
    "hubspot_admin": "HubSpot administrator",
    "salesforce_admin": "Salesforce administrator",
    "salesforce_developer": "Salesforce developer",
    "record_owner": "Owner of the record",
    "hubspot_support": "HubSpot support",
    "salesforce": "Salesforce",
}
"""The catalogue's ``acts`` in a reader's words."""

SECONDS = 60.0
"""No promtool takes as long; one that does is killed."""

each_runbook = pytest.mark.parametrize("runbook", RUNBOOKS, ids=lambda runbook: runbook.name)
each_category = pytest.mark.parametrize("category", CATALOG.categories, ids=lambda category: category.name)
each_reason = pytest.mark.parametrize("reason", CATALOG.suspension_reasons, ids=lambda reason: reason.name)


def of_category(name: str) -> str:
    """The name of the runbook of an error category."""
    return f"{SYNC_ERRORS_ALERT}-{name}"


def alert_of(runbook: Runbook) -> str:
    """The alert that a runbook belongs to."""
    return runbook.name.partition("-")[0]


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs the real promtool to its end."""
    program = shutil.which("promtool")
    assert program is not None, "promtool is missing: apt-get install prometheus"
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=SECONDS, check=False)


def write_yaml(file: Path, content: Any) -> Path:
    """The file, with this content."""
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    return file


def recording_groups() -> list[dict[str, Any]]:
    """The groups of the shipped rules without the alerts."""
    groups: list[dict[str, Any]] = yaml.safe_load(rules_text())["groups"]
    return [{**group, "rules": [rule for rule in group["rules"] if "record" in rule]} for group in groups]


def documented_labels(metric: str) -> set[str]:
    """The labels of an exported metric as the README has them."""
    found = re.search(rf"^\| `{metric}` \| \w+ \| (.*?) \|", README, re.MULTILINE)
    assert found is not None, metric
    own, _, without = found[1].partition("(")
    return set(re.findall(r"`(\w+)`", own)) | ({"integration"} if "no `integration`" not in without else set())


def labels_of(metric: str) -> set[str]:
    """The labels of an exported metric, or those that the name of a recorded one begins with."""
    if metric in exported_metrics():
        return documented_labels(metric) | {"job", "instance"}
    level = metric.partition(":")[0]
    return set() if level + "_" == PREFIX else set(level.split("_"))


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


# ----------------------------------------------------------------------------------------------------- what is pasted


def test_promtool_accepts_every_query(tmp_path: Path) -> None:
    """All of them as recording rules of one file: what does not parse is named with its line."""
    rules = [{"record": f"runbook:query:{number}", "expr": query} for number, query in enumerate(QUERIES)]
    groups = {"groups": [{"name": "runbooks", "rules": rules}]}
    checked = promtool("check", "rules", write_yaml(tmp_path / "runbooks.rules.yml", groups))
    assert checked.returncode == 0, checked.stderr
    assert f"SUCCESS: {len(QUERIES)} rules found" in checked.stdout


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_names_metrics_and_labels_that_exist(query: str) -> None:
    """What is exported or recorded, with labels it has; what is aggregated ``by`` is a label of it."""
    named = metrics_named(query)
    assert named <= exported_metrics() | recorded_metrics()
    for metric, matchers in re.findall(r"([\w:]+)\{([^}]*)\}", query):
        if metric in named:
            assert set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matchers)) <= labels_of(metric), metric
    grouped = {name for names in re.findall(r"\bby \(([^)]*)\)", query) for name in re.split(r",\s*", names)}
    if named:
        assert grouped <= set().union(*map(labels_of, named))


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_selects_the_integration_to_be_replaced(query: str) -> None:
    """Every selector says ``integration="acme"`` where its metric has that label, and the job where it is scraped.

    Queries that ask about all integrations group by them instead.
    """
    for metric in re.findall(r"[\w:]+(?=\{)", query):
        selector = query.partition(metric + "{")[2].partition("}")[0]
        if "integration" in (labels_of(metric) if PREFIX in metric else ()):
            assert 'integration="acme"' in selector or "by (integration" in query
        if metric in exported_metrics() or metric == "up":
            assert 'job="hubspot-salesforce"' in selector
    assert not [name for name in metrics_named(query) if not re.search(rf"{name}\{{", query)], (
        "a metric without selector"
    )


@pytest.mark.parametrize(
    "series", {series.metric: series for series in incident()}.values(), ids=lambda one: one.metric
)
def test_the_incident_looks_like_what_is_exported(series: Series) -> None:
    """Its series have the labels that the README documents, so that queries meet what they meet in production."""
    if series.metric in exported_metrics():
        assert set(series.labels) == documented_labels(series.metric)
    else:
        assert series.metric in {"up", "ALERTS"}


def test_in_an_incident_every_query_has_an_answer(tmp_path: Path) -> None:
    """The shipped recording rules over an integration in which everything goes wrong: nothing pasted is empty."""
    write_yaml(tmp_path / "recorded.rules.yml", {"groups": recording_groups()})
    case = {
        "interval": INTERVAL,
        "input_series": [{"series": series.selector(), "values": series.values} for series in incident()],
        "promql_expr_test": [
            {
                "expr": f"count(\n{query}\n) > bool 0",
                "eval_time": f"{STEPS * 5}m",
                "exp_samples": [{"labels": "{}", "value": 1}],
            }
            for query in QUERIES
        ],
    }
    tests = {"rule_files": ["recorded.rules.yml"], "evaluation_interval": INTERVAL, "tests": [case]}
    played = promtool("test", "rules", write_yaml(tmp_path / "incident.test.yml", tests))
    assert played.returncode == 0, played.stdout + played.stderr


def commands(program: str) -> Sequence[list[str]]:
    """What runbooks tell to run of a program, word by word, without redirections."""
    lines = [line for runbook in RUNBOOKS for block in runbook.blocks("sh") for line in block.splitlines()]
    split = [shlex.split(re.sub(r" > \S+$", "", line)) for line in lines]
    assert {words[0] for words in split} <= {"hubspot-salesforce-exporter", "curl"}
    return [words[1:] for words in split if words[0] == program]


@pytest.mark.parametrize("words", commands("hubspot-salesforce-exporter"), ids=" ".join)
def test_the_command_line_takes_every_command(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Command, flags and their values are known, as the real parser sees them."""
    try:
        command_line().parse_args(words)
    except SystemExit:
        pytest.fail(capsys.readouterr().err)


@pytest.mark.parametrize("words", commands("curl"), ids=" ".join)
def test_the_exporter_knows_every_address(words: list[str]) -> None:
    """What is asked of the exporter stands in the README's table of its HTTP; the other address is Salesforce's."""
    served = set(re.findall(r"`(?:GET|POST) (/[^`?]*)", README))
    (url,) = (word for word in words if word.startswith("http"))
    host, _, path = url.partition("://")[2].partition("/")
    if host == "127.0.0.1:9951":
        assert f"/{path.partition('?')[0]}" in served
    else:
        assert host == "api.status.salesforce.com"


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
