"""The rules of Grafana's dashboard-linter, which is not at hand where the tests run, for these dashboards.

Its rule about the variable ``instance`` is asked of ``integration``: that is what a reader of these chooses by.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.dashboards.boards import Json, choices, panels, queries
from tests.dashboards.promql import Selector, bare_names, selectors

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
COUNTING = ("rate", "irate", "increase")
RATE_INTERVAL = "$__rate_interval"

UNITS = frozenset(["none", "short", "locale", "percentunit", "s", "m", "bytes", "dateTimeFromNow"])
"""Ids of Grafana's units that are used here."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that is broken, and where."""

    rule: str
    where: str


Rule = Callable[[str, Json], Iterator[str]]
"""Yields where a dashboard, given by name and content, breaks the rule."""


def template_datasource(_name: str, board: Json) -> Iterator[str]:
    """There is a variable ``datasource`` for Prometheus, labelled *Data source*."""
    variable = _variables(board).get("datasource", {})
    if (variable.get("type"), variable.get("query"), variable.get("label")) != (
        "datasource",
        "prometheus",
        "Data source",
    ):
        yield "datasource"


def template_choice(_name: str, board: Json) -> Iterator[str]:
    """``job`` and ``integration`` are queries of the data source, several can be chosen, *All* matches whatever."""
    for name, label in (("job", "Job"), ("integration", "Integration")):
        variable = _variables(board).get(name, {})
        wanted = {"type": "query", "label": label, "multi": True, "includeAll": True, "allValue": ".+"}
        if any(variable.get(key) != value for key, value in wanted.items()) or variable.get("datasource") != DATASOURCE:
            yield name


def template_on_time_change_reload(_name: str, board: Json) -> Iterator[str]:
    """Variables that ask Prometheus ask again when the time range changes."""
    for name, variable in _variables(board).items():
        if variable["type"] == "query" and variable.get("refresh") != 2:
            yield name


def template_label_promql(name: str, board: Json) -> Iterator[str]:
    """What they ask is a selector with the job, but for the job itself."""
    for choice in choices(name, board):
        if choice.name != "job" and not all('job=~"$job"' in found.matchers for found in selectors(choice.selector)):
            yield choice.name


def panel_datasource(_name: str, board: Json) -> Iterator[str]:
    """Panels and queries read the data source the variable names."""
    for panel in panels(board):
        if panel["datasource"] != DATASOURCE or any(target["datasource"] != DATASOURCE for target in panel["targets"]):
            yield panel["title"]


def panel_title_description(_name: str, board: Json) -> Iterator[str]:
    """Every panel says what it is, and the title stands once."""
    titles = [panel["title"] for panel in panels(board)]
    for panel in panels(board):
        if not panel.get("description", "").endswith(".") or titles.count(panel["title"]) != 1:
            yield panel["title"] or str(panel["id"])


def panel_units(_name: str, board: Json) -> Iterator[str]:
    """Every panel has a unit that Grafana knows."""
    for panel in panels(board):
        if panel["fieldConfig"]["defaults"].get("unit") not in UNITS:
            yield panel["title"]


def panel_no_value(_name: str, board: Json) -> Iterator[str]:
    """Every panel says why there is nothing to show, when there is not."""
    for panel in panels(board):
        if not panel["fieldConfig"]["defaults"].get("noValue"):
            yield panel["title"]


def panel_no_targets(_name: str, board: Json) -> Iterator[str]:
    """Every panel asks something, under the letters A, B, C."""
    for panel in panels(board):
        letters = [target["refId"] for target in panel["targets"]]
        if not letters or letters != [chr(ord("A") + position) for position in range(len(letters))]:
            yield panel["title"]


def target_job(name: str, board: Json) -> Iterator[str]:
    """Every selector of a query is bound to the job."""
    yield from _selectors_without(name, board, 'job=~"$job"')


def target_integration(name: str, board: Json) -> Iterator[str]:
    """Every selector of a query is bound to the integration."""
    yield from _selectors_without(name, board, 'integration=~"$integration"')


def target_rate_interval(name: str, board: Json) -> Iterator[str]:
    """A rate looks back as far as Grafana says, which is never less than four scrapes."""
    for query in queries(name, board):
        for found in selectors(query.expr):
            if found.within[:1] and found.within[0] in COUNTING and found.range != RATE_INTERVAL:
                yield f"{query.where}: {found.name}[{found.range}]"


