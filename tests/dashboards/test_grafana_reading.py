"""What a person reads on every panel, by the code of Grafana 11.6 and 13."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.dashboards.boards import FOLDER, NAMES, Json, board, panels
from tests.dashboards.grafana_reading import IN_LINKS, VERSIONS, Readings, lines, look, readings, titles, views
from tests.dashboards.grafana_reading import read as reading_of
from tests.dashboards.history import History
from tests.dashboards.preview.page import room
from tests.dashboards.prometheus import Client
from tests.dashboards.test_queries import EMPTY_WHEN_HEALTHY

pytestmark = pytest.mark.binaries

READ = Path(__file__).parent / "read"
RUNBOOKS = FOLDER.parent / "rules" / "runbooks"
PANELS = [(name, panel) for name in NAMES for panel in panels(board(name))]

COLUMNS: Mapping[tuple[str, str], Sequence[str]] = {
    ("fleet", "Integrations, worst first"): (
        *("Integration", "State", "Reason", "Of allocation", "Of the org's limit", "Errors", "Affected records"),
        *("Last sync", "Open jobs", "Notify"),
    ),
    ("fleet", "Firing alerts"): ("Severity", "Alert", "Integration", "Category"),
    ("sync-health", "Reason"): ("Integration", "Reason"),
    ("sync-health", "By error type"): (
        *("Integration", "Category", "Error type", "Errors", "Affected records", "What resolves it"),
    ),
    ("sync-health", "Who said it"): ("Integration", "Fact", "Source", "Age"),
    ("sync-health", "Last sync of each object"): ("Integration", "Object", "Last sync", "Last change"),
    ("sync-health", "Permissions of the integration user"): ("Integration", "Object", "Field", "Read", "Edit"),
    ("exporter", "Sources"): ("Integration", "Source", "Last read", "Age", "Parts missing"),
}
"""Of every table, in the order in which they stand."""

LINKED: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("fleet", "Integrations, worst first"): {"Integration": "Sync health"},
    ("fleet", "Firing alerts"): {"Alert": "Runbook", "Integration": "Sync health"},
    ("sync-health", "By error type"): {"Error type": "Runbook of the category"},
}
"""The columns that lead somewhere, and what their links are called."""

CATEGORY_PANELS = {
    *("Associations", "Custom code", "Duplicates", "Permissions", "Picklists", "Property mappings", "Property values"),
    "Other",
}
"""Each leads to the runbook of its category."""

UNTIL_SOME = ((0, "green"), (1, "orange"))
UNTIL_USED_UP = ((0, "green"), (0.75, "orange"), (1, "red"))
COLORS: Mapping[tuple[str, str, str], Sequence[tuple[float, str]]] = {
    ("fleet", "Suspended", ""): ((0, "green"), (1, "red")),
    ("fleet", "Cause seen", ""): UNTIL_SOME,
    ("fleet", "Sync errors", ""): UNTIL_SOME,
    ("fleet", "Affected records", ""): UNTIL_SOME,
    ("fleet", "Integrations, worst first", "Of allocation"): UNTIL_USED_UP,
    ("fleet", "Integrations, worst first", "Of the org's limit"): UNTIL_USED_UP,
    ("fleet", "Integrations, worst first", "Errors"): UNTIL_SOME,
    ("sync-health", "Sync errors", ""): UNTIL_SOME,
    ("sync-health", "Available, 30 days", ""): ((0, "red"), (0.99, "orange"), (0.999, "green")),
    ("sync-health", "Suspended, 30 days", ""): ((0, "green"), (1, "red")),
    ("sync-health", "Share of the allocation", ""): UNTIL_USED_UP,
    ("sync-health", "Share of the org's limit", ""): UNTIL_USED_UP,
    **{("sync-health", category, ""): UNTIL_SOME for category in CATEGORY_PANELS},
    ("sync-health", "By error type", "Errors"): ((0, "text"), (101, "orange")),
    ("sync-health", "In time, 30 days", ""): ((0, "red"), (0.95, "orange"), (0.99, "green")),
    ("sync-health", "Error budget left", ""): ((-1, "red"), (0, "orange"), (0.25, "green")),
    ("sync-health", "Storage, share in use", ""): ((0, "green"), (0.8, "orange"), (0.95, "red")),
    ("remediation", "Failed", ""): ((0, "green"), (1, "red")),
    ("remediation", "Oldest queued job", ""): ((0, "green"), (7200, "red")),
    ("remediation", "Waiting for approval", ""): UNTIL_SOME,
    ("remediation", "Came back, 24 h", ""): UNTIL_SOME,
    ("remediation", "Unchanged, 24 h", ""): UNTIL_SOME,
    ("remediation", "HubSpot's own calls, share of the day", ""): ((0, "green"), (0.9, "orange"), (1, "red")),
    ("exporter", "Sources", "Parts missing"): UNTIL_SOME,
    ("exporter", "Salesforce calls of 24 hours, share of the cap", ""): ((0, "green"), (0.8, "orange"), (1, "red")),
}
"""Of every panel and column that judges by size: from which value on it is of which colour."""

LEAST = 150
"""Pixels of a column that nobody gave a width."""

NOT_OF_AN_INTEGRATION = {
    *("Replicas up", "Versions", "Configuration", "Running since", "Duration of polls, 95th percentile"),
    *("Scrape time", "Scrape size", "Memory", "CPU", "Open files, share of the limit", "Notifications by result"),
}

RAW = re.compile(r"NaN|Infinity|undefined|null|Invalid date|\[object|[{}$]|^$|Value( #|$)")
"""What no person should have to read: a number that is none, a variable that was not filled in, a column without a
name."""


@pytest.fixture(scope="module")
def read(prometheus: Client, history: History) -> Readings:
    return readings(prometheus, history)


def expected(view: str) -> Iterator[tuple[str, str, list[str]]]:
    """Dashboard, panel and lines of a file of ``read``; ``…`` stands for anything, ``▯`` for a digit."""
    for part in (READ / f"{view}.txt").read_text(encoding="utf-8").removeprefix("# ").split("\n# "):
        head, *said = part.strip().split("\n")
        name, title = head.split(" / ")
        yield name, title, said


EXPECTED = [
    pytest.param(view, name, title, said, id=f"{view} / {name} / {title}")
    for view in ("quiet", "bad", "unscraped")
    for name, title, said in expected(view)
]


@pytest.mark.parametrize(("view", "name", "title", "said"), EXPECTED)
def test_a_panel_reads_as_it_is_meant(read: Readings, view: str, name: str, title: str, said: list[str]) -> None:
    """Texts, units, words, colours, names and their order."""
    [number] = [panel["id"] for panel in panels(board(name)) if panel["title"] == title]
    for version in VERSIONS:
        shown = lines(read[version, view, name, number])
        left = iter(shown)
        for line in said:
            pattern = re.escape(line).replace("…", ".*").replace("▯", r"\d")
            assert any(re.fullmatch(pattern, one) is not None for one in left), (
                f"not there or not in this order: {line}: {shown}"
            )


def test_of_every_panel_it_is_said_what_it_reads() -> None:
    """At the end of the bad day."""
    assert [(name, title) for name, title, _ in expected("bad")] == [(name, panel["title"]) for name, panel in PANELS]


def test_versions_read_alike(read: Readings) -> None:
    """All but the colours of the palette, which tell nothing."""
    older, newer = ({key[1:]: reading for key, reading in read.items() if key[0] == version} for version in VERSIONS)
    assert older == newer


@pytest.mark.parametrize(("name", "panel"), [pytest.param(*of, id=f"{of[0]} / {of[1]['title']}") for of in PANELS])
def test_every_name_in_a_panel_is_somebodys(read: Readings, name: str, panel: Json) -> None:
    """Columns, series, settings, units that it names are there; on the quiet day but for those of queries that are
    empty then."""
    empty_when_healthy = any(key.startswith(f"{name} / {panel['title']} ") for key in EMPTY_WHEN_HEALTHY)
    for version in VERSIONS:
        assert read[version, "bad", name, panel["id"]]["missing"] == []
        assert empty_when_healthy or read[version, "quiet", name, panel["id"]]["missing"] == []


def test_tables_have_their_columns(read: Readings) -> None:
    """In this order, and every table is asked for."""
    tables = {(name, panel["title"]): panel["id"] for name, panel in PANELS if panel["type"] == "table"}
    for version in VERSIONS:
        shown = {key: tuple(titles(read[version, "bad", key[0], number])) for key, number in tables.items()}
        assert shown == COLUMNS


def test_tables_fit_their_panels() -> None:
    """On a screen of 1280 pixels nothing is cut off on the right: a column takes what it is given, or Grafana's 150."""
    for name, panel in PANELS:
        if panel["type"] == "table":
            needed = sum(_width(panel, column) for column in COLUMNS[name, panel["title"]])
            assert needed <= room(panel)[0], panel["title"]


