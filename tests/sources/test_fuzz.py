"""Answers of every API, spoiled in ten thousand ways, through the real clients and sources onto the page.

Valid bodies as the documentation has them are mutated: keys dropped, types swapped, nulls, huge numbers, other shapes
inside. Whatever comes, a poll works or raises an ``UpstreamError``, the page parses in both formats, and a null never
becomes a number.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.clients.connection import connect
from exporter.config.secret import Secret
from exporter.config.settings import ClientCredentials, HubSpot, Integration, Salesforce, SyncHealthFeed, TrustSettings
from exporter.errors import UpstreamError
from exporter.exposition.page import Exposition
from exporter.self_metrics import SelfMetrics
from exporter.sources import SOURCES, Source
from exporter.sources.source import Fetched
from exporter.state.reading import Reading
from exporter.state.snapshot import Snapshot
from tests.clocks import LoneClock
from tests.examples import examples
from tests.pages import OPENMETRICS_ACCEPT, Page, openmetrics_page

NAME = "acme"
HOST = "https://upstream.test"
BY_NAME = {source.name: source for source in SOURCES}

LIMITS = {
    "DailyApiRequests": {"Max": 25000, "Remaining": 24926, "Some App": {"Max": 0, "Remaining": 0}},
    "DataStorageMB": {"Max": 209, "Remaining": 207},
    "FileStorageMB": {"Max": 209, "Remaining": 209},
    "PermissionSets": {"Max": 1500, "Remaining": 1498, "CreateCustom": {"Max": 1000, "Remaining": 998}},
}


def _part(name: str, *rows: Mapping[str, Any]) -> dict[str, Any]:
    body = {"totalSize": len(rows), "done": True, "records": list(rows)}
    return {"referenceId": name, "httpStatusCode": 200, "httpHeaders": {}, "body": body}


COMPOSITE = {
    "compositeResponse": [
        _part(
            "assignments",
            {
                "PermissionSet": {"Label": "HubSpot Integration", "PermissionsApiEnabled": True},
                "Assignee": {"IsActive": True},
            },
        ),
        _part("objects", {"SobjectType": "Contact", "PermissionsRead": True, "PermissionsEdit": False}),
        _part("fields", {"Field": "Contact.Email", "PermissionsRead": True, "PermissionsEdit": True}),
        _part("login", {"IsFrozen": False, "IsPasswordLocked": False}),
        _part("organization", {"InstanceName": "NA1", "IsSandbox": False}),
    ]
}
STATUS = {"key": "NA1", "status": "OK", "isActive": True, "Incidents": [], "Maintenances": []}
LOG_LINES = "CONNECTED_APP_NAME,COUNTS_AGAINST_API_LIMIT,TIMESTAMP_DERIVED\nHubSpot,1,2027-01-15T05:10:00.000Z\n"
LOG_FILES = {
    "totalSize": 1,
    "done": True,
    "records": [
        {
            "Id": "0AT000000000001",
            "Interval": "Hourly",
            "LogDate": "2027-01-15T05:00:00.000+0000",
            "CreatedDate": "2027-01-15T07:00:00.000+0000",
            "Sequence": 1,
            "LogFileLength": float(len(LOG_LINES)),
        }
    ],
}
SEARCH = {
    "total": 1,
    "results": [
        {
            "id": "101",
            "properties": {
                "salesforcelastsynctime": "1799990000000",
                "lastmodifieddate": "2027-01-15T07:00:00Z",
                "hs_lastmodifieddate": "2027-01-15T07:00:00Z",
            },
            "updatedAt": "2027-01-15T07:00:00Z",
        }
    ],
    "paging": {"next": {"after": "1"}},
}
ACCOUNT = {
    # The two answers in one body: neither minds what is the other's.
    "portalId": 123456,
    "uiDomain": "app-eu1.hubspot.com",
    "results": [
        {
            "name": "private-apps-api-calls-daily",
            "usageLimit": 1_000_000,
            "currentUsage": 2,
            "collectedAt": "2027-01-15T07:59:00.655Z",
            "fetchStatus": "SUCCESS",
            "resetsAt": "2027-01-16T05:00:00Z",
        }
    ],
}
WRITES = {
    "compositeResponse": [
        {
            "httpStatusCode": 200,
            "referenceId": name,
            "body": {"done": True, "records": [row]},
        }
        for name, row in (
            ("user", {"Id": "005000000000001AAA"}),
            ("write_2", {"LastModifiedDate": "2027-01-15T07:59:00.000+0000"}),
        )
    ]
}
SYNC_HEALTH = {
    "as_of": "2027-01-15T07:59:00Z",
    "api_calls": {"used_24h": 41200, "allocated": 60000, "limited_by_salesforce": 100000},
    "suspension": {"suspended": True, "reason": "missing_field_mappings", "since": "2027-01-15T06:00:00Z"},
    "errors": [
        {"category": "picklists", "error_type": "restricted_picklist_value", "errors": 12, "affected_records": 40},
        {"category": "other", "error_type": "unknown", "errors": 1, "affected_records": 1},
    ],
}
BODIES: dict[str, Any] = {
    "salesforce_limits": LIMITS,
    "salesforce_access": COMPOSITE,
    "salesforce_heartbeat": WRITES,
    "salesforce_status": STATUS,
    "salesforce_usage_log": LOG_FILES,
    "hubspot_heartbeat": SEARCH,
    "hubspot_unsynced": SEARCH,
    "hubspot_account": ACCOUNT,
    "sync_health": SYNC_HEALTH,
}

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 10**15, 10**400, -(10**30), 1e308, -0.0),
    *("", "null", "NaN", "1", 'a"b\\\n', "\ud800", "\x00", "9" * 5000, "0001-01-01T00:00:00Z", "ä" * 300),
    *([], {}, [None], [[]], {"": None}, [{}], {"Max": None, "Remaining": None}, [0, "0", None]),
)
HTML = b"<html><body>503</body></html>"


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a body, itself first."""
    yield path
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield from places(inner, (*path, step))


