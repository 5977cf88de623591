"""Whose a call of the event log is: told by name, by id, by user, or not at all."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import httpx
import pytest

from exporter.clients.connection import Connection
from exporter.config.settings import Integration
from exporter.model import Suspension, SyncHealth, UsageLog
from exporter.remediation.gate import gate
from exporter.sources.salesforce_usage_log import parse
from exporter.sources.usage_log.app_calls import LONGEST_NAME, MOST_HELD, MOST_KEPT
from exporter.sources.usage_log.log_file import DAY, HOUR
from exporter.state.facts import facts_of
from exporter.state.reading import Reading
from exporter.state.snapshot import Snapshot
from tests.sources.log_org import NOW, TODAY, FakeOrg, Log, fetch, stamp

USER = "hubspot@acme.example"
HUBSPOT_ID, OTHER_ID = "8883i000001AbCd", "0H43i000000WxYz"
COLUMNS = (
    "EVENT_TYPE",
    "TIMESTAMP_DERIVED",
    "COUNTS_AGAINST_API_LIMIT",
    "CONNECTED_APP_ID",
    "CONNECTED_APP_NAME",
    "USER_NAME",
)

Row = dict[str, str]


def row(name: str = "", app: str = "", user: str = "somebody@acme.example", counts: str = "1", **more: str) -> Row:
    """As the documentation names the columns."""
    return {
        "EVENT_TYPE": "ApiTotalUsage",
        "TIMESTAMP_DERIVED": stamp(TODAY + 60),
        "COUNTS_AGAINST_API_LIMIT": counts,
        "CONNECTED_APP_ID": app,
        "CONNECTED_APP_NAME": name,
        "USER_NAME": user,
    } | more


def csv_of(rows: Sequence[Row], columns: Sequence[str] = COLUMNS, quoting: Any = csv.QUOTE_ALL) -> bytes:
    text = io.StringIO()
    lines = csv.DictWriter(text, columns, extrasaction="ignore", quoting=quoting, lineterminator="\n")
    lines.writeheader()
    lines.writerows(rows)
    return text.getvalue().encode()


def log_of(rows: Sequence[Row], **how: Any) -> Log:
    return Log("Hourly", TODAY, [], content=csv_of(rows, **how))


@pytest.fixture
def connect_as(
    integration: Integration, connect_over: Callable[[httpx.AsyncBaseTransport], Connection], org: FakeOrg
) -> Callable[..., Connection]:
    """Connects with an integration user and names of the app."""

    def make(user: str | None = USER, *apps: str) -> Connection:
        assert integration.hubspot is not None
        assert integration.salesforce is not None
        settings = replace(
            integration,
            hubspot=replace(integration.hubspot, connected_apps=apps or ("HubSpot",)),
            salesforce=replace(integration.salesforce, integration_user=user),
        )
        return replace(connect_over(org), settings=settings)

    return make


Connect = Callable[..., Connection]


async def usage_of(connection: Connection) -> UsageLog:
    return parse(await fetch(connection, None), NOW)


async def calls_of(connection: Connection, org: FakeOrg, rows: Sequence[Row], **how: Any) -> int | None:
    org.files = [log_of(rows, **how)]
    return (await usage_of(connection)).calls


def facts(usage: UsageLog, allocation: int) -> Any:
    """What is believed with this log and a bridge that does not state the use."""
    health = SyncHealth(NOW, None, None, None, Suspension(False, None, None), None)
    readings = tuple(
        Reading(source, HOUR, NOW, part=part, succeeded_at=NOW)
        for source, part in (("salesforce_usage_log", usage), ("sync_health", health))
    )
    return facts_of(Snapshot("acme", "immediate", allocation, readings), NOW)


async def test_named_and_nameless_calls_of_the_integration_are_counted(connect_as: Connect, org: FakeOrg) -> None:
    """Case 1: 25 by name, 75 by user of which some have an id; the 40 of others are unnamed. 100 of 120 is refused."""
    rows = [
        *[row("HubSpot", user=USER)] * 25,
        *[row(user=USER)] * 50,
        *[row(app="8883i000001XXXX", user=USER)] * 25,
        *[row()] * 40,
    ]
    org.files = [log_of(rows)]
    usage = await usage_of(connect_as())
    assert (usage.calls, usage.uncertain) == (100, 0)
    assert usage.by_app == (("HubSpot", 100), ("other", 0), ("unnamed", 40))
    believed = facts(usage, 120)
    assert believed.calls_used == 100
    refusal = gate(believed)
    assert refusal is not None
    assert (refusal.reason, refusal.detail) == ("api_budget", "100 of 120 allocated API calls are used")
    assert gate(facts(usage, 134)) is None


async def test_a_log_in_which_nothing_is_the_integrations_says_nothing(connect_as: Connect, org: FakeOrg) -> None:
    """Case 1b: absent, not 0; the other apps are known all the same. Not even its user is in the log: any nameless call
    may be its own."""
    org.files = [log_of([row("Data Loader")] * 100 + [row()] * 40)]
    usage = await usage_of(connect_as())
    assert (usage.calls, usage.uncertain) == (None, 40)
    assert usage.by_app == (("Data Loader", 100), ("other", 0), ("unnamed", 40))
    assert facts(usage, 120).calls_used is None


async def test_its_users_calls_under_another_name_are_suspected(connect_as: Connect, org: FakeOrg) -> None:
    """The app may be called otherwise in this org: as long as nothing is the integration's nobody may resync on."""
    org.files = [log_of([row("HubSpot Integration", HUBSPOT_ID, USER)] * 90 + [row("Zapier", user=USER)] * 5 + [row()])]
    usage = await usage_of(connect_as())
    assert (usage.calls, usage.misnamed, usage.uncertain) == (None, 95, 0)
    refusal = gate(facts(usage, 120))
    assert refusal is not None
    assert refusal.detail == (
        "95 of 120 allocated API calls may be used: 95 of them are the integration user's, of apps that "
        "hubspot.connected_app does not name: if one that org_api_calls_by_app shows is HubSpot, name it there"
    )
    assert gate(facts(usage, 130)) is None
    named = await usage_of(connect_as(USER, "HubSpot Integration"))
    assert (named.calls, named.misnamed) == (90, 0)
    assert gate(facts(named, 125)) is None