def _width(panel: Json, column: str) -> int:
    overrides = [one for one in panel["fieldConfig"]["overrides"] if one["matcher"]["options"] == column]
    settings = {setting["id"]: setting["value"] for one in overrides for setting in one["properties"]}
    return int(settings.get("custom.width") or settings.get("custom.minWidth") or LEAST)


def test_nothing_is_shown_raw(read: Readings) -> None:
    """Every text is made for people, and no two series of a panel have one name."""
    for key, reading in read.items():
        for line in lines(reading):
            parts = [part for cell in line.split(" | ") for part in cell.split(": ")]
            assert [part for part in parts if RAW.search(part)] == [], key
        names = [one["name"] for one in reading.get("series", [])]
        assert len(names) == len(set(names)), key


def test_what_is_not_there_is_in_no_colour_and_says_why(read: Readings) -> None:
    """Of an integration nobody has, every panel shows its text and judges nothing."""
    for version in VERSIONS:
        for name, panel in PANELS:
            if panel["title"] not in NOT_OF_AN_INTEGRATION:
                nothing = panel["fieldConfig"]["defaults"]["noValue"]
                assert lines(read[version, "nobody", name, panel["id"]]) == [nothing], (name, panel["title"])


def test_links_lead_somewhere(read: Readings) -> None:
    """Each to a runbook that there is, or to a dashboard with its variables filled in by what there is to choose."""
    uids = {board(name)["uid"] for name in NAMES}
    followed = {link: _problem(link, uids) for reading in read.values() for link in _links(reading)}
    assert {link: problem for link, problem in followed.items() if problem} == {}
    assert any("/d/" in link for link in followed)


