"""Kinds of panels, made alike: every panel has a number that never changes, a title, a description, a unit, and a text
for when there is nothing to show that says why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from grafana_foundation_sdk.builders import bargauge, common, prometheus, stat, statetimeline, timeseries
from grafana_foundation_sdk.builders.dashboard import FieldColor
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common as common_model
from grafana_foundation_sdk.models import dashboard
from grafana_foundation_sdk.models.prometheus import Dataquery, PromQueryFormat

from dashboards.builder.palette import PLAIN, Steps, Words, mapping, thresholds, unknown
from dashboards.builder.queries import Query

Panel = dashboard.Panel

DATASOURCE = dashboard.DataSourceRef(type_val="prometheus", uid="${datasource}")


WIDE = 14
"""Columns of a panel beside whose graph there is room for the legend."""

OVERLAP = "A bar counts what happened within Grafana's rate interval, which may reach back over the bar before it."


@dataclass(frozen=True, slots=True)
class Head:
    """What a panel is, and how much of the grid's 24 columns and of its height it takes."""

    id: int
    title: str
    description: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Values:
    """How the values of a panel read. ``nothing`` stands where there are none."""

    unit: str
    nothing: str
    steps: Steps = PLAIN
    words: Words | None = None
    decimals: int | None = None
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Override:
    """Properties of the series or columns of a name, or, with ``pattern``, of all that match it."""

    name: str
    properties: Mapping[str, object]
    pattern: bool = False


def finished(
    builder: Builder[Panel], head: Head, values: Values, queries: Sequence[Query], overrides: Sequence[Override] = ()
) -> Panel:
    """The panel with all that every kind has in common."""
    panel = builder.build()
    panel.id_val, panel.title, panel.description = head.id, head.title, head.description
    panel.grid_pos = dashboard.GridPos(h=head.height, w=head.width)
    panel.datasource = DATASOURCE
    panel.targets = [_target(query, chr(ord("A") + position)) for position, query in enumerate(queries)]
    source = panel.field_config = panel.field_config or dashboard.FieldConfigSource()
    source.defaults = _defaults(source.defaults, values)
    source.overrides = [_override(override) for override in overrides]
    return panel


def _defaults(config: dashboard.FieldConfig, values: Values) -> dashboard.FieldConfig:
    config.unit, config.decimals, config.no_value = values.unit, values.decimals, values.nothing
    config.min_val, config.max_val = values.least, values.most
    config.thresholds = thresholds(values.steps)
    config.mappings = mapping(values.words) if values.words else []
    return config


def _override(override: Override) -> dashboard.DashboardFieldConfigSourceOverrides:
    return dashboard.DashboardFieldConfigSourceOverrides(
        matcher=dashboard.MatcherConfig("byRegexp" if override.pattern else "byName", override.name),
        properties=[dashboard.DynamicConfigValue(name, value) for name, value in override.properties.items()],
    )


def _target(query: Query, ref_id: str) -> Dataquery:
    target = prometheus.Dataquery().expr(query.expr).ref_id(ref_id).datasource(DATASOURCE)
    if query.legend:
        target.legend_format(query.legend)
    target.format(PromQueryFormat.TABLE if query.table else PromQueryFormat.TIME_SERIES)
    return (target.instant() if query.table or query.instant else target.range()).build()


def stat_panel(head: Head, values: Values, *queries: Query, names: bool = False) -> Panel:
    """Values of now, large: the last ones of a range would stand there for hours after the exporter has gone. ``names``
    writes beside each what it is."""
    builder = (
        stat.Panel()
        .graph_mode(common_model.BigValueGraphMode.NONE)
        .color_mode(common_model.BigValueColorMode.VALUE)
        .text_mode(common_model.BigValueTextMode.VALUE_AND_NAME if names else common_model.BigValueTextMode.AUTO)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .color_scheme(_color(dashboard.FieldColorModeId.THRESHOLDS))
    )
    return _of_now(builder, head, values, queries)


