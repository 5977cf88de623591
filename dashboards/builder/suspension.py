"""Suspension of an integration: what HubSpot reports, and what the exporter sees of its causes."""

from __future__ import annotations

from dashboards.builder.board import Section
from dashboards.builder.palette import ANY_IS_BAD, ANY_IS_NOTABLE, AVAILABILITY, REPORTED, SEEN, STATES
from dashboards.builder.panels import Head, Values, stat_panel, state_panel
from dashboards.builder.queries import Query, fact, in_milliseconds, recorded
from dashboards.builder.states import FACT_TITLES, REASON, REASON_TITLES, STATE
from dashboards.builder.tables import Column, table_panel

NOW = Section(
    100,
    "Now",
    [
        stat_panel(
            Head(
                101,
                "State",
                "The worst that is so: suspended as HubSpot reports it, a cause the exporter sees, a source it cannot "
                "read, an alert that fires.",
                5,
                5,
            ),
            Values("none", "not watched", words=STATES),
            Query(STATE, "{{integration}}"),
        ),
        table_panel(
            Head(102, "Reason", "What HubSpot reports, else a cause the exporter sees.", 7, 5),
            "No reason is known: nobody reports a suspension, and no cause of one is seen",
            [
                Column("integration", "Integration", width=110),
                Column("reason", "Reason", words=REASON_TITLES),
            ],
            Query(REASON, table=True),
            sort=["-Integration"],
            hidden=["Value"],
        ),
        stat_panel(
            Head(103, "Suspended", "Since when, as HubSpot reports it.", 3, 5),
            Values("dateTimeFromNow", "none reported"),
            Query(in_milliseconds(fact("suspension_start_timestamp_seconds")), "{{integration}}"),
        ),
        stat_panel(
            Head(104, "Sync errors", "Current sync errors.", 3, 5),
            Values("locale", "nobody tells", ANY_IS_NOTABLE),
            Query(f"sum by (integration) ({fact('sync_errors', 'category', 'error_type')})", "{{integration}}"),
        ),
        stat_panel(
            Head(
                105,
                "Available, 30 days",
                "Share of the last 30 days in which the sync was neither suspended nor stale, of the time it was "
                "known.",
                3,
                5,
            ),
            Values("percentunit", "rules not loaded", AVAILABILITY, decimals=2),
            Query(recorded("integration:hubspot_salesforce_sync_availability:avg30d"), "{{integration}}"),
        ),
        stat_panel(
            Head(
                106, "Suspended, 30 days", "Minutes of the last 30 days in which HubSpot reported a suspension.", 3, 5
            ),
            Values("m", "rules not loaded", ANY_IS_BAD),
            Query(recorded("integration:hubspot_salesforce_suspended_minutes:sum30d"), "{{integration}}"),
        ),
    ],
)

SUSPENSION = Section(
    400,
    "Suspension",
    [
        state_panel(
            Head(
                401,
                "Reported by HubSpot",
                "The eleven reasons; HubSpot names one at a time. A row without colour: nobody has told.",
                12,
                11,
            ),
            Values("none", "Nobody has reported one or its end: no bridge, e-mail or report", words=REPORTED),
            Query(fact("suspension_reason", "reason"), "{{integration}} {{reason}}"),
        ),
        state_panel(
            Head(
                402,
                "Causes the exporter sees",
                "Before or without HubSpot's report. missing_field_mappings has no row: only HubSpot can know it.",
                12,
                11,
            ),
            Values("none", "Nothing could be judged: no source has been read lately", words=SEEN),
            Query(fact("suspension_condition", "reason"), "{{integration}} {{reason}}"),
        ),
        table_panel(
            Head(
                403,
                "Who said it",
                "Whose statement is believed, and how long ago it was true: the newest wins. evidence: records sync "
                "again since a suspension was told of.",
                24,
                8,
            ),
            "Nobody has said anything lately",
            [
                Column("integration", "Integration", width=150),
                Column("fact", "Fact", words=FACT_TITLES),
                Column("source", "Source"),
                Column("Value", "Age", "s", decimals=0, width=110),
            ],
            Query(f"time() - {fact('fact_timestamp_seconds', 'fact', 'source')}", table=True),
            sort=["-Integration", "-Fact"],
        ),
    ],
)