def test_links_are_where_they_are_meant_to_be(read: Readings) -> None:
    """Under every name in these columns and in no other; and a panel that has links of its own shows as many."""
    for version in VERSIONS:
        for name, panel in PANELS:
            reading = read[version, "bad", name, panel["id"]]
            assert len(reading["links"]) == (panel["title"] in CATEGORY_PANELS), panel["title"]
            meant = LINKED.get((name, panel["title"]), {})
            for row in reading.get("rows", []):
                linked = {
                    column: [link["title"] for link in cell["links"]]
                    for column, cell in zip(titles(reading), row, strict=True)
                    if "links" in cell
                }
                assert linked == {column: [called] for column, called in meant.items()}, panel["title"]


def _links(reading: Json) -> Iterator[str]:
    yield from reading["links"]
    for row in reading.get("rows", []):
        for cell in row:
            yield from (link["href"] for link in cell.get("links", []))


def _problem(link: str, uids: set[str]) -> str:
    if link.startswith(IN_LINKS["runbooks"]):
        return "" if (RUNBOOKS / link.rsplit("/", 1)[1]).is_file() else "no such runbook"
    asked = parse_qs(urlsplit(link).query)
    integration = asked.pop("var-integration", [""])[0]
    if urlsplit(link).path.removeprefix("/d/") not in uids:
        return "no such dashboard"
    if integration not in {"acme", "apac", "emea", "All"}:
        return "no such integration"
    meant = {"var-datasource": [IN_LINKS["datasource"]], "var-job": ["$__all"], "from": ["now-24h"], "to": ["now"]}
    return "" if asked == meant else "variables or time are lost"


