"""What the dashboards have in common: variables, links, annotations, and the grid their panels stand on."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard

from dashboards.builder.palette import RED
from dashboards.builder.panels import DATASOURCE, Panel
from dashboards.builder.queries import OF_ALERT, PREFIX

COLUMNS = 24
TAG = "hubspot-salesforce"

UIDS = {
    "Fleet": "hubspot-salesforce-fleet",
    "Sync health": "hubspot-salesforce-sync-health",
    "Remediation": "hubspot-salesforce-remediation",
    "Exporter": "hubspot-salesforce-exporter",
}
"""Alerts link to these: they never change."""

RUNBOOKS = "https://runbooks.example/hubspot-salesforce"
"""Where the runbooks are published; the variable ``runbooks`` takes another address."""

TO_SYNC_HEALTH = (
    f"/d/{UIDS['Sync health']}?${{datasource:queryparam}}&${{job:queryparam}}"
    "&var-integration=${__data.fields.integration}&${__url_time_range}"
)


@dataclass(frozen=True, slots=True)
class Section:
    """A row with its title, and the panels under it from left to right, wrapping where the grid ends; the panels of a
    tuple stand one below the other."""

    id: int
    title: str
    panels: Sequence[Panel | tuple[Panel, ...]]


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard. ``settings`` are values of its own a reader may change, shown as text boxes."""

    title: str
    description: str
    sections: Sequence[Section]
    settings: Sequence[builders.TextBoxVariable] = ()

    def text(self) -> str:
        """The JSON file, byte by byte."""
        return json.dumps(self._model(), cls=JSONEncoder, indent=2, ensure_ascii=False) + "\n"

    def _model(self) -> dashboard.Dashboard:
        builder = (
            builders.Dashboard(f"HubSpot–Salesforce / {self.title}")
            .uid(UIDS[self.title])
            .description(self.description)
            .tags([TAG])
            .readonly()
            .timezone("browser")
            .time("now-24h", "now")
            .refresh("1m")
            .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
            .annotation(_Alerts())
        )
        builder.variables([_Plain(variable) for variable in (_datasource(), _job(), _integration(), *self.settings)])
        for title, uid in UIDS.items():
            if title != self.title:
                builder.link(_link(title, uid))
        model = builder.build()
        model.panels = list(_placed(self.sections))
        return model


def _placed(sections: Sequence[Section]) -> Iterator[Panel | dashboard.RowPanel]:
    top = 0
    for section in sections:
        row = builders.Row(section.title).id(section.id).build()
        row.grid_pos = dashboard.GridPos(h=1, w=COLUMNS, x=0, y=top)
        row.collapsed = False
        yield row
        top += 1
        left = line = 0
        for entry in section.panels:
            column = entry if isinstance(entry, tuple) else (entry,)
            width = max(_size(panel).w for panel in column)
            if left + width > COLUMNS:
                left, top, line = 0, top + line, 0
            yield from _stacked(column, left, top)
            left, line = left + width, max(line, sum(_size(panel).h for panel in column))
        top += line


def _stacked(column: Sequence[Panel], left: int, top: int) -> Iterator[Panel]:
    for panel in column:
        placed, size = copy.copy(panel), _size(panel)
        placed.grid_pos = dashboard.GridPos(h=size.h, w=size.w, x=left, y=top)
        top += size.h
        yield placed


def _size(panel: Panel) -> dashboard.GridPos:
    return panel.grid_pos or dashboard.GridPos()


def _link(title: str, uid: str) -> builders.DashboardLink:
    return (
        builders.DashboardLink(title)
        .type(dashboard.DashboardLinkType.LINK)
        .url(f"/d/{uid}")
        .icon("dashboard")
        .tooltip(f"{title}, with the same time and variables")
        .keep_time(True)
        .include_vars(True)
    )


def _datasource() -> builders.DatasourceVariable:
    return builders.DatasourceVariable("datasource").label("Data source").type("prometheus")


def _job() -> builders.QueryVariable:
    return _choice("job", "Job").query(f"label_values({PREFIX}exporter_build_info, job)")


def _integration() -> builders.QueryVariable:
    query = f'label_values({PREFIX}integration_info{{job=~"$job"}}, integration)'
    return _choice("integration", "Integration").query(query)


def _choice(name: str, label: str) -> builders.QueryVariable:
    """A variable of which several values, or all, can be chosen; it follows the time range."""
    return (
        builders.QueryVariable(name)
        .label(label)
        .datasource(DATASOURCE)
        .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(dashboard.VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".+")
        .current(dashboard.VariableOption(selected=True, text="All", value="$__all"))
    )


def runbooks_setting() -> builders.TextBoxVariable:
    """Where the runbooks are published."""
    return builders.TextBoxVariable("runbooks").label("Runbooks").default_value(RUNBOOKS)


class _Plain(Builder[dashboard.VariableModel]):
    """A variable without what the SDK gives every one of them and only those of a time interval have."""

    def __init__(self, variable: Builder[dashboard.VariableModel]) -> None:
        self._variable = variable

    def build(self) -> dashboard.VariableModel:
        model = self._variable.build()
        model.auto = model.auto_min = model.auto_count = None
        return model


class _AlertQuery(dashboard.AnnotationQuery):
    """The SDK knows the query of an annotation, and not how Prometheus' data source words what it finds."""

    def to_json(self) -> dict[str, object]:
        return {
            **super().to_json(),
            "titleFormat": "{{alertname}}",
            "textFormat": "{{integration}} {{category}}{{source}}{{kind}} ({{severity}})",
            "tagKeys": "severity,integration",
            "step": "60s",
        }


class _Alerts(builders.AnnotationQuery):
    """Firing alerts of the chosen integrations, drawn into every graph."""

    def build(self) -> dashboard.AnnotationQuery:
        expr = f"max by (alertname, integration, category, source, kind, severity) (ALERTS{{{OF_ALERT}}})"
        return _AlertQuery("Alerts", DATASOURCE, enable=True, icon_color=RED, expr=expr)
