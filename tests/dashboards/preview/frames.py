"""Answers of Prometheus as Grafana's panels see them: named series, or rows joined and ordered as a table asks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.dashboards.boards import Json, filled
from tests.dashboards.history import Span
from tests.dashboards.preview.values import SERIES, color
from tests.dashboards.prometheus import Client
from tests.dashboards.story import SCRAPE
from tests.dashboards.test_queries import ALL

Points = Sequence[tuple[float, float]]
BAR = 5 * SCRAPE
"""Seconds between the bars of a stack."""

Row = dict[str, str | float]


@dataclass(frozen=True, slots=True)
class Series:
    """A named series and the settings that hold for it alone."""

    name: str
    points: Points
    config: Json
    color: str

    @property
    def last(self) -> float:
        return self.points[-1][1]

    @property
    def most(self) -> float:
        return max(value for _, value in self.points)


@dataclass(frozen=True, slots=True)
class Answers:
    """Asks Prometheus what a panel asks, for one choice of integrations."""

    client: Client
    span: Span
    integration: str

    def expr(self, target: Json, step: float = SCRAPE) -> str:
        """A query as Grafana sends it; its rate interval is four scrapes, or a step and a scrape if that is more."""
        interval = f"{max(4 * SCRAPE, step + SCRAPE):.0f}s"
        return filled(target["expr"], {**ALL, "integration": self.integration, "__rate_interval": interval})

    def series(self, panel: Json) -> list[Series]:
        """The series of a panel in the order of its queries."""
        found: list[tuple[str, Points]] = []
        for target in panel["targets"]:
            for one in self._ask(target, BAR if is_stack(panel) else SCRAPE):
                # A quantile of no observations is no number: a gap.
                points = [(at, float(value)) for at, value in one["points"] if value != "NaN"]
                if points:
                    found.append((_legend(target.get("legendFormat", ""), one["metric"]), points))
        series = [
            Series(name, points, config := field_config(panel, name), _color_of(config, position))
            for position, (name, points) in enumerate(found)
        ]
        ranked = panel["options"].get("legend", {}).get("sortBy") == "Max"
        return sorted(series, key=lambda one: one.most, reverse=True) if ranked else series

    def _ask(self, target: Json, step: float) -> Iterator[Json]:
        if target["instant"]:
            for one in self.client.instant(self.expr(target), self.span.end):
                yield {"metric": one["metric"], "points": [one["value"]]}
        else:
            for one in self.client.range(self.expr(target, step), self.span.start, self.span.end, step):
                yield {"metric": one["metric"], "points": one["values"]}

    def rows(self, panel: Json) -> list[Row]:
        """The rows of a table, joined over the labels its queries share, under the names of its columns."""
        joined: list[Row] = []
        for target in panel["targets"]:
            value = f"Value #{target['refId']}" if len(panel["targets"]) > 1 else "Value"
            answers = self.client.instant(self.expr(target), self.span.end)
            # A label that some series lack is an empty text in theirs.
            labels = dict.fromkeys((label for one in answers for label in one["metric"]), "")
            frame: list[Row] = [{**labels, **one["metric"], value: float(one["value"][1])} for one in answers]
            joined = _merged(joined, frame)
        for transformation in panel["transformations"][1:-1]:
            joined = _sorted(joined, transformation["options"]["sort"], "field")
        organize = panel["transformations"][-1]["options"]
        rows = [
            {title: row[source] for source, title in organize["renameByName"].items() if source in row}
            for row in joined
        ]
        return _sorted(rows, panel["options"]["sortBy"], "displayName")

    def alerts(self, board: Json) -> list[tuple[float, float]]:
        """From when until when an alert of the annotation fired."""
        [annotation] = board["annotations"]["list"]
        spans: list[tuple[float, float]] = []
        for one in self.client.range(self.expr(annotation), self.span.start, self.span.end, SCRAPE):
            for at, _ in one["values"]:
                if spans and spans[-1][1] == at - SCRAPE:
                    spans[-1] = (spans[-1][0], at)
                else:
                    spans.append((at, at))
        return spans


def is_stack(panel: Json) -> bool:
    """Whether a panel draws bars on top of each other."""
    stacking = panel["fieldConfig"]["defaults"].get("custom", {}).get("stacking", {})
    return bool(stacking.get("mode") == "normal")


def field_config(panel: Json, name: str) -> Json:
    """The settings of a field: those of the panel, and what overrides say of its name."""
    config = dict(panel["fieldConfig"]["defaults"])
    for override in panel["fieldConfig"]["overrides"]:
        matcher = override["matcher"]
        pattern = matcher["options"] if matcher["id"] == "byRegexp" else re.escape(matcher["options"])
        if re.fullmatch(pattern, name):
            config |= {entry["id"]: entry["value"] for entry in override["properties"]}
    return config


def _merged(before: list[Row], frame: list[Row]) -> list[Row]:
    if not before:
        return frame
    rows = [dict(row) for row in before]
    for new in frame:
        same = [row for row in rows if (shared := row.keys() & new.keys()) and all(row[k] == new[k] for k in shared)]
        for row in same:
            row.update(new)
        if not same:
            rows.append(new)
    return rows


def _sorted(rows: list[Row], orders: Sequence[Json], key: str) -> list[Row]:
    """The rows by the fields that ``key`` names in each order, the first order first."""
    for order in reversed(orders):
        name = order[key]
        rows = sorted(rows, key=lambda row: _order(row.get(name)), reverse=order["desc"])
    return rows


def _order(value: str | float | None) -> tuple[bool, str, float]:
    return (value is not None, value, 0.0) if isinstance(value, str) else (value is not None, "", value or 0.0)


def _legend(template: str, metric: Json) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda found: metric.get(found[1], ""), template).strip()


def _color_of(config: Json, position: int) -> str:
    fixed = config["color"].get("fixedColor") if config.get("color", {}).get("mode") == "fixed" else None
    return color(fixed) if fixed else SERIES[position % len(SERIES)]
