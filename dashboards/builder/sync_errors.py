"""Sync errors of an integration: a card for each category, a row for each error type and what resolves it."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard

from dashboards.builder.board import Section
from dashboards.builder.palette import ANY_IS_NOTABLE
from dashboards.builder.panels import Head, Panel, Values, line_panel, stat_panel
from dashboards.builder.queries import Query, fact, recorded
from dashboards.builder.states import ERROR_TITLES, RESOLUTIONS
from dashboards.builder.tables import Column, table_panel
from exporter.catalog.catalog import CATALOG, Category

COUNTS = "sync_errors"
RECORDS = "sync_error_affected_records"
RUNBOOK = "${runbooks}/HubSpotSalesforceSyncErrors-"


def _card(position: int, category: Category) -> Panel:
    where = f'category="{category.name}"'
    panel = stat_panel(
        Head(301 + position, category.title, f"{category.meaning} The title leads to the runbook.", 3, 5),
        Values("locale", "nobody tells", ANY_IS_NOTABLE),
        Query(f"sum({fact(COUNTS, 'error_type', where=where)})", "errors"),
        Query(f"sum({fact(RECORDS, 'error_type', where=where)})", "affected records"),
        names=True,
    )
    panel.links = [
        dashboard.DashboardLink(
            f"What resolves {category.title}",
            dashboard.DashboardLinkType.LINK,
            tooltip="Runbook",
            url=f"{RUNBOOK}{category.name}.md",
            target_blank=True,
        )
    ]
    return panel


BY_TYPE = table_panel(
    Head(
        320,
        "By error type",
        "Types that have errors now, and what resolves them. Above 100 errors of a type HubSpot's Resync takes them in "
        "portions of 100.",
        24,
        9,
    ),
    "No sync errors, or nobody tells them",
    [
        Column("integration", "Integration", width=120),
        # As the label has it: a link takes what the cell shows, and the runbook is named after the label.
        Column("category", "Category", width=160),
        Column(
            "error_type",
            "Error type",
            words=ERROR_TITLES,
            width=270,
            link=("Runbook of the category", RUNBOOK + "${__data.fields.category}.md"),
        ),
        Column(
            "Value #A", "Errors", "locale", steps=((None, "text"), (101, "orange")), shown_as="color-text", width=80
        ),
        Column("Value #B", "Affected records", "locale", width=135),
        Column("resolution", "What resolves it", words=RESOLUTIONS, wraps=True),
    ],
    Query(
        f"label_replace(\n  {fact(COUNTS, 'category', 'error_type')} > 0,\n"
        '  "resolution", "$1", "error_type", "(.*)"\n)',
        table=True,
    ),
    Query(
        f"label_replace(\n  {fact(RECORDS, 'category', 'error_type')}\n"
        f"  and on (integration, category, error_type) {fact(COUNTS, 'category', 'error_type')} > 0,\n"
        '  "resolution", "$1", "error_type", "(.*)"\n)',
        table=True,
    ),
    sort=["Errors"],
)

OVER_TIME = [
    line_panel(
        Head(321, "Errors by category", "Current sync errors over time.", 12, 8),
        Values("locale", "The recording rules are not loaded, or nobody tells the errors"),
        Query(recorded("integration_category:hubspot_salesforce_sync_errors:sum"), "{{integration}} {{category}}"),
        ranked=True,
    ),
    line_panel(
        Head(322, "Affected records by category", "Records kept from syncing over time.", 12, 8),
        Values("locale", "The recording rules are not loaded, or nobody tells the records"),
        Query(
            recorded("integration_category:hubspot_salesforce_sync_error_affected_records:sum"),
            "{{integration}} {{category}}",
        ),
        ranked=True,
    ),
]

CARDS = [_card(position, category) for position, category in enumerate(CATALOG.categories)]
SYNC_ERRORS = Section(300, "Sync errors", [*CARDS, BY_TYPE, *OVER_TIME])