def test_colours_change_at_the_value_that_is_meant(prometheus: Client, history: History) -> None:
    """At each edge the next colour, just below it still the one before; whatever the day happened to show."""
    _, bad, *_ = views(history)
    tried = [
        (name, panel["title"], column, value, color)
        for name, panel in PANELS
        for (dashboard, title, column), edges in COLORS.items()
        if (dashboard, title) == (name, panel["title"])
        for value, color in _around(edges)
    ]
    sound = {(name, panel["title"]): look(prometheus, bad, panel) for name, panel in PANELS}
    found = reading_of([_with_value(sound[name, title], value) for name, title, _, value, _ in tried])
    for version in VERSIONS:
        for (name, title, column, value, color), reading in zip(tried, found[version], strict=True):
            # A cell without a number is in the colour of text.
            assert _colors(reading, column) | {"text"} == {color, "text"}, (name, title, column, value)
            assert color in _colors(reading, column)


def test_every_panel_that_judges_by_size_is_tried() -> None:
    """Lines are left out: their thresholds are drawn beside them."""
    judging = {
        (name, panel["title"], column)
        for name, panel in PANELS
        if panel["type"] != "timeseries"
        for column, steps in _thresholds(panel)
        if len(steps) > 1
    }
    assert judging == COLORS.keys()


def _thresholds(panel: Json) -> Iterator[tuple[str, Sequence[Json]]]:
    """Of the panel itself, under no name, and of its columns."""
    yield "", panel["fieldConfig"]["defaults"].get("thresholds", {}).get("steps", [])
    for override in panel["fieldConfig"]["overrides"]:
        for setting in override["properties"]:
            if setting["id"] == "thresholds":
                yield override["matcher"]["options"], setting["value"]["steps"]


def _around(edges: Sequence[tuple[float, str]]) -> Iterator[tuple[float, str]]:
    for (value, color), (after, _) in zip(edges, [*edges[1:], (None, "")], strict=True):
        yield value, color
        if after is not None:
            yield after - 1e-6, color


def _with_value(sound: Json, value: float) -> Json:
    """The same answers, had every number been this one."""
    answers = {
        letter: {
            **answer,
            "series": [{**one, "points": [[at, str(value)] for at, _ in one["points"]]} for one in answer["series"]],
        }
        for letter, answer in sound["answers"].items()
    }
    return {**sound, "answers": answers}


def _colors(reading: Json, column: str) -> set[str]:
    if "values" in reading:
        return {shown["color"] for shown in reading["values"]}
    at = titles(reading).index(column)
    return {row[at]["color"] for row in reading["rows"]}


DAMAGE: Mapping[str, tuple[str, str]] = {
    "organize: Value #Z": ('"Value #B": ', '"Value #Z": '),
    "override: Allocation": ('"options": "Of allocation"', '"options": "Allocation"'),
    "sortBy: Value #K": ('"field": "Value #I"', '"field": "Value #K"'),
    "setting custom.widht": ('"custom.width"', '"custom.widht"'),
    "unit percentunits": ('"percentunit"', '"percentunits"'),
    "transformation merges": ('"merge"', '"merges"'),
}
"""What is found, and what of the fleet's table was changed into what."""


def test_a_name_that_is_nobodys_is_found(prometheus: Client, history: History) -> None:
    """A table damaged in one place is told from a sound one, whatever the place."""
    [sound] = [
        json.dumps(panel) for name, panel in PANELS if (name, panel["type"], panel["id"]) == ("fleet", "table", 201)
    ]
    damaged = [json.loads(sound.replace(*change)) for change in DAMAGE.values()]
    _, bad, *_ = views(history)
    found = reading_of([look(prometheus, bad, panel) for panel in damaged])
    for version in VERSIONS:
        for problem, reading in zip(DAMAGE, found[version], strict=True):
            assert problem in reading["missing"]