def target_counter_agg(name: str, board: Json) -> Iterator[str]:
    """A counter is nothing to show by itself, only its growth is; and growth of a gauge is none."""
    for query in queries(name, board):
        for found in selectors(query.expr):
            if _counts(found) != (bool(found.within) and found.within[0] in COUNTING):
                yield f"{query.where}: {found.name}"


def target_rate_before_sum(name: str, board: Json) -> Iterator[str]:
    """Replicas are summed after the rate, and only then."""
    for query in queries(name, board):
        for found in selectors(query.expr):
            if _counts(found) and found.within[1:2] != ("sum",):
                yield f"{query.where}: {found.name}"


def target_replicas(name: str, board: Json) -> Iterator[str]:
    """A fact that each replica shows is there once: ``max by`` comes before anything else."""
    for query in queries(name, board):
        for found in selectors(query.expr):
            own = found.name.startswith("hubspot_salesforce_") and not _counts(found)
            if own and found.within[:1] not in (("max",), ("min",)):
                yield f"{query.where}: {found.name}"


def uneditable_dashboard(_name: str, board: Json) -> Iterator[str]:
    """Provisioned dashboards are changed in their source."""
    if board.get("editable") is not False:
        yield "editable"


def links_keep_time_and_variables(_name: str, board: Json) -> Iterator[str]:
    """Who goes to another dashboard stays where and when they were."""
    for link in board["links"]:
        if not (link["keepTime"] and link["includeVars"]):
            yield link["title"]
    for panel in panels(board):
        for url in _data_links(panel):
            if url.startswith("/d/") and not {"${__url_time_range}", "${datasource:queryparam}"} <= set(
                re.split("[?&]", url)
            ):
                yield f"{panel['title']}: {url}"


def colour_is_not_alone(_name: str, board: Json) -> Iterator[str]:
    """A value that is given a colour is given words that differ as well."""
    for panel in panels(board):
        for mapping in _mappings(panel):
            texts = [result["text"] for result in mapping["options"].values()]
            if len(set(texts)) != len(texts) and any("color" in result for result in mapping["options"].values()):
                yield panel["title"]


RULES: Mapping[str, Rule] = {
    rule.__name__.replace("_", "-"): rule
    for rule in (
        template_datasource,
        template_choice,
        template_on_time_change_reload,
        template_label_promql,
        panel_datasource,
        panel_title_description,
        panel_units,
        panel_no_value,
        panel_no_targets,
        target_job,
        target_integration,
        target_rate_interval,
        target_counter_agg,
        target_rate_before_sum,
        target_replicas,
        uneditable_dashboard,
        links_keep_time_and_variables,
        colour_is_not_alone,
    )
}


def findings(name: str, board: Json) -> set[Finding]:
    """Everything that breaks a rule."""
    return {Finding(rule, f"{name} / {where}") for rule, broken in RULES.items() for where in broken(name, board)}


def _variables(board: Json) -> dict[str, Json]:
    return {variable["name"]: variable for variable in board["templating"]["list"]}


def _selectors_without(name: str, board: Json, matcher: str) -> Iterator[str]:
    for query in queries(name, board):
        yield from (f"{query.where}: {bare}" for bare in bare_names(query.expr))
        yield from (f"{query.where}: {found.name}" for found in selectors(query.expr) if matcher not in found.matchers)


def _counts(selector: Selector) -> bool:
    return selector.name.endswith(("_total", "_bucket"))


def _overrides(panel: Json, of: str) -> Iterator[Any]:
    for override in panel["fieldConfig"]["overrides"]:
        yield from (entry["value"] for entry in override["properties"] if entry["id"] == of)


def _data_links(panel: Json) -> Iterator[str]:
    yield from (link["url"] for links in _overrides(panel, "links") for link in links)
    yield from (link["url"] for link in panel.get("links", []))


def _mappings(panel: Json) -> Iterator[Json]:
    """Words for values; not those for no value, of which there are one or none."""
    for mappings in (panel["fieldConfig"]["defaults"].get("mappings", []), *_overrides(panel, "mappings")):
        yield from (mapping for mapping in mappings if mapping["type"] == "value")
