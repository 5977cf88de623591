"""Tables: the newest values of several queries, joined over the labels they share, as named columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import common, table
from grafana_foundation_sdk.models import common as common_model
from grafana_foundation_sdk.models import dashboard

from dashboards.builder.palette import Steps, Words, mapping, thresholds, unknown
from dashboards.builder.panels import Head, Override, Panel, Values, finished
from dashboards.builder.queries import NOTHING, Query


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the label or query (``Value #A``) it comes from, and how it reads.

    ``shown_as`` is ``text``, ``color-text`` or ``gauge``; ``link`` a pair of what the link says and where it leads.
    ``width`` is fixed; columns without it share the room that is left, each at least ``least`` pixels (else 150).
    ``wraps`` lets a long text take several lines.
    """

    source: str
    title: str
    unit: str = ""
    words: Words | None = None
    steps: Steps | None = None
    shown_as: str = "text"
    width: int | None = None
    least: int | None = None
    wraps: bool = False
    link: tuple[str, str] | None = None
    most: float | None = None
    decimals: int | None = None


def table_panel(
    head: Head,
    nothing: str,
    columns: Sequence[Column],
    *queries: Query,
    sort: Sequence[str] = (),
    rank: str = "",
    hidden: Sequence[str] = (),
) -> Panel:
    """``sort`` names the columns that order the rows, largest first, the first of them first; ``-`` turns one round.
    ``rank`` does the same by a field that no column shows, and ``hidden`` are others of that kind.
    """
    builder = table.Panel().show_header(True).cell_height(common_model.TableCellHeight.SM)
    builder.sort_by(
        [common.TableSortByFieldState().display_name(name.lstrip("-")).desc(not name.startswith("-")) for name in sort]
    )
    values = Values("short", nothing)
    panel = finished(builder, head, values, queries, [_override(column) for column in columns])
    panel.transformations = _joined(columns, ("Time", *([rank] if rank else []), *hidden), rank)
    return panel


def _joined(columns: Sequence[Column], hidden: Sequence[str], rank: str) -> list[dashboard.DataTransformerConfig]:
    organized: dict[str, object] = {
        "excludeByName": dict.fromkeys(hidden, True),
        "includeByName": {},
        "indexByName": {column.source: position for position, column in enumerate(columns)},
        "renameByName": {column.source: column.title for column in columns},
    }
    ranked = {"fields": {}, "sort": [{"field": rank, "desc": True}]}
    return [
        dashboard.DataTransformerConfig("merge", options={}),
        *([dashboard.DataTransformerConfig("sortBy", options=ranked)] if rank else []),
        dashboard.DataTransformerConfig("organize", options=organized),
    ]


def _override(column: Column) -> Override:
    """What is said of the column; Grafana's own choice holds for the rest."""
    said: dict[str, object] = {
        # Else every empty cell would show what the whole table says when it is empty.
        "noValue": NOTHING,
        "unit": column.unit or None,
        "decimals": column.decimals,
        "mappings": _mappings(column) or None,
        "thresholds": thresholds(column.steps) if column.steps else None,
        "min": None if column.most is None else 0,
        "max": column.most,
        "custom.cellOptions": _cell(column),
        "custom.width": column.width,
        "custom.minWidth": column.least,
        # Words for numbers would stand at the right edge, as numbers do.
        "custom.align": "left" if column.words else None,
        "links": [{"title": column.link[0], "url": column.link[1]}] if column.link else None,
    }
    return Override(column.title, {name: value for name, value in said.items() if value is not None})


def _mappings(column: Column) -> list[dashboard.ValueMapping]:
    coloured = [] if column.shown_as == "text" else [unknown(NOTHING)]
    return [*(mapping(column.words) if column.words else []), *coloured]


def _cell(column: Column) -> Mapping[str, object] | None:
    if column.shown_as == "gauge":
        return {"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}
    if column.wraps:
        return {"type": "auto", "wrapText": True}
    return None if column.shown_as == "text" else {"type": column.shown_as}