DROP, DOUBLE = object(), object()
mutations = st.lists(
    st.tuples(st.integers(0, 10**4), st.sampled_from([DROP, DOUBLE, None, None, None, *ODD])), min_size=1, max_size=4
)


def spoiled(body: Any, changes: list[tuple[int, Any]]) -> Any:
    """A copy of the body with something else in some of its places."""
    box = {"": copy.deepcopy(body)}
    for number, change in changes:
        paths = list(places(box))[1:]
        *way, last = paths[number % len(paths)]
        holder: Any = box
        for step in way:
            holder = holder[step]
        if change is DROP and way:
            del holder[last]
        elif change is DOUBLE:
            holder[last] = [copy.deepcopy(holder[last])] * 2
        elif change is not DROP:
            holder[last] = copy.deepcopy(change)
    return box[""]


class Wire(httpx.AsyncBaseTransport):
    """Answers every request: the login and the log as they should be, everything else with the body at hand."""

    def __init__(self) -> None:
        self.body = b""
        self.status = 200
        self.limit_info = ""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("/oauth2/token"):
            return httpx.Response(200, json={"access_token": "t", "instance_url": HOST})
        if path.endswith("/LogFile"):
            return httpx.Response(200, text=LOG_LINES)
        headers = {"Sforce-Limit-Info": self.limit_info} if self.limit_info else {}
        return httpx.Response(self.status, content=self.body, headers=headers)


