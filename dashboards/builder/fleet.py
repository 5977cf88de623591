"""Fleet: one row per integration, the worst first."""

from __future__ import annotations

from dashboards.builder.board import TO_SYNC_HEALTH, Board, Section, runbooks_setting
from dashboards.builder.palette import ANY_IS_BAD, ANY_IS_NOTABLE, PLAIN, SEVERITIES, SHARE_OF_CALLS, STATES
from dashboards.builder.panels import Head, Values, line_panel, stat_panel, state_panel
from dashboards.builder.queries import Query, fact, in_milliseconds
from dashboards.builder.states import ALERTS, CATEGORY_TITLES, RANK, REASON_OR_NONE, REASON_TITLES, STATE
from dashboards.builder.tables import Column, table_panel

ERRORS = fact("sync_errors", "category", "error_type")
AFFECTED = fact("sync_error_affected_records", "category", "error_type")
OF_ALLOCATION = f"{fact('integration_api_calls_used')}\n/\n{fact('integration_api_calls_allocated')}"
OF_ORG = f"{fact('org_api_calls_used')}\n/\n{fact('org_api_calls_limit')}"
OPEN_JOBS = fact("resync_jobs", "state", where='state=~"queued|running"')
NOT_TOLD = "nobody tells"

COUNTS = Section(
    100,
    "How many",
    [
        stat_panel(
            Head(101, "Integrations", "Integrations the exporter is configured to watch.", 4, 4),
            Values("none", "none: no exporter scraped"),
            Query(f"count({fact('integration_info')})", "integrations"),
        ),
        stat_panel(
            Head(102, "Suspended", "Integrations HubSpot reports suspended: nothing of theirs syncs.", 4, 4),
            Values("none", "nobody reports it", ANY_IS_BAD),
            Query(f"sum({fact('suspended')})", "suspended"),
        ),
        stat_panel(
            Head(
                103,
                "Cause seen",
                "Integrations for which the exporter itself sees the cause of a suspension right now, reported or not.",
                4,
                4,
            ),
            Values("none", "nothing could be judged", ANY_IS_NOTABLE),
            Query(f"sum({fact('suspension_condition')})", "with a cause"),
        ),
        stat_panel(
            Head(104, "Sync errors", "Current sync errors of all chosen integrations.", 4, 4),
            Values("locale", NOT_TOLD, ANY_IS_NOTABLE),
            Query(f"sum({ERRORS})", "errors"),
        ),
        stat_panel(
            Head(105, "Affected records", "Records those errors keep from syncing.", 4, 4),
            Values("locale", NOT_TOLD, ANY_IS_NOTABLE),
            Query(f"sum({AFFECTED})", "records"),
        ),
        stat_panel(
            Head(106, "Open resync jobs", "Jobs that are queued or running.", 4, 4),
            Values("none", "no job known", PLAIN),
            Query(f"sum({OPEN_JOBS})", "open jobs"),
        ),
    ],
)

TABLE = table_panel(
    Head(
        201,
        "Integrations, worst first",
        "Suspended before cause seen before source failing before alert firing, then by number of errors. A name leads "
        "to its sync health. An empty cell is not known: no source has told it lately.",
        24,
        7,
    ),
    "No integration: is the exporter scraped, and do Job and Integration choose any?",
    [
        Column("integration", "Integration", width=95, link=("Sync health", TO_SYNC_HEALTH)),
        Column("Value #A", "State", words=STATES, shown_as="color-text", width=160),
        Column("reason", "Reason", words=REASON_TITLES, width=250),
        Column(
            "Value #B",
            "Of allocation",
            "percentunit",
            steps=SHARE_OF_CALLS,
            shown_as="gauge",
            most=1,
            decimals=0,
            least=105,
        ),
        Column(
            "Value #C",
            "Of the org's limit",
            "percentunit",
            steps=SHARE_OF_CALLS,
            shown_as="gauge",
            most=1,
            decimals=0,
            least=125,
        ),
        Column("Value #D", "Errors", "locale", steps=ANY_IS_NOTABLE, shown_as="color-text", width=75),
        Column("Value #E", "Affected records", "locale", width=130),
        Column("Value #F", "Last sync", "dateTimeFromNow", width=120),
        Column("Value #G", "Open jobs", "none", width=90),
        Column("notify", "Notify", width=95),
    ],
    Query(STATE, table=True),
    Query(OF_ALLOCATION, table=True),
    Query(OF_ORG, table=True),
    Query(f"sum by (integration) ({ERRORS})", table=True),
    Query(f"sum by (integration) ({AFFECTED})", table=True),
    Query(in_milliseconds(fact("last_sync_timestamp_seconds")), table=True),
    Query(f"sum by (integration) ({OPEN_JOBS})", table=True),
    Query(REASON_OR_NONE, table=True),
    Query(RANK, table=True),
    Query(fact("integration_info", "notify", "salesforce_instance"), table=True),
    rank="Value #I",
    hidden=["Value #H", "Value #J", "salesforce_instance"],
)

OVER_TIME = Section(
    300,
    "Over time",
    [
        state_panel(
            Head(301, "State of each integration", "The state of the table above, over time.", 12, 8),
            Values("none", "No integration is watched", words=STATES),
            Query(STATE, "{{integration}}"),
        ),
        table_panel(
            Head(
                302,
                "Firing alerts",
                "What Prometheus' rules say now. A name leads to the runbook, an integration to its sync health.",
                12,
                8,
            ),
            "No alert is firing, or the rules are not loaded",
            [
                Column("severity", "Severity", words=SEVERITIES, shown_as="color-text", width=90),
                Column("alertname", "Alert", link=("Runbook", "${runbooks}/${__data.fields.alertname}.md"), width=305),
                Column("integration", "Integration", link=("Sync health", TO_SYNC_HEALTH), width=90),
                Column("category", "Category", words=CATEGORY_TITLES, least=120),
            ],
            Query(ALERTS, table=True),
            sort=["-Severity", "-Integration"],
            hidden=["Value"],
        ),
        line_panel(
            Head(
                303,
                "API calls, share of the allocation",
                "Calls of the integration in the rolling 24 hours, as a share of what is allocated to HubSpot. At 75 % "
                "HubSpot stops retrying sync errors by itself; at 100 % it suspends.",
                12,
                8,
            ),
            Values("percentunit", "No allocation is set, or nobody tells the use", SHARE_OF_CALLS, least=0),
            Query(OF_ALLOCATION, "{{integration}}"),
            thresholds_drawn=True,
        ),
        line_panel(
            Head(304, "Sync errors by integration", "Current sync errors, all categories together.", 12, 8),
            Values("locale", "Nobody tells the errors: no bridge, no exported file"),
            Query(f"sum by (integration) ({ERRORS})", "{{integration}}"),
        ),
    ],
)

FLEET = Board(
    "Fleet",
    "Every integration, the worst first: state, reason, API calls, sync errors, last sync.",
    [COUNTS, Section(200, "Which", [TABLE]), OVER_TIME],
    [runbooks_setting()],
)
