"""The source ``salesforce_limits``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from exporter.clients.connection import Connection
from exporter.errors import Again, InvalidAnswer
from exporter.model import OrgLimits, OrgUsage, Storage
from exporter.sources.salesforce_limits import SOURCE
from tests.clients.canned import Canned, CannedTransport

READ_AT = 1_800_000_000.0
MEBIBYTE = 1024 * 1024

# The shape of Salesforce's REST API Developer Guide (v60), shortened.
RECORDED: dict[str, Any] = {
    "ActiveScratchOrgs": {"Max": 3, "Remaining": 3},
    "DailyApiRequests": {
        "Max": 25000,
        "Remaining": 24926,
        "Ant Migration Tool": {"Max": 0, "Remaining": 0},
        "Chatter Desktop": {"Max": 0, "Remaining": 0},
        "HubSpot": {"Max": 5000, "Remaining": 17},
        "Salesforce Mobile Dashboards": {"Max": 0, "Remaining": 0},
    },
    "DataStorageMB": {"Max": 209, "Remaining": 207},
    "FileStorageMB": {"Max": 209, "Remaining": 209},
    "PermissionSets": {"Max": 1500, "Remaining": 1499, "CreateCustom": {"Max": 1000, "Remaining": 999}},
    "SingleEmail": {"Max": 5000, "Remaining": 5000},
}


def test_a_recorded_answer() -> None:
    """Calls and storage of the org; what is nested beneath a limit is a quota of one app, not usage."""
    assert SOURCE.parse(RECORDED, READ_AT) == OrgLimits(
        usage=OrgUsage(used=74, limit=25000, observed_at=READ_AT),
        storage=(
            Storage("data", used_bytes=2 * MEBIBYTE, limit_bytes=209 * MEBIBYTE),
            Storage("file", used_bytes=0, limit_bytes=209 * MEBIBYTE),
        ),
    )


def test_overage() -> None:
    """Paid orgs go past their limit: Remaining is below 0 and used above the limit."""
    part = SOURCE.parse({"DailyApiRequests": {"Max": 100_000, "Remaining": -1_234}}, READ_AT)
    assert part == OrgLimits(OrgUsage(101_234, 100_000, READ_AT), ())


def test_used_up_and_untouched() -> None:
    """Remaining 0 is everything used, Remaining = Max nothing."""
    limits = {
        "DailyApiRequests": {"Max": 15_000, "Remaining": 15_000},
        "DataStorageMB": {"Max": 5, "Remaining": 0},
        "FileStorageMB": {"Max": 5, "Remaining": -2},
    }
    part = SOURCE.parse(limits, READ_AT)
    assert part == OrgLimits(
        OrgUsage(0, 15_000, READ_AT),
        (Storage("data", 5 * MEBIBYTE, 5 * MEBIBYTE), Storage("file", 7 * MEBIBYTE, 5 * MEBIBYTE)),
    )


@pytest.mark.parametrize("missing", ["DataStorageMB", "FileStorageMB"])
def test_storage_is_optional(missing: str) -> None:
    """What Salesforce does not tell is not there; the rest is."""
    part = SOURCE.parse({key: value for key, value in RECORDED.items() if key != missing}, READ_AT)
    assert isinstance(part, OrgLimits)
    assert [storage.kind for storage in part.storage] == (["file"] if missing == "DataStorageMB" else ["data"])


def test_whole_numbers_may_be_written_as_floats() -> None:
    """JSON knows one kind of number."""
    part = SOURCE.parse({"DailyApiRequests": {"Max": 100.0, "Remaining": 6e1}}, READ_AT)
    assert part == OrgLimits(OrgUsage(40, 100, READ_AT), ())


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        "limits",
        {},
        [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}],
        {"DailyApiRequests": None},
        {"DailyApiRequests": {}},
        {"DailyApiRequests": {"Max": 5}},
        {"DailyApiRequests": {"Remaining": 5}},
        {"DailyApiRequests": {"Max": None, "Remaining": 5}},
        {"DailyApiRequests": {"Max": 5, "Remaining": None}},
        {"DailyApiRequests": {"Max": "5", "Remaining": 5}},
        {"DailyApiRequests": {"Max": True, "Remaining": 0}},
        {"DailyApiRequests": {"Max": 5.5, "Remaining": 5}},
        {"DailyApiRequests": {"Max": -1, "Remaining": 0}},
        {"DailyApiRequests": {"Max": float("inf"), "Remaining": 0}},
        {"DailyApiRequests": {"Max": float("nan"), "Remaining": 0}},
        {"DailyApiRequests": {"Max": 10**13, "Remaining": 0}},
        {"DailyApiRequests": {"Max": 5, "Remaining": -(10**400)}},
        {"DailyApiRequests": {"Max": 5, "Remaining": 1}, "DataStorageMB": None},
        {"DailyApiRequests": {"Max": 5, "Remaining": 1}, "FileStorageMB": {"Max": 5, "Remaining": []}},
    ],
)
def test_another_shape_is_refused(payload: Any) -> None:
    """Nothing is made of null, of text, of half a limit."""
    with pytest.raises(InvalidAnswer, match=r"^/limits: "):
        SOURCE.parse(payload, READ_AT)


@pytest.mark.parametrize(
    "spoiled", [None, {}, {"Max": 5}, {"Max": None, "Remaining": 5}, {"Max": 5, "Remaining": "5"}, []]
)
@pytest.mark.parametrize("bad", ["DataStorageMB", "FileStorageMB"])
async def test_a_storage_that_cannot_be_read_costs_that_storage(
    connect_over: Callable[[httpx.AsyncBaseTransport], Connection], bad: str, spoiled: Any
) -> None:
    """Calls and the other storage are known; what is lacking is named, and not asked for sooner than it is due."""
    login = Canned(200, {"access_token": "t", "instance_url": "https://acme.my.salesforce.com"})
    poll = await SOURCE.fetch(connect_over(CannedTransport(login, Canned(200, RECORDED | {bad: spoiled}))), None)
    part = SOURCE.parse(poll.payload, READ_AT)
    assert isinstance(part, OrgLimits)
    kinds = {"DataStorageMB": "data", "FileStorageMB": "file"}
    assert part.usage == OrgUsage(74, 25000, READ_AT)
    assert [storage.kind for storage in part.storage] == [kind for name, kind in kinds.items() if name != bad]
    (missing,) = [(name, error) for name, error in poll.parts.items() if error is not None]
    assert missing[0] == f"{kinds[bad]}_storage"
    assert str(missing[1]).startswith(f"/limits: {bad}")
    assert missing[1].again is Again.LATER