class Bench:
    """One integration whose every request is answered by the wire."""

    def __init__(self, token: Secret) -> None:
        self.wire = Wire()
        # Most spoiled answers look the same on the page, and reading a page takes longer than all the rest.
        self._pages: dict[str, Page] = {}
        self.metrics = SelfMetrics()
        self.loop = asyncio.new_event_loop()
        salesforce = Salesforce(
            HOST, "62.0", ClientCredentials("id", token), "hubspot@acme.example", "HubSpot Integration",
            ("Contact", "Lead"), (("Contact", "Email"),), TrustSettings(f"{HOST}/status", "NA1"), 500,
        )  # fmt: skip
        hubspot = HubSpot(HOST, "2026-09", token, None, ("HubSpot",), ("contacts", "deals"))
        feed = SyncHealthFeed(f"{HOST}/bridge", None, None)
        self._integration = Integration(NAME, salesforce, hubspot, feed, "immediate", {})
        self._http = httpx.AsyncClient(transport=self.wire)

    def close(self) -> None:
        self.loop.run_until_complete(self._http.aclose())
        self.loop.close()

    def page(self, source: Source) -> tuple[Page, bool]:
        """Polls once, as the poller does it: fetch, store as JSON, parse, render; and whether that worked."""
        return self.loop.run_until_complete(self._page(source))

    async def _page(self, source: Source) -> tuple[Page, bool]:
        clock = LoneClock()
        connection, now = connect(self._integration, self._http, clock, lambda *_: None), clock.time()
        part = None
        with contextlib.suppress(UpstreamError):
            fetched = await source.fetch(connection, None)
            payload = fetched.payload if isinstance(fetched, Fetched) else fetched
            part = source.parse(json.loads(json.dumps(payload)), now)
        usage = connection.org_usage if source.asks_salesforce else None
        succeeded = now if part is not None else None
        reading = Reading(source.name, 60.0, now, part=part, succeeded_at=succeeded, header_usage=usage)
        exposition = Exposition(self.metrics, clock)
        exposition.update(Snapshot(NAME, "immediate", None, (reading,)))
        text = exposition.page("")[0].decode()
        if text not in self._pages:
            strict = openmetrics_page(exposition.page(OPENMETRICS_ACCEPT)[0].decode())
            self._pages[text] = Page(text)
            assert strict.series(integration=NAME) == self._pages[text].series(integration=NAME)
        return self._pages[text], part is not None


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    token = tmp_path_factory.mktemp("secrets") / "token"
    token.write_text("token")
    opened = Bench(Secret(file=token))
    yield opened
    opened.close()


def null_to_number(source: str, body: Any, page: Page) -> list[str]:
    """Numbers on the page for what the body leaves out or says is null."""
    return [
        name
        for name, labels, path in FACTS.get(source, ())
        if at(body, path) is None and page.value(name, integration=NAME, **labels) is not None
    ]


def at(body: Any, path: tuple[Any, ...]) -> Any:
    """What stands at this place of the body, ``None`` if there is no such place."""
    for step in path:
        if isinstance(body, list) and step is EACH:
            # Any of several that is null makes what is said of all of them unknown; of none nothing is null.
            found = [at(entry, path[path.index(EACH) + 1 :]) for entry in body]
            return None if None in found else found
        if isinstance(body, list) and isinstance(step, str):
            # A part of a composite answer goes by its name, wherever it stands.
            body = next((entry for entry in body if isinstance(entry, dict) and entry.get("referenceId") == step), None)
            continue
        inside = step in body if isinstance(body, dict) else isinstance(body, list) and step in range(len(body))
        if not inside:
            return None
        body = body[step]
    return body


def _storage(kind: str, name: str) -> Iterator[tuple[str, dict[str, str], tuple[Any, ...]]]:
    yield "storage_used_bytes", {"kind": kind}, (name, "Max")
    yield "storage_used_bytes", {"kind": kind}, (name, "Remaining")
    yield "storage_limit_bytes", {"kind": kind}, (name, "Max")


EACH = object()
"""In a path: every entry of the list, of which there may be none. No row of permissions is a permission refused."""


def _rows(part: str, *path: str) -> tuple[Any, ...]:
    """A field of every record in a part of the composite answer."""
    return ("compositeResponse", part, "body", "records", EACH, *path)


def _permission(family: str, part: str, **labels: str) -> Iterator[tuple[str, dict[str, str], tuple[Any, ...]]]:
    for access, name in (("read", "PermissionsRead"), ("edit", "PermissionsEdit")):
        yield family, {**labels, "access": access}, _rows(part, name)


def _row_of_write(field: str) -> tuple[Any, ...]:
    return ("compositeResponse", 1, "body", "records", EACH, field)


def _heartbeat(object_: str, changed: str) -> Iterator[tuple[str, dict[str, str], tuple[Any, ...]]]:
    newest = ("results", 0, "properties")
    yield "last_sync_timestamp_seconds", {"object": object_}, (*newest, "salesforcelastsynctime")
    yield "last_change_timestamp_seconds", {"object": object_}, (*newest, changed)


