"""API calls of an integration: HubSpot's drawing of them, with what it leaves out."""

from __future__ import annotations

from dashboards.builder.board import Section
from dashboards.builder.palette import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, SHARE_OF_CALLS
from dashboards.builder.panels import Head, Override, Values, bar_panel, line_panel, stat_panel
from dashboards.builder.queries import Query, equals, fact, in_milliseconds, recorded

SHARES = Values("percentunit", "nobody tells", SHARE_OF_CALLS, decimals=0, least=0, most=1)


def _recorded(what: str, scope: str) -> str:
    """A series recorded for both, told apart by ``scope``: the integration against its allocation, the org against
    its limit."""
    return recorded(f"integration_scope:hubspot_salesforce_api_calls_{what}", where=equals("scope", scope))


def _exhausted(scope: str) -> str:
    return in_milliseconds(_recorded("exhaustion_timestamp_seconds:forecast", scope))


def _line(color: str, dash: tuple[int, ...] = (), fill: int = 0, width: int = 2) -> dict[str, object]:
    """How one series is drawn: bounds are dashed, so that they are told from use without their colour."""
    drawn: dict[str, object] = {
        "color": {"mode": "fixed", "fixedColor": color},
        "custom.fillOpacity": fill,
        "custom.lineWidth": width,
    }
    if dash:
        drawn["custom.lineStyle"] = {"fill": "dash", "dash": list(dash)}
    return drawn


DRAWN = line_panel(
    Head(
        201,
        "API calls in the rolling 24 hours",
        "Calls used by the integration and by the whole org, what is allocated to HubSpot, what Salesforce allows. At "
        "75 % of the allocation HubSpot stops retrying sync errors by itself; at 100 % it suspends. Other apps: the "
        "org's calls less the integration's. Expected in 4 h comes from the recording rules.",
        16,
        11,
    ),
    Values("locale", "Neither Salesforce nor the bridge has told the use lately", least=0),
    Query(fact("integration_api_calls_used"), "{{integration}} used"),
    Query(fact("org_api_calls_used"), "{{integration}} org used"),
    Query(f"{fact('org_api_calls_used')}\n-\n{fact('integration_api_calls_used')}", "{{integration}} other apps"),
    Query(fact("integration_api_calls_allocated"), "{{integration}} allocated"),
    Query(f"0.75 * {fact('integration_api_calls_allocated')}", "{{integration}} retries stop (75 %)"),
    Query(fact("org_api_calls_limit"), "{{integration}} limited by Salesforce"),
    Query(
        _recorded("used:forecast4h", "integration"),
        "{{integration}} expected in 4 h",
    ),
    overrides=[
        Override(".* used", _line(BLUE, fill=25), pattern=True),
        Override(".* org used", _line(PURPLE), pattern=True),
        Override(".* other apps", _line(GREY, width=1), pattern=True),
        Override(".* allocated", _line(ORANGE, (10, 6)), pattern=True),
        Override(".* retries stop.*", _line(ORANGE, (2, 6), width=1), pattern=True),
        Override(".* limited by Salesforce", _line(RED, (10, 6)), pattern=True),
        Override(".* expected in 4 h", _line(GREEN, (2, 4), width=1), pattern=True),
    ],
)


OF_ALLOCATION = f"{fact('integration_api_calls_used')}\n/\n{fact('integration_api_calls_allocated')}"
OF_ORG = f"{fact('org_api_calls_used')}\n/\n{fact('org_api_calls_limit')}"

SHARE_OF_ALLOCATION = bar_panel(
    Head(202, "Share of the allocation", "Calls of the integration, of what is allocated to HubSpot.", 8, 3),
    SHARES,
    Query(OF_ALLOCATION, "{{integration}}"),
)
SHARE_OF_LIMIT = bar_panel(
    Head(203, "Share of the org's limit", "Calls of all the org's apps, of what Salesforce allows.", 8, 3),
    SHARES,
    Query(OF_ORG, "{{integration}}"),
)
EXHAUSTED = stat_panel(
    Head(
        204,
        "Used up at today's pace",
        "When the calls reach the allocation, and the org's limit, by the recording rules. Not in sight: the pace does "
        "not lead there, no allocation is set, or the rules are not loaded.",
        8,
        5,
    ),
    Values("dateTimeFromNow", "not in sight"),
    Query(_exhausted("integration"), "{{integration}} allocation"),
    Query(_exhausted("org"), "{{integration}} org's limit"),
)
HEADROOM = line_panel(
    Head(
        206,
        "Calls left, and the change of an hour",
        "Left of the allocation and of the org's limit; by how much use grows an hour, new calls less those that left; "
        "the allocation the recording rules would recommend: the limit, less what other apps used at most, less a "
        "reserve.",
        24,
        8,
    ),
    Values("locale", "The recording rules are not loaded, or nobody tells the calls"),
    Query(_recorded("headroom:difference", "integration"), "{{integration}} left"),
    Query(_recorded("headroom:difference", "org"), "{{integration}} org left"),
    Query(_recorded("used:delta1h", "integration"), "{{integration}} change an hour"),
    Query(_recorded("used:delta1h", "org"), "{{integration}} org change an hour"),
    Query(
        recorded("integration:hubspot_salesforce_api_calls_allocation_recommended:difference"),
        "{{integration}} allocation to recommend",
    ),
    overrides=[Override(".* allocation to recommend", _line(ORANGE, (10, 6)), pattern=True)],
)

BY_APP = line_panel(
    Head(
        207,
        "Who makes the org's calls",
        "API calls of 24 hours by connected app, counted in Salesforce's event log, which comes some hours late: the "
        "ten largest apps, all the others, and calls that name no app. Absent while a log file of the day is missing.",
        24,
        9,
    ),
    Values("locale", "No event log: not read yet, switched off, or the org has none", least=0),
    Query(fact("org_api_calls_by_app", "app"), "{{integration}} {{app}}"),
    overrides=[
        Override(".* other", _line(GREY, (10, 6), width=1), pattern=True),
        Override(".* unnamed", _line(GREY, (2, 6), width=1), pattern=True),
    ],
    ranked=True,
)

API_CALLS = Section(
    200,
    "API calls",
    [DRAWN, (SHARE_OF_ALLOCATION, SHARE_OF_LIMIT, EXHAUSTED), HEADROOM, BY_APP],
)