def bar_panel(head: Head, values: Values, *queries: Query) -> Panel:
    """Values of now as bars from left to right, each with its name and number."""
    builder = (
        bargauge.Panel()
        .orientation(common_model.VizOrientation.HORIZONTAL)
        .display_mode(common_model.BarGaugeDisplayMode.BASIC)
        .value_mode(common_model.BarGaugeValueMode.COLOR)
        # By itself a name takes all the height there is, and is cut off.
        .text(common.VizTextDisplayOptions().title_size(14).value_size(18))
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .color_scheme(_color(dashboard.FieldColorModeId.THRESHOLDS))
    )
    return _of_now(builder, head, values, queries)


def _of_now(builder: Builder[Panel], head: Head, values: Values, queries: Sequence[Query]) -> Panel:
    """The panel asks for no time but now, and what it says where there is no value is in no colour that judges."""
    panel = finished(builder, head, values, [replace(query, instant=True) for query in queries])
    if panel.field_config is not None:
        defaults = panel.field_config.defaults
        defaults.mappings = [*(defaults.mappings or []), unknown(values.nothing)]
    return panel


def line_panel(
    head: Head,
    values: Values,
    *queries: Query,
    overrides: Sequence[Override] = (),
    thresholds_drawn: bool = False,
    ranked: bool = False,
) -> Panel:
    """Series over time as lines; a table under or beside them names each with its newest and its largest value, in the
    order of the queries or, ``ranked``, the largest first."""
    builder = (
        _time_series(head, ranked=ranked).draw_style(common_model.GraphDrawStyle.LINE).line_width(2).fill_opacity(8)
    )
    if thresholds_drawn:
        style = common.GraphThresholdsStyleConfig().mode(common_model.GraphThresholdsStyleMode.DASHED)
        builder.thresholds_style(style)
    return finished(builder, head, values, queries, overrides)


def stack_panel(head: Head, values: Values, *queries: Query, overrides: Sequence[Override] = ()) -> Panel:
    """Counts over time as bars on top of each other."""
    head = replace(head, description=f"{head.description} {OVERLAP}")
    builder = (
        _time_series(head, ranked=True)
        .draw_style(common_model.GraphDrawStyle.BARS)
        .fill_opacity(70)
        .line_width(1)
        .stacking(common.StackingConfig().mode(common_model.StackingMode.NORMAL).group("A"))
    )
    return finished(builder, head, values, queries, overrides)


def _time_series(head: Head, *, ranked: bool) -> timeseries.Panel:
    # Below a graph the legend gets a third of the height, which is three or four names.
    place = common_model.LegendPlacement.RIGHT if head.width >= WIDE else common_model.LegendPlacement.BOTTOM
    legend = (
        common.VizLegendOptions()
        .show_legend(True)
        .display_mode(common_model.LegendDisplayMode.TABLE)
        .placement(place)
        .calcs(["lastNotNull", "max"])
    )
    if ranked:
        legend.sort_by("Max").sort_desc(True)
    tooltip = (
        common.VizTooltipOptions().mode(common_model.TooltipDisplayMode.MULTI).sort(common_model.SortOrder.DESCENDING)
    )
    return (
        timeseries.Panel()
        .legend(legend)
        .tooltip(tooltip)
        .show_points(common_model.VisibilityMode.NEVER)
        .axis_soft_min(0)
        .color_scheme(_color(dashboard.FieldColorModeId.PALETTE_CLASSIC))
    )


def state_panel(head: Head, values: Values, *queries: Query) -> Panel:
    """States over time, a row each, the word for the state written into it."""
    builder = (
        statetimeline.Panel()
        .show_value(common_model.VisibilityMode.AUTO)
        .merge_values(True)
        .row_height(0.85)
        .align_value(common_model.TimelineValueAlignment.LEFT)
        .legend(
            common.VizLegendOptions()
            .show_legend(True)
            .display_mode(common_model.LegendDisplayMode.LIST)
            .placement(common_model.LegendPlacement.BOTTOM)
        )
        .color_scheme(_color(dashboard.FieldColorModeId.THRESHOLDS))
        .fill_opacity(75)
        .line_width(0)
    )
    return finished(builder, head, values, queries)


def _color(mode: dashboard.FieldColorModeId) -> Builder[dashboard.FieldColor]:
    return FieldColor().mode(mode)