FACTS: dict[str, tuple[tuple[str, dict[str, str], tuple[Any, ...]], ...]] = {
    "salesforce_limits": (
        ("org_api_calls_used", {}, ("DailyApiRequests", "Max")),
        ("org_api_calls_used", {}, ("DailyApiRequests", "Remaining")),
        ("org_api_calls_limit", {}, ("DailyApiRequests", "Max")),
        *_storage("data", "DataStorageMB"),
        *_storage("file", "FileStorageMB"),
    ),
    "sync_health": (
        ("integration_api_calls_used", {}, ("api_calls", "used_24h")),
        ("integration_api_calls_allocated", {}, ("api_calls", "allocated")),
        ("org_api_calls_limit", {}, ("api_calls", "limited_by_salesforce")),
        ("suspended", {}, ("suspension", "suspended")),
        ("suspension_start_timestamp_seconds", {}, ("suspension", "since")),
        ("sync_errors", {"category": "other", "error_type": "unknown"}, ("errors",)),
    ),
    "salesforce_status": (("trust_status", {"status": "OK"}, ("status",)),),
    "salesforce_access": (
        ("integration_user_active", {}, _rows("assignments", "Assignee", "IsActive")),
        ("integration_user_frozen", {}, _rows("login", "IsFrozen")),
        ("integration_user_api_enabled", {}, _rows("assignments", "PermissionSet", "PermissionsApiEnabled")),
        ("permission_set_assigned", {}, _rows("assignments", "PermissionSet", "Label")),
        *_permission("object_permission", "objects", object="Contact"),
        *_permission("field_permission", "fields", object="Contact", field="Email"),
    ),
    "salesforce_heartbeat": (
        ("last_write_timestamp_seconds", {"object": "Contact"}, _row_of_write("LastModifiedDate")),
    ),
    "hubspot_heartbeat": (*_heartbeat("contacts", "lastmodifieddate"), *_heartbeat("deals", "hs_lastmodifieddate")),
    "hubspot_unsynced": tuple(
        ("unsynced_records", {"object": name, "kind": kind}, ("total",))
        for name in ("contacts", "deals")
        for kind in ("stale", "never_synced")
    ),
    "hubspot_account": (
        ("hubspot_api_calls_used", {}, ("results", EACH, "currentUsage")),
        ("hubspot_api_calls_limit", {}, ("results", EACH, "usageLimit")),
    ),
    "salesforce_usage_log": tuple(
        ("integration_api_calls_used", {}, ("records", 0, field))
        for field in ("Id", "Interval", "LogDate", "CreatedDate")
    ),
}
"""Samples that must be absent while this place of the body is null."""


@pytest.mark.parametrize("name", BODIES)
def test_the_bodies_are_good_as_they_stand(bench: Bench, name: str) -> None:
    """Otherwise nothing below would be worth anything."""
    bench.wire.body, bench.wire.status = json.dumps(BODIES[name]).encode(), 200
    page, worked = bench.page(BY_NAME[name])
    assert worked
    for fact, labels, path in FACTS[name]:
        assert at(BODIES[name], path) is not None
        assert page.value(fact, integration=NAME, **labels) is not None


def fuzz(name: str, number: int) -> Callable[..., None]:
    @settings(
        derandomize=True,
        deadline=None,
        max_examples=examples(number),
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(changes=mutations, whole=st.sampled_from([True] * 12 + [False]), status=st.sampled_from([200] * 12 + [403]))
    def spoil(bench: Bench, changes: list[tuple[int, Any]], whole: bool, status: int) -> None:
        body = spoiled(BODIES[name], changes)
        text = json.dumps(body).encode()
        bench.wire.body, bench.wire.status = text if whole else text[: len(text) // 2], status
        page, worked = bench.page(BY_NAME[name])
        assert null_to_number(name, body, page) == []
        if not worked:
            assert page.value("source_last_success_timestamp_seconds", integration=NAME, source=name) is None

    return spoil


# 11,800 examples with `make fuzz`; fewer where most of them change the page, since reading that takes longest.
test_limits = fuzz("salesforce_limits", 900)
test_access = fuzz("salesforce_access", 1300)
test_writes = fuzz("salesforce_heartbeat", 600)
test_status = fuzz("salesforce_status", 2000)
test_usage_log = fuzz("salesforce_usage_log", 2000)
test_heartbeat = fuzz("hubspot_heartbeat", 2000)
test_unsynced = fuzz("hubspot_unsynced", 500)
test_account = fuzz("hubspot_account", 1000)
test_sync_health = fuzz("sync_health", 2000)