@pytest.mark.parametrize(
    ("rows", "apps", "expected"),
    [
        pytest.param([row("hubspot"), row(" HubSpot "), row("HUBSPOT")], (), 3, id="any case and white space"),
        pytest.param([row("HubSpot Sandbox"), row("HubSpot")], (), 1, id="not what only begins with it"),
        pytest.param([row("HubSpot Sandbox"), row("HubSpot")], ("hubspot sandbox", "HubSpot"), 2, id="a list of names"),
        pytest.param([row(app=HUBSPOT_ID), row(app=HUBSPOT_ID + "EAI")], (HUBSPOT_ID,), 2, id="15 and 18 characters"),
        pytest.param([row(app=HUBSPOT_ID)] * 2, (HUBSPOT_ID + "EAI",), 2, id="an id of 18 configured"),
        pytest.param([row(app=HUBSPOT_ID.lower())], (HUBSPOT_ID,), None, id="ids have case"),
        pytest.param([row(app=HUBSPOT_ID), row("HubSpot", HUBSPOT_ID)], (), 2, id="an id beside the name, told later"),
        pytest.param([row(app=OTHER_ID, user=USER), row("Tableau", OTHER_ID), row("HubSpot")], (), 1, id="a known id"),
        pytest.param([row("Tableau", user=USER), row(user=USER)], (), 1, id="another named app of the user"),
        pytest.param([row(user=f" {USER.upper()} ")], (), 1, id="the user in any case"),
        pytest.param([row("HubSpot", " "), row(app=" ")], (), 1, id="a blank id is none"),
        pytest.param([row("HubSpot", "000000000000000"), row(app="000000000000000")], (), 1, id="nor are zeros"),
        pytest.param([row("HubSpot", counts=c) for c in ("1", "true", "TRUE", " True ")], (), 4, id="counting"),
        pytest.param([row("HubSpot", counts=c) for c in ("0", "false", "False", "", "1")], (), 1, id="not counting"),
        pytest.param([row("Data Loader")], ("Data Loader", HUBSPOT_ID), 1, id="a name and an id"),
    ],
)
async def test_who_made_a_call(
    connect_as: Connect, org: FakeOrg, rows: list[Row], apps: tuple[str, ...], expected: int | None
) -> None:
    """Whatever order the rows come in."""
    for ordered in (rows, rows[::-1]):
        assert await calls_of(connect_as(USER, *apps), org, ordered) == expected


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        ((), 3),
        (("CONNECTED_APP_NAME",), 3),
        (("CONNECTED_APP_NAME", "CONNECTED_APP_ID"), 3),
        (("USER_NAME",), 2),
        (("USER_NAME", "CONNECTED_APP_ID"), 1),
        (("CONNECTED_APP_NAME", "CONNECTED_APP_ID", "USER_NAME"), None),
        (("TIMESTAMP_DERIVED",), 3),
    ],
)
async def test_columns_may_be_missing_and_in_any_order(
    connect_as: Connect, org: FakeOrg, missing: tuple[str, ...], expected: int | None
) -> None:
    """What old versions of the API do not have, quoted or not; whoever is not known by what is left is not counted."""
    rows = [row("HubSpot", HUBSPOT_ID, USER), row("", HUBSPOT_ID, USER), row("", "", USER), row("Other", OTHER_ID)]
    for columns in (COLUMNS, COLUMNS[::-1]):
        for quoting in (csv.QUOTE_ALL, csv.QUOTE_MINIMAL):
            left = [column for column in columns if column not in missing]
            assert await calls_of(connect_as(), org, rows, columns=left, quoting=quoting) == expected


