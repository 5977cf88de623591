"""What the integration user may do, what room the org has, and how Salesforce is."""

from __future__ import annotations

from dashboards.builder.board import Section
from dashboards.builder.palette import SHARE_OF_STORAGE, TRUST, YES_NO
from dashboards.builder.panels import Head, Override, Values, bar_panel, line_panel, stat_panel, state_panel
from dashboards.builder.queries import Query, fact, in_milliseconds, recorded, series
from dashboards.builder.tables import Column, table_panel

USER_CHECKS = (
    ("integration_user_active", "user active"),
    ("integration_user_api_enabled", "API enabled"),
    ("permission_set_assigned", "permission set"),
)


def _permissions(access: str) -> str:
    """Objects and fields alike; the rows of objects carry no label ``field``."""
    where = f'access="{access}"'
    return (
        f"max by (integration, object, field) (\n  {series('object_permission', where)}\n"
        f"  or {series('field_permission', where)}\n)"
    )


PERMISSIONS = table_panel(
    Head(
        601,
        "Permissions of the integration user",
        "Read and edit on the objects and fields that sync. An empty cell: Salesforce does not say.",
        10,
        13,
    ),
    "Not looked at: no integration_user is configured, or Salesforce has not answered",
    [
        Column("integration", "Integration", width=100),
        Column("object", "Object", least=110),
        Column("field", "Field", least=100),
        Column("Value #A", "Read", words=YES_NO, shown_as="color-text", width=80),
        Column("Value #B", "Edit", words=YES_NO, shown_as="color-text", width=80),
    ],
    Query(_permissions("read"), table=True),
    Query(_permissions("edit"), table=True),
    sort=["-Edit", "-Object"],
)

USER = state_panel(
    Head(
        602,
        "Integration user",
        "Active, not frozen or locked out, allowed to use the API, has the configured permission set. No row: it could "
        "not be read, or the org has no such set.",
        14,
        6,
    ),
    Values("none", "Not looked at: no integration_user is configured", words=YES_NO),
    *(Query(fact(name), f"{{{{integration}}}} {title}") for name, title in USER_CHECKS),
    Query(f"1 - {fact('integration_user_frozen')}", "{{integration}} not frozen"),
)

ENDS = stat_panel(
    Head(
        606,
        "Access ends",
        "When the first permission set assignment ends that the integration user cannot do without.",
        14,
        3,
    ),
    Values("dateTimeFromNow", "no end known"),
    Query(in_milliseconds(fact("permission_assignment_expiry_timestamp_seconds")), "{{integration}}"),
)

TRUST_LEVELS = ("OK", "INFORMATIONAL_.+", "MAINTENANCE_.+", "MINOR_INCIDENT_.+", "MAJOR_INCIDENT_.+")
"""What Salesforce Trust can say, mildest first; the position is the number shown."""


def _trust() -> str:
    says = [fact("trust_status", where=f'status=~"{status}"') for status in TRUST_LEVELS]
    return "\nor ".join(f"{level} * ({status} == 1)" for level, status in enumerate(says))


STATUS = state_panel(
    Head(603, "Salesforce status", "What Salesforce Trust says of the org's instance.", 14, 4),
    Values("none", "Salesforce Trust has not been read, or says something that is no known status", words=TRUST),
    Query(_trust(), "{{integration}}"),
)

USED = f"{fact('storage_used_bytes', 'kind')}\n/\n{fact('storage_limit_bytes', 'kind')}"
BOUND = {"custom.lineStyle": {"fill": "dash", "dash": [10, 6]}, "custom.fillOpacity": 0}

STORAGE = [
    bar_panel(
        Head(604, "Storage, share in use", "Of what the org may use. When it is full, HubSpot suspends.", 10, 7),
        Values("percentunit", "Salesforce does not tell the storage", SHARE_OF_STORAGE, decimals=0, least=0, most=1),
        Query(USED, "{{integration}} {{kind}}"),
    ),
    line_panel(
        Head(
            605,
            "Storage",
            "In use, what there is, and what will be in use in seven days at the present pace, by the recording rules.",
            14,
            7,
        ),
        Values("bytes", "Salesforce does not tell the storage", least=0),
        Query(fact("storage_used_bytes", "kind"), "{{integration}} {{kind}} used"),
        Query(fact("storage_limit_bytes", "kind"), "{{integration}} {{kind}} limit"),
        Query(
            recorded("integration_kind:hubspot_salesforce_storage_used_bytes:forecast7d"),
            "{{integration}} {{kind}} expected in 7 d",
        ),
        overrides=[
            Override(".* limit", BOUND, pattern=True),
            Override(
                ".* expected in 7 d", {**BOUND, "custom.lineStyle": {"fill": "dash", "dash": [2, 4]}}, pattern=True
            ),
        ],
    ),
]

ACCESS = Section(600, "Salesforce: permissions, status, storage", [PERMISSIONS, (USER, ENDS, STATUS), *STORAGE])
