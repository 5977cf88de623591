"""What resyncs cost, and what Alertmanager asked for."""

from __future__ import annotations

from dashboards.builder.board import Section
from dashboards.builder.palette import RED
from dashboards.builder.panels import Head, Override, Values, line_panel, stack_panel
from dashboards.builder.queries import OF_JOB, PREFIX, Query, equals, fact, increase

SPENT = increase("resync_records_total", "integration", where=equals("outcome", "succeeded"), window="24h")
NOT_TOLD = "HubSpot does not tell"
MOST_CALLS = 4
"""Of Salesforce's, which a resync can cost: the guards reckon with as many."""

COST = Section(
    300,
    "Cost and notifications",
    [
        line_panel(
            Head(
                301,
                "API cost of resyncs, share of the allocation",
                "A resync costs HubSpot up to four Salesforce calls: so many for each record of the last 24 hours, as "
                "a share of what is allocated to HubSpot. The guards reckon the same.",
                12,
                8,
            ),
            Values("percentunit", "no allocation is known, or nothing was resynced", least=0),
            Query(f"{MOST_CALLS} * {SPENT}\n/\n{fact('integration_api_calls_allocated')}", "{{integration}}"),
        ),
        stack_panel(
            Head(
                303,
                "Notifications by result",
                "Alertmanager's posts by how they were answered. Invalid and unauthorized ones are lost: Alertmanager "
                "repeats after 5xx only.",
                12,
                8,
            ),
            Values("none", "the exporter is not scraped", decimals=0),
            Query(
                f"sum by (result) (increase({PREFIX}webhook_notifications_total{{{OF_JOB}}}[$__rate_interval]))",
                "{{result}}",
            ),
        ),
        stack_panel(
            Head(
                304,
                "Requests by integration and API",
                "Requests to outside APIs, logins and retries included. Resyncs go to the bridge, to HubSpot (touch) "
                "or to the hook, and stand out from the even polls of the sources.",
                24,
                8,
            ),
            Values("locale", "nothing asked, as far as is known", decimals=0),
            Query(increase("upstream_requests_total", "integration", "api"), "{{integration}} {{api}}"),
        ),
        line_panel(
            Head(
                305,
                "HubSpot's own API calls of the day",
                "What all apps of the HubSpot account have called since its midnight, and how many calls a day it has. "
                "A touch spends them; the last tenth is left to the others.",
                24,
                8,
            ),
            Values("locale", NOT_TOLD, least=0),
            Query(fact("hubspot_api_calls_used"), "{{integration}} used"),
            Query(fact("hubspot_api_calls_limit"), "{{integration}} limit"),
            overrides=[
                Override(
                    ".* limit",
                    {
                        "color": {"mode": "fixed", "fixedColor": RED},
                        "custom.fillOpacity": 0,
                        "custom.lineStyle": {"fill": "dash", "dash": [10, 6]},
                    },
                    pattern=True,
                ),
            ],
        ),
    ],
)
