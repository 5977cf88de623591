"""The eleven causes of a suspension, as they come over an org with all the habits: a line a cause in ``CAUSES``."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from pathlib import Path

from exporter.catalog.catalog import CATALOG
from exporter.config import defaults
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.state.access import OWN
from tests.polling.alerts import PREFIX, Alert
from tests.polling.habits import DAY, HEALTHY, Act, Habit, calls, fault, trust
from tests.polling.samples import Samples
from tests.polling.week import SELDOM, living, newcomers

ALLOCATION = 1_500
LATE = 1.05
"""By how much the poller may stretch an interval."""

STALE, FAILING = "SyncStale", "SourceFailing"
"""Nothing syncs, and Salesforce answers nothing else."""


@dataclass(frozen=True)
class Cause:
    """``within`` so many minutes of the ``act`` the ``source``, read at its default interval, shows the condition of
    the reason; ``None``: only HubSpot can know. ``besides`` are reasons whose condition holds too,
    ``also`` alerts that may fire too: they belong to it."""

    reason: str
    name: str
    act: Act
    source: str
    within: float | None
    also: tuple[str, ...] = (STALE,)
    besides: frozenset[str] = frozenset()
    hour: float = DAY + 10

    @property
    def key(self) -> str:
        """What its integration is called."""
        return f"{self.reason}: {self.name}"

    @property
    def alert(self) -> str:
        """Without the prefix that all have."""
        return next(one.alert for one in CATALOG.suspension_reasons if one.name == self.reason).removeprefix(PREFIX)

    @property
    def conditions(self) -> frozenset[str]:
        """Those that hold."""
        return self.besides if self.within is None else self.besides | {self.reason}

    @property
    def fired(self) -> frozenset[Alert]:
        """A warning when the cause is seen, the page when it is reported."""
        reported = frozenset({(self.alert, "critical")})
        return reported if self.within is None else reported | {(self.alert, "warning")}


def _minutes(source: str, more: float = 0.0) -> float:
    """A read at the default interval, as late as it may be, and the scrape after it."""
    return more + defaults.INTERVALS[source] / 60 * LATE + 1


def _object(name: str) -> Act:
    return lambda org: org.set_object_permission(name, granted=False, access="edit")


def _silence(org: Org) -> None:
    org.silent = True


FIELDS = "salesforce_field_permissions_missing"
LIMITS, HEARTBEAT = "salesforce_limits", "salesforce_heartbeat"
ACCESS, STATUS = "salesforce_access", "salesforce_status"

CAUSES: tuple[Cause, ...] = (
    Cause(
        "salesforce_org_api_limit_exceeded",
        "a data loader takes all calls",
        calls("Data Loader", 40_000),
        HEARTBEAT,
        _minutes(HEARTBEAT),
        (STALE, FAILING, "OrgApiLimitPredicted", "ApiAllocationUnsafe"),
    ),
    Cause(
        "salesforce_org_api_access_disabled",
        "the integration user loses API Enabled",
        lambda org: org.set_user(api_enabled=False),
        ACCESS,
        _minutes(ACCESS),
    ),
    Cause(
        "salesforce_org_api_access_disabled", "frozen", lambda org: org.set_user(frozen=True), ACCESS, _minutes(ACCESS)
    ),
    Cause(
        "unknown_error",
        "HubSpot falls silent",
        _silence,
        "hubspot_heartbeat",
        _minutes("hubspot_heartbeat", 15 + 60 + 1),
    ),
    Cause("salesforce_object_permissions_missing", "edit on accounts", _object("Account"), ACCESS, _minutes(ACCESS)),
    Cause(
        "salesforce_object_permissions_missing",
        "the group is taken away",
        lambda org: org.set_permission_set(assigned=False),
        ACCESS,
        _minutes(ACCESS),
        also=(STALE, "FieldPermissionsMissing"),
        besides=frozenset({FIELDS}),
    ),
    Cause(
        "salesforce_object_permissions_missing",
        "the set of the org's own is revoked",
        lambda org: org.set_assignment(OWN, revoked=True),
        ACCESS,
        _minutes(ACCESS),
        also=(STALE, "FieldPermissionsMissing"),
        besides=frozenset({FIELDS}),
    ),
    Cause(
        FIELDS,
        "read and edit on an e-mail address",
        lambda org: org.set_field_permission("Contact", "Email", granted=False),
        ACCESS,
        _minutes(ACCESS),
    ),
    Cause(
        "salesforce_org_locked",
        "an update",
        fault("salesforce", "org_locked", None),
        LIMITS,
        _minutes(LIMITS),
        (STALE, FAILING),
    ),
    Cause(
        "salesforce_org_storage_limit_exceeded",
        "data",
        lambda org: org.set_storage("data", 1_024, 1_024),
        LIMITS,
        _minutes(LIMITS),
    ),
    Cause(
        "salesforce_org_unavailable",
        "503",
        fault("salesforce", "unavailable_html", None),
        LIMITS,
        _minutes(LIMITS),
        (STALE, FAILING),
    ),
    Cause("salesforce_org_unavailable", "Trust says so", trust("MAJOR_INCIDENT_CORE"), STATUS, _minutes(STATUS)),
    Cause(
        "salesforce_server_error",
        "500",
        fault("salesforce", "server_error", None),
        LIMITS,
        _minutes(LIMITS),
        (STALE, FAILING),
    ),
    Cause(
        "hubspot_api_limit_exceeded",
        "told by the log of the day",
        calls("HubSpot", ALLOCATION),
        "salesforce_usage_log",
        _minutes("salesforce_usage_log", (1 + 3) * 60),
        ("ErrorRetriesPaused", "ApiAllocationPredicted"),
        hour=DAY + 23,
    ),
    Cause(
        "missing_field_mappings",
        "only HubSpot can know",
        lambda org: org.suspend("missing_field_mappings", cause_holds=True),
        LIMITS,
        None,
    ),
)

BEFORE = 31
"""Minutes of health before the cause, which comes when HubSpot has just looked."""
UNTIL_REPORTED = 30
"""Minutes until somebody has read HubSpot's e-mail, after the condition at the latest: the warning has been there."""
AFTER = 60
"""Minutes that the cause still holds then, and nothing syncs."""


def reported_at(cause: Cause) -> int:
    """Minutes from the beginning of the life."""
    return BEFORE + UNTIL_REPORTED + ceil(cause.within or 0)


async def suffered(cause: Cause, folder: Path) -> Samples:
    """A life with the cause: seen, reported, not over."""
    intervals = {**SELDOM, cause.source: f"{defaults.INTERVALS[cause.source]:.0f}s"}
    config = newcomers(folder, intervals, {"Contact": ["Email"]}, ALLOCATION)
    happens = Habit(cause.name, acts={cause.hour: cause.act})
    begin = cause.hour - BEFORE / 60
    async with living(config, (*HEALTHY, happens), begin, scrape=60.0) as life:
        await life.until(begin + reported_at(cause) / 60)
        await life.report(suspended=True, reason=cause.reason)
        await life.until(begin + (reported_at(cause) + AFTER) / 60)
    return life.samples
