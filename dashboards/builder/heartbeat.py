"""Signs of life: when records of each object last changed and last synced, and what HubSpot last wrote."""

from __future__ import annotations

from dashboards.builder.board import Section
from dashboards.builder.palette import AGE_OF_SYNC, YES_NO
from dashboards.builder.panels import Head, Values, line_panel, state_panel
from dashboards.builder.queries import Query, fact, in_milliseconds, recorded
from dashboards.builder.tables import Column, table_panel

HEARTBEAT = Section(
    500,
    "Last sync",
    [
        table_panel(
            Head(
                501,
                "Last sync of each object",
                "Newest Last Salesforce Sync Time, and newest change of a record linked to Salesforce. A change that "
                "is newer than the sync waits; a quiet account syncs nothing and is healthy.",
                10,
                8,
            ),
            "HubSpot has not told lately: no token, or it cannot be read (see Exporter)",
            [
                Column("integration", "Integration", width=100),
                Column("object", "Object", least=100),
                Column("Value #A", "Last sync", "dateTimeFromNow", least=130),
                Column("Value #B", "Last change", "dateTimeFromNow", least=130),
            ],
            Query(in_milliseconds(fact("last_sync_timestamp_seconds", "object")), table=True),
            Query(in_milliseconds(fact("last_change_timestamp_seconds", "object")), table=True),
            sort=["-Integration"],
        ),
        line_panel(
            Head(
                502,
                "Time since the last sync",
                "By object. HubSpot looks about every 15 minutes; a quiet hour is no fault by itself.",
                8,
                8,
            ),
            Values("s", "HubSpot has not told lately: no token, or it cannot be read", AGE_OF_SYNC, least=0),
            Query(f"time() - {fact('last_sync_timestamp_seconds', 'object')}", "{{integration}} {{object}}"),
        ),
        state_panel(
            Head(
                503,
                "Sync available",
                "Neither suspended nor stale, by the recording rules; no colour where it is not known.",
                6,
                8,
            ),
            Values("none", "The recording rules are not loaded, or nothing is known", words=YES_NO),
            Query(recorded("integration:hubspot_salesforce_sync_available:min"), "{{integration}}"),
        ),
        line_panel(
            Head(
                504,
                "Which direction",
                "Time since the last sync in either direction, and since HubSpot's user last wrote to Salesforce. Only "
                "the second grows: HubSpot → Salesforce stands, or nothing that is mapped changed in HubSpot. Only the "
                "first grows: what stands is the way back. Both: the sync stands, or it is quiet.",
                12,
                8,
            ),
            Values("s", "Neither side has told lately: no token, no integration user, or no permission", least=0),
            Query(f"time() - {fact('last_sync_timestamp_seconds')}", "{{integration}} synced, either way"),
            Query(f"time() - {fact('last_write_timestamp_seconds')}", "{{integration}} HubSpot → Salesforce"),
        ),
        line_panel(
            Head(
                505,
                "Time since HubSpot last wrote to Salesforce",
                "By Salesforce object: the newest change the integration user made. A quiet HubSpot writes nothing.",
                12,
                8,
            ),
            Values("s", "Salesforce has not told lately: no integration user, or no permission to read", least=0),
            Query(f"time() - {fact('last_write_timestamp_seconds', 'object')}", "{{integration}} {{object}}"),
        ),
        line_panel(
            Head(
                506,
                "Records not in Salesforce",
                "Changed since their last sync (stale) or created and never synced, in the last 24 hours without the "
                "last half hour. An upper bound: unmapped properties and contacts outside the inclusion segment never "
                "sync.",
                14,
                8,
            ),
            Values("locale", "HubSpot is not searched: no token, or it cannot be read (see Exporter)", least=0),
            Query(fact("unsynced_records", "object", "kind"), "{{integration}} {{object}} {{kind}}"),
            ranked=True,
        ),
        line_panel(
            Head(
                507,
                "All of them, and what is usual",
                "The usual is the most of yesterday, the day before and a week ago at this time; of last week alone "
                "once a day has not halved it. Twice as many, and a hundred more, for an hour raise RecordsUnsynced.",
                10,
                8,
            ),
            Values("locale", "The recording rules are not loaded, or HubSpot is not searched", least=0),
            Query(recorded("integration:hubspot_salesforce_unsynced_records:sum"), "{{integration}}"),
            Query(recorded("integration:hubspot_salesforce_unsynced_records:usual"), "{{integration}} usual"),
        ),
    ],
)