async def test_the_plain_timestamp_stands_in(connect_as: Connect, org: FakeOrg) -> None:
    """20270114093000.670 is half past nine in UTC: an hour with its own file is not counted from the daily one."""
    rows = [row("HubSpot", TIMESTAMP="20270114093000.670")] * 3 + [row("HubSpot", TIMESTAMP="20270114103000.670")]
    columns = ("TIMESTAMP", *(column for column in COLUMNS if column != "TIMESTAMP_DERIVED"))
    daily = Log("Daily", TODAY - DAY, [], content=csv_of(rows, columns))
    org.files = [daily, replace(log_of([]), start=TODAY - 15 * HOUR)]
    usage = await usage_of(connect_as())
    assert (usage.calls, usage.as_of) == (1, TODAY)


async def test_headers_may_be_padded(connect_as: Connect, org: FakeOrg) -> None:
    """Seen in the wild: a blank behind the name of a column."""
    content = csv_of([row("HubSpot")]).replace(b'CONNECTED_APP_ID"', b'CONNECTED_APP_ID "').lower()
    org.files = [Log("Hourly", TODAY, [], content=content)]
    assert (await usage_of(connect_as())).calls == 1


class TestDoubt:
    async def test_nameless_calls_of_nobody_known_are_uncertain(self, connect_as: Connect, org: FakeOrg) -> None:
        """Without an integration user, or without a user in the row: they may be the integration's."""
        org.files = [log_of([row("HubSpot")] * 30 + [row()] * 60)]
        usage = await usage_of(connect_as(None))
        assert (usage.calls, usage.uncertain) == (30, 60)
        refusal = gate(facts(usage, 120))
        assert refusal is not None
        assert refusal.reason == "api_budget"
        assert refusal.detail == (
            "90 of 120 allocated API calls may be used: 60 of them have no name in the usage log and may be others':"
            " salesforce.integration_user, if it is the user HubSpot logs in as, would tell them apart"
        )
        assert gate(facts(usage, 121)) is None
        org.files = [log_of([row("HubSpot")] * 30 + [row(user="")] * 60)]
        assert (await usage_of(connect_as())).uncertain == 60

    async def test_nameless_calls_of_others_are_not(self, connect_as: Connect, org: FakeOrg) -> None:
        """In a real org nine of ten calls are nameless: a resync must not wait for ever because of them."""
        org.files = [log_of([row("HubSpot", user=USER)] * 10 + [row()] * 90)]
        usage = await usage_of(connect_as())
        assert (usage.calls, usage.uncertain) == (10, 0)
        assert gate(facts(usage, 100)) is None

    async def test_a_user_the_log_does_not_know_tells_nobody_apart(self, connect_as: Connect, org: FakeOrg) -> None:
        """HubSpot logs in as another user than the configured one: its nameless calls may be among all the others."""
        org.files = [log_of([row("HubSpot", user="hub2@acme.example")] * 25 + [row(user="hub2@acme.example")] * 75)]
        usage = await usage_of(connect_as())
        assert (usage.calls, usage.uncertain) == (25, 75)
        assert gate(facts(usage, 120)) is not None

    async def test_a_row_that_cannot_be_read_is_a_call_of_nobody_known(self, connect_as: Connect, org: FakeOrg) -> None:
        """It costs that row only, and the count says so."""
        good = csv_of([row("HubSpot")] * 20)
        org.files = [
            Log("Hourly", TODAY, [], content=good + b'"ApiTotalUsage","half"\n' + good.split(b"\n")[1] + b"\n")
        ]
        usage = await usage_of(connect_as())
        assert (usage.calls, usage.uncertain, dict(usage.by_app)["unnamed"]) == (21, 1, 1)

    async def test_what_a_bridge_states_is_certain(self, connect_as: Connect, org: FakeOrg) -> None:
        """Then the log is not asked."""
        org.files = [log_of([row()] * 100)]
        usage = await usage_of(connect_as(None))
        health = SyncHealth(NOW, 10, 100, None, Suspension(False, None, None), None)
        readings = (
            Reading("salesforce_usage_log", HOUR, NOW, part=usage, succeeded_at=NOW),
            Reading("sync_health", HOUR, NOW, part=health, succeeded_at=NOW),
        )
        believed = facts_of(Snapshot("acme", "immediate", None, readings), NOW)
        assert (believed.calls_used, believed.calls_suspected) == (10, None)


