"""The canary: what a blackbox probe of the sync says of it, and what is left of the error budget."""

from __future__ import annotations

from dashboards.builder.board import Section
from dashboards.builder.palette import BUDGET, BURN, IN_TIME, OBJECTIVE
from dashboards.builder.panels import Head, Values, line_panel, stack_panel, stat_panel, state_panel
from dashboards.builder.queries import PREFIX, Query, fact, recorded, series

NONE = "No canary is configured, or it is not read"

_BUCKETS = (
    f"max by (integration, direction, le) (increase({PREFIX}canary_latency_seconds_bucket"
    '{job=~"$job", integration=~"$integration"}[24h]))'
)
"""All replicas show the same counts."""


def _within(share: float) -> str:
    return f"histogram_quantile({share}, {_BUCKETS})"


CANARY = Section(
    700,
    "Canary",
    [
        stat_panel(
            Head(
                701,
                "In time, 30 days",
                "Share of the last 30 days in which the newest round of each direction was in time, of the time it was "
                "known.",
                4,
                7,
            ),
            Values("percentunit", "no canary, or rules not loaded", OBJECTIVE, decimals=2),
            Query(recorded("integration:hubspot_salesforce_canary_success:avg30d"), "{{integration}}"),
            Query(fact("canary_objective_ratio"), "{{integration}} objective"),
            names=True,
        ),
        stat_panel(
            Head(
                702,
                "Error budget left",
                "Of what the objective leaves of 30 days; below 0 more is used than there was.",
                4,
                7,
            ),
            Values("percentunit", "no canary, or rules not loaded", BUDGET, decimals=0),
            Query(recorded("integration:hubspot_salesforce_sync_budget_remaining:ratio"), "{{integration}}"),
        ),
        state_panel(
            Head(
                703,
                "Newest round",
                "Whether it arrived in time, by direction; late until one arrives, no colour where nothing is known.",
                16,
                7,
            ),
            Values("none", NONE, words=IN_TIME),
            Query(fact("canary_success", "direction"), "{{integration}} {{direction}}"),
        ),
        line_panel(
            Head(
                704,
                "Burn rate",
                "How many times faster than evenly over 30 days the error budget is used up, in windows of hours and "
                "days. Above 14.4 in an hour, or 6 in six, with two late rounds one way: somebody is paged.",
                8,
                9,
            ),
            Values("short", f"{NONE}; or the recording rules are not loaded", BURN, least=0),
            Query(
                recorded("integration_window:hubspot_salesforce_sync_budget_burn:ratio", 'window=~"1h|6h|1d|3d"'),
                "{{integration}} {{window}}",
            ),
        ),
        line_panel(
            Head(
                705,
                "Time to arrive",
                "Of the rounds of the last 24 hours: half of them took no longer, and 95 of 100. A late round counts "
                "as its deadline.",
                8,
                9,
            ),
            Values("s", NONE, least=0),
            Query(_within(0.5), "{{integration}} {{direction}} half"),
            Query(_within(0.95), "{{integration}} {{direction}} 95 %"),
        ),
        stack_panel(
            Head(
                706,
                "Rounds by outcome",
                "Synced, late, and failed: those that could not be carried out.",
                8,
                9,
            ),
            Values("short", NONE, least=0),
            Query(
                "max by (integration, direction, outcome) "
                f"(increase({series('canary_rounds_total')}[$__rate_interval]))",
                "{{integration}} {{direction}} {{outcome}}",
            ),
        ),
    ],
)