class TestByApp:
    async def test_the_ten_largest_the_others_and_the_unnamed(self, connect_as: Connect, org: FakeOrg) -> None:
        """All calls of the org that count, each once."""
        rows = [row(f"App {number:02d}") for number in range(15) for _call in range(10 + number)]
        org.files = [log_of([*rows, *[row()] * 7, row("App 99", counts="0")])]
        by_app = (await usage_of(connect_as())).by_app
        assert [app for app, _ in by_app] == [*(f"App {number:02d}" for number in range(14, 4, -1)), "other", "unnamed"]
        assert dict(by_app)["other"] == 10 + 11 + 12 + 13 + 14
        assert sum(calls for _, calls in by_app) == len(rows) + 7

    async def test_two_apps_of_like_size_do_not_take_turns(self, connect_as: Connect, org: FakeOrg) -> None:
        """Who is shown stays until another is clearly larger, so that series do not come and go."""
        connection = connect_as()

        async def last_shown(payload: Any, one: int, two: int) -> tuple[Any, str]:
            many = [row(f"Big {number}") for number in range(9) for _call in range(300)]
            org.files = [log_of([*many, *[row("One")] * one, *[row("Two")] * two])]
            payload = await fetch(connection, payload)
            return payload, parse(payload, NOW).by_app[9][0]

        payload, shown = await last_shown(None, 101, 100)
        assert shown == "One"
        payload, shown = await last_shown(payload, 100, 105)
        assert shown == "One"
        payload, shown = await last_shown(payload, 100, 120)
        assert shown == "Two"
        payload, shown = await last_shown(payload, 110, 105)
        assert shown == "Two"

    async def test_names_are_safe_to_show(self, connect_as: Connect, org: FakeOrg) -> None:
        """On one line, printable, not endless; names that differ in nothing else are one app."""
        rows = [row('a"b\\c\nd\x00'), row("x" * 5_000), row("x" * 4_000), row("other"), row("  ")]
        org.files = [log_of(rows)]
        by_app = (await usage_of(connect_as())).by_app
        assert dict(by_app) == {'a"b\\c d': 1, "x" * LONGEST_NAME: 2, "other": 1, "unnamed": 1}
        assert len(by_app) == 4

    async def test_however_many_names_a_log_holds(self, connect_as: Connect, org: FakeOrg) -> None:
        """What is kept stays small, nothing is lost, and neither the integration nor a large app among the rest."""
        crowd = [row(f"App {number}", f"0H4{number:012d}") for number in range(3 * MOST_HELD)]
        nameless = [row(app=f"0H5{number + 1:012d}") for number in range(2 * MOST_KEPT)]
        org.files = [log_of([row("HubSpot"), *crowd, *nameless, *[row("Late")] * 50, row("hubspot", HUBSPOT_ID)])]
        payload = await fetch(connect_as(), None)
        (file,) = payload["files"]
        assert len(file["calls"]) <= MOST_KEPT + 5
        usage = parse(payload, NOW)
        by_app = dict(usage.by_app)
        assert (usage.calls, by_app["Late"], by_app["unnamed"]) == (2, 50, len(nameless))
        assert sum(by_app.values()) == len(crowd) + len(nameless) + 52
