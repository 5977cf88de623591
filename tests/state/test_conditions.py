"""The causes of suspensions as the exporter sees them itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exporter.catalog.catalog import CATALOG
from exporter.clients.salesforce.refusals import EVIDENCE
from exporter.exposition.page import Exposition
from exporter.model import (
    Access,
    CanaryRounds,
    Failure,
    Heartbeat,
    ObjectHeartbeat,
    OrgLimits,
    OrgUsage,
    Part,
    PartState,
    Permission,
    Storage,
    Suspension,
    SyncHealth,
    TrustStatus,
    UsageLog,
)
from exporter.self_metrics import SelfMetrics
from exporter.sources.waiting_changes import MOMENT
from exporter.state.channels import SALESFORCE_SOURCES
from exporter.state.conditions import Condition, conditions_change_at, conditions_of
from exporter.state.reading import Reading
from exporter.state.snapshot import Snapshot
from exporter.state.standstill import ONE_OBJECT, SEVERAL, STALE_AFTER, SURE_AFTER, TOGETHER
from tests.clocks import ManualClock
from tests.pages import Page

NOW = 1_800_000_000.0
MINUTE = 60.0
JUDGED = tuple(reason for reason in CATALOG.reason_names if reason != "missing_field_mappings")

LIMITS = OrgLimits(OrgUsage(700, 1000, NOW), (Storage("data", 5, 10), Storage("file", 0, 10)))
GRANTED = (Permission("Contact", None, True, True), Permission("Contact", "Email", True, None))
ACCESS = Access(True, False, True, True, None, GRANTED, "NA1", False)
HEALTH = SyncHealth(NOW, 400, 600, None, None, None)


def read(source: str, part: Part, at: float = NOW, usage: OrgUsage | None = None) -> Reading:
    """A poll that worked."""
    return Reading(source, MINUTE, at, part=part, succeeded_at=at, header_usage=usage)


def failed(code: str | None, source: str = "salesforce_limits", at: float = NOW) -> Reading:
    """A poll that met an error code."""
    return Reading(source, MINUTE, at, failure=Failure("server", code, "it failed"))


def parted(code: str, usage: OrgUsage | None = None) -> Reading:
    """A poll of log files: the daily one was read, an hourly one met an error code."""
    parts = (PartState("daily"), PartState("hourly", Failure("server", code, "it failed")))
    return replace(read("salesforce_usage_log", UsageLog(None, NOW), usage=usage), parts=parts)


def limits(used: int = 700, data: int = 5, file: int = 0, at: float = NOW) -> Reading:
    storage = (Storage("data", data, 10), Storage("file", file, 10))
    return read("salesforce_limits", OrgLimits(OrgUsage(used, 1000, at), storage), at)


def access(at: float = NOW, **changed: object) -> Reading:
    return read("salesforce_access", replace(ACCESS, **changed), at)  # type: ignore[arg-type]


def permission(field: str | None, granted: bool) -> Reading:
    return access(permissions=(Permission("Contact", field, True, granted),))


def trust(status: str, at: float = NOW) -> Reading:
    return read("salesforce_status", TrustStatus("NA1", status), at)


def beat(*objects: tuple[float | None, float | None], at: float = NOW) -> Reading:
    """(last sync, waiting since) of each object, and one beside it that changes and waits with it: as often as tells of
    a stop."""
    parts = []
    for number, (sync, since) in enumerate(objects):
        times = tuple(since + MOMENT * moment for moment in range(SEVERAL)) if since else ()
        parts.append(ObjectHeartbeat(f"object-{number}", sync, NOW, since, times[::2]))
        parts.append(ObjectHeartbeat(f"beside-{number}", sync, NOW, since, times[1::2]))
    return read("hubspot_heartbeat", Heartbeat(tuple(parts)), at)


def left_behind(*minutes_ago: float, of: int = 3, read_at: float | None = None) -> Reading:
    """Records that changed so many minutes ago and wait, of so many objects in turn; the last sync is before all."""
    objects = []
    for number in range(of):
        times = tuple(sorted(NOW - 60 * ago for ago in minutes_ago[number::of]))
        first, last = (times[0], times[-1]) if times else (None, NOW - 4 * 86400)
        seen_at = read_at if number == of - 1 else None
        objects.append(ObjectHeartbeat(f"object-{number}", NOW - 3 * 86400, last, first, times, seen_at))
    return read("hubspot_heartbeat", Heartbeat(tuple(objects)))


LATE = beat((NOW - 8000, NOW - 7200))
QUIET = beat((NOW - 3 * 86400, None))


def judge(*readings: Reading, now: float = NOW, allocation: int | None = None) -> dict[str, Condition]:
    snapshot = Snapshot("acme", "immediate", allocation, readings)
    return {condition.reason: condition for condition in conditions_of(snapshot, now)}


def holding(*readings: Reading, now: float = NOW) -> set[str]:
    return {reason for reason, condition in judge(*readings, now=now).items() if condition.holds}


def samples(*readings: Reading) -> Page:
    exposition = Exposition(SelfMetrics(), ManualClock(NOW))
    exposition.update(Snapshot("acme", "immediate", None, readings))
    return Page(exposition.page("")[0].decode())


CASES = (
    ("salesforce_org_api_limit_exceeded", limits(used=1000), limits(used=999)),
    ("salesforce_org_api_limit_exceeded", limits(used=1001), limits(used=0)),
    ("salesforce_org_api_limit_exceeded", failed("REQUEST_LIMIT_EXCEEDED"), limits()),
    (
        "salesforce_org_api_limit_exceeded",
        read("salesforce_access", ACCESS, usage=OrgUsage(10, 10, NOW)),
        read("salesforce_access", ACCESS, usage=OrgUsage(9, 10, NOW)),
    ),
    ("salesforce_org_api_access_disabled", failed("API_DISABLED_FOR_ORG"), limits()),
    ("salesforce_org_api_access_disabled", failed("API_CURRENTLY_DISABLED"), limits()),
    ("salesforce_org_api_access_disabled", access(api_enabled=False), access()),
    ("salesforce_org_api_access_disabled", access(user_active=False), access()),
    ("salesforce_org_api_access_disabled", access(user_frozen=True), access(user_frozen=None)),
    ("salesforce_object_permissions_missing", permission(None, False), permission(None, True)),
    ("salesforce_object_permissions_missing", access(permission_set_assigned=False), access()),
    ("salesforce_field_permissions_missing", permission("Email", False), permission("Email", True)),
    ("salesforce_org_locked", failed("UNABLE_TO_LOCK_ROW"), limits()),
    ("salesforce_org_locked", failed("ORG_LOCKED", "salesforce_usage_log"), limits()),
    ("salesforce_org_storage_limit_exceeded", limits(data=10), limits(data=9)),
    ("salesforce_org_storage_limit_exceeded", limits(file=11), limits()),
    ("salesforce_org_storage_limit_exceeded", failed("STORAGE_LIMIT_EXCEEDED", "salesforce_access"), limits()),
    ("salesforce_org_unavailable", failed("SERVER_UNAVAILABLE"), limits()),
    ("salesforce_org_unavailable", failed("HTTP_503"), limits()),
    ("salesforce_org_unavailable", trust("MAJOR_INCIDENT_CORE"), trust("OK")),
    ("salesforce_server_error", failed("UNKNOWN_EXCEPTION"), limits()),
    ("salesforce_server_error", failed("HTTP_500", "salesforce_access"), limits()),
    (
        "hubspot_api_limit_exceeded",
        read("sync_health", replace(HEALTH, api_calls_used=600)),
        read("sync_health", replace(HEALTH, api_calls_used=599)),
    ),
    ("unknown_error", LATE, QUIET),
)
"""A reason, a reading that speaks for it, one that speaks against it."""


@pytest.mark.parametrize(("reason", "bad", "good"), CASES)
class TestEveryReason:
    def test_holds_on_evidence_for_it(self, reason: str, bad: Reading, good: Reading) -> None:
        """And no other does."""
        assert holding(bad) == {reason}
        assert samples(bad).value("suspension_condition", integration="acme", reason=reason) == 1

    def test_does_not_hold_on_evidence_against_it(self, reason: str, bad: Reading, good: Reading) -> None:
        """The exporter looked and does not see it: 0, not absent."""
        assert holding(good) == set()
        assert samples(good).value("suspension_condition", integration="acme", reason=reason) == 0

    def test_says_nothing_once_the_evidence_is_old(self, reason: str, bad: Reading, good: Reading) -> None:
        """Three intervals after the poll neither evidence counts."""
        for reading in (bad, good):
            assert reason in judge(reading, now=NOW + 3 * MINUTE - 1)
            assert reason not in judge(reading, now=NOW + 3 * MINUTE)

    def test_says_who_set_or_cleared_it(self, reason: str, bad: Reading, good: Reading) -> None:
        """Source, time, and a sentence."""
        evidence = judge(bad)[reason].set_by
        assert evidence is not None
        assert (evidence.source, evidence.at, bool(evidence.detail)) == (bad.source, NOW, True)
        evidence = judge(good)[reason].cleared_by
        assert evidence is not None
        assert (evidence.source, evidence.at, bool(evidence.detail)) == (good.source, NOW, True)


def test_the_table_above_has_every_reason() -> None:
    """Ten of the eleven."""
    assert {reason for reason, _, _ in CASES} == set(JUDGED)


def test_nothing_is_judged_without_evidence() -> None:
    """No sample stands on the page."""
    assert judge() == {}
    assert "suspension_condition" not in samples().text


def test_a_limit_of_nothing_is_never_reached() -> None:
    """0 of 0 calls: no quota is set, and nobody is suspended for it."""
    nothing = read("salesforce_limits", OrgLimits(OrgUsage(0, 0, NOW), ()))
    assert "salesforce_org_api_limit_exceeded" not in judge(nothing)


def test_missing_field_mappings_is_never_judged() -> None:
    """Not even while HubSpot reports it: only HubSpot can know."""
    reported = replace(HEALTH, suspension=Suspension(True, "missing_field_mappings", NOW))
    everything = (limits(), access(), trust("OK"), LATE, read("sync_health", reported))
    assert set(judge(*everything)) == set(JUDGED)


def test_every_reason_is_judged_once_all_sources_are_read() -> None:
    """And none holds on a good day."""
    everything = (limits(), access(), trust("OK"), QUIET, read("sync_health", HEALTH))
    assert set(judge(*everything)) == set(JUDGED)
    assert holding(*everything) == set()


class TestErrorCodes:
    @pytest.mark.parametrize(
        ("reason", "code"), [(reason, code) for reason, codes in EVIDENCE.items() for code in sorted(codes)]
    )
    def test_every_code_of_the_table_speaks_for_its_reason(self, reason: str, code: str) -> None:
        """And for no other, whichever source that asks Salesforce met it."""
        for source in sorted(SALESFORCE_SOURCES):
            assert holding(failed(code, source)) == {reason}

    @pytest.mark.parametrize(
        "code",
        [
            *("HTTP_401", "HTTP_403", "HTTP_404", "HTTP_410", "HTTP_429", "HTTP_511", "WEB_PAGE", "REDIRECTED"),
            *("OTHER_DOMAIN", "QUERY_TIMEOUT", "INVALID_FIELD", "INVALID_SESSION_ID", "TOO_MANY_REQUESTS"),
        ],
    )
    def test_what_passes_or_is_no_answer_of_the_org_speaks_for_nothing(self, code: str) -> None:
        """Neither for nor against: a portal in between, a wrong URL, a limit of seconds."""
        for source in sorted(SALESFORCE_SOURCES):
            assert judge(failed(code, source)) == {}

    @pytest.mark.parametrize("source", ["sync_health", "hubspot_heartbeat", "salesforce_status"])
    @pytest.mark.parametrize(
        "code", ["REQUEST_LIMIT_EXCEEDED", "ORG_LOCKED", "HTTP_500", "HTTP_503", "STORAGE_LIMIT_EXCEEDED"]
    )
    def test_what_others_answer_says_nothing_of_the_org(self, code: str, source: str) -> None:
        """Neither for nor against, whatever the code is called."""
        assert judge(failed(code, source)) == {}

    def test_an_unknown_failure_says_nothing(self) -> None:
        """A timeout, a spent budget, or too many calls at once (which carries no code) sets and clears no condition."""
        assert judge(failed(None)) == {}
        assert judge(failed("SOMETHING_NEW")) == {}

    def test_the_canary_clears_what_was_met_before_the_org_last_answered_it(self) -> None:
        """Most of its polls ask HubSpot alone: that they worked says nothing of the org."""
        locked = failed("ORG_LOCKED", "salesforce_access")
        for answered_at, cleared in ((None, False), (NOW - 5, False), (NOW + 5, True)):
            part = CanaryRounds((), 0.99, 3600.0, salesforce_answered_at=answered_at)
            probe = Reading("canary", 1800.0, NOW + 60, part=part, succeeded_at=NOW + 60)
            assert holding(locked, probe, now=NOW + 60) == (set() if cleared else {"salesforce_org_locked"})

    def test_a_failing_read_does_not_clear_what_an_older_one_met(self) -> None:
        """Until some call to Salesforce works."""
        locked = failed("ORG_LOCKED", "salesforce_access")
        assert holding(locked, failed(None, at=NOW + 5), now=NOW + 5) == {"salesforce_org_locked"}
        assert holding(locked, limits(at=NOW + 5), now=NOW + 5) == set()


class TestParts:
    """A composite call is answered with 200 though one of its queries was refused; a log file fails beside others."""

    @pytest.mark.parametrize(
        ("code", "reason"),
        [
            ("UNABLE_TO_LOCK_ROW", "salesforce_org_locked"),
            ("ORG_LOCKED", "salesforce_org_locked"),
            ("STORAGE_LIMIT_EXCEEDED", "salesforce_org_storage_limit_exceeded"),
            ("REQUEST_LIMIT_EXCEEDED", "salesforce_org_api_limit_exceeded"),
        ],
    )
    def test_what_concerns_the_org_is_told_by_one_part(self, code: str, reason: str) -> None:
        """Though others were answered, and though earlier calls of the poll say how many are used; a call that works
        later, or a look at what is left, takes it back."""
        partly = parted(code, OrgUsage(900, 1000, NOW - 5))
        assert holding(partly) == {reason}
        evidence = judge(partly)[reason].set_by
        assert evidence is not None
        assert evidence.detail == f"Salesforce answered {code} (hourly)"
        assert holding(partly, limits(at=NOW + 5), now=NOW + 5) == set()
        assert holding(limits(at=NOW - 5), partly) == {reason}

    @pytest.mark.parametrize(
        ("code", "reason"),
        [
            ("UNKNOWN_EXCEPTION", "salesforce_server_error"),
            ("HTTP_500", "salesforce_server_error"),
            ("HTTP_503", "salesforce_org_unavailable"),
            ("API_DISABLED_FOR_ORG", "salesforce_org_api_access_disabled"),
        ],
    )
    def test_what_may_be_the_part_s_own_tells_nothing(self, code: str, reason: str) -> None:
        """Neither for nor against: it clears nothing that another call has met."""
        assert reason not in judge(parted(code))
        assert holding(failed(code, at=NOW - 5), parted(code)) == {reason}

    def test_a_part_that_only_may_not_be_read_hinders_nothing(self) -> None:
        """The call worked, and speaks against every reason that calls can tell of."""
        judged = judge(parted("INVALID_FIELD"))
        assert not any(condition.holds for condition in judged.values())
        assert holding(failed("ORG_LOCKED", at=NOW - 5), parted("INVALID_FIELD")) == set()


class TestChannels:
    @pytest.mark.parametrize(("age", "expected"), [(10, {"salesforce_org_locked"}), (-10, set())])
    def test_the_newest_evidence_wins_within_a_channel(self, age: float, expected: set[str]) -> None:
        """A code met before a call that worked is past, one met after it is not."""
        assert holding(failed("ORG_LOCKED"), access(at=NOW - age), now=NOW + 20) == expected

    def test_a_newer_header_clears_an_older_refusal(self) -> None:
        """Any answer that states the org's use is evidence on its calls."""
        other = read("salesforce_access", ACCESS, at=NOW + 10, usage=OrgUsage(5, 10, NOW + 10))
        assert holding(failed("REQUEST_LIMIT_EXCEEDED"), other, now=NOW + 10) == set()

    def test_channels_are_ored(self) -> None:
        """A call that worked does not outweigh what Trust says, nor what the access check found."""
        assert holding(trust("MAJOR_INCIDENT_CORE"), limits(at=NOW + 50), now=NOW + 50) == {
            "salesforce_org_unavailable"
        }
        assert holding(access(api_enabled=False), limits(at=NOW + 50), now=NOW + 50) == {
            "salesforce_org_api_access_disabled"
        }

    def test_what_makes_it_hold_now_is_named(self) -> None:
        """Not newer evidence of another channel that has been taken back since."""
        readings = (trust("MAJOR_INCIDENT_CORE"), failed("HTTP_503", at=NOW + 5), access(at=NOW + 10))
        condition = judge(*readings, now=NOW + 10)["salesforce_org_unavailable"]
        assert condition.set_by is not None
        assert condition.set_by.source == "salesforce_status"

    def test_what_set_it_is_remembered_while_the_evidence_lasts(self) -> None:
        """A cleared condition names both."""
        condition = judge(failed("ORG_LOCKED"), access(at=NOW + 5), now=NOW + 5)["salesforce_org_locked"]
        assert not condition.holds
        assert condition.set_by is not None
        assert condition.cleared_by is not None
        assert (condition.set_by.at, condition.cleared_by.at) == (NOW, NOW + 5)


class TestTrust:
    @pytest.mark.parametrize(
        "status",
        [
            "MAINTENANCE_CORE",
            "MAINTENANCE_NONCORE",
            "INFORMATIONAL_CORE",
            "MINOR_INCIDENT_CORE",
            "MAJOR_INCIDENT_NONCORE",
        ],
    )
    def test_what_is_no_outage_raises_nothing(self, status: str) -> None:
        """It lasts for hours, and every call works."""
        condition = judge(trust(status))["salesforce_org_unavailable"]
        assert not condition.holds
        assert condition.cleared_by is not None
        assert condition.cleared_by.detail == f"Salesforce Trust says {status} of NA1"

    @pytest.mark.parametrize("words", ["INFORMATIONAL", "UNPLANNED_MAINTENANCE_CORE", None])
    def test_an_unknown_status_is_no_evidence(self, words: str | None) -> None:
        """Without any other the reason is not judged; the page of metrics names no status as the present one."""
        unknown = read("salesforce_status", TrustStatus("NA1", None, words))
        assert "salesforce_org_unavailable" not in judge(unknown)
        assert not judge(unknown, limits())["salesforce_org_unavailable"].holds
        shown = [value for (name, _), value in samples(unknown).samples.items() if "trust_status" in name]
        assert shown == [0.0] * (9 if words else 0)


class TestPermissions:
    def test_what_is_missing_is_named(self) -> None:
        """Objects by name, fields by object and name."""
        lost = access(
            permissions=(
                Permission("Lead", None, True, False),
                Permission("Task", None, False, False),
                Permission("Lead", "Email", True, False),
            ),
            permission_set_assigned=False,
        )
        judged = judge(lost)
        for reason, detail in (
            ("salesforce_object_permissions_missing", "missing: the permission set, Lead, Task"),
            ("salesforce_field_permissions_missing", "missing: Lead.Email"),
        ):
            evidence = judged[reason].set_by
            assert evidence is not None
            assert evidence.detail == detail

    def test_a_field_without_any_right_may_be_misspelt(self) -> None:
        """Whoever may read a field has a row for it. Without one the condition holds, but the name is asked about."""
        fields = ((True, True, "Phone"), (True, False, "Email"), (False, False, "Emial"), (False, False, "Title"))
        lost = access(permissions=tuple(Permission("Lead", name, read, edit) for read, edit, name in fields))
        evidence = judge(lost)["salesforce_field_permissions_missing"].set_by
        assert evidence is not None
        assert evidence.detail == (
            "missing: Lead.Email, Lead.Emial, Lead.Title; no permission row: Lead.Emial, Lead.Title "
            "(is it spelt so, does it exist, has it field-level security?)"
        )

    def test_what_salesforce_does_not_say_is_not_missing(self) -> None:
        """An unknown permission neither sets the condition nor becomes one."""
        unknown = access(permissions=(Permission("Lead", None, True, None), Permission("Lead", "Name", None, None)))
        assert holding(unknown) == set()

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"permissions": (Permission("Lead", None, None, None),)}, "salesforce_object_permissions_missing"),
            ({"permissions": (), "permission_set_assigned": None}, "salesforce_object_permissions_missing"),
            ({"permissions": (Permission("Lead", "Name", None, None),)}, "salesforce_field_permissions_missing"),
        ],
    )
    def test_what_was_not_read_is_not_judged(self, changes: dict[str, Any], reason: str) -> None:
        """A part that failed says nothing, neither for nor against."""
        assert reason not in judge(access(**changes))

    @pytest.mark.parametrize("changes", [{"user_active": None}, {"api_enabled": None}])
    def test_a_user_that_was_not_read_is_not_judged(self, changes: dict[str, Any]) -> None:
        """That the exporter's own calls work is all that is known then."""
        evidence = judge(access(**changes))["salesforce_org_api_access_disabled"].cleared_by
        assert evidence is not None
        assert evidence.detail == "a call to Salesforce worked"

    def test_why_the_user_may_not_use_the_api(self) -> None:
        """Every hindrance is named."""
        evidence = judge(access(user_active=False, user_frozen=True, api_enabled=False))[
            "salesforce_org_api_access_disabled"
        ].set_by
        assert evidence is not None
        assert evidence.detail == "the integration user is not active and is frozen or locked out and lacks API Enabled"

    def test_fields_are_not_judged_without_configured_fields(self) -> None:
        """Nothing was looked at, so nothing is said."""
        assert "salesforce_field_permissions_missing" not in judge(
            access(permissions=(Permission("Lead", None, True, True),))
        )


class TestStorage:
    def test_it_is_not_judged_where_salesforce_leaves_it_out(self) -> None:
        """The fields are optional; an allowance of 0 is none that could be full."""
        bare = read("salesforce_limits", replace(LIMITS, storage=()))
        assert "salesforce_org_storage_limit_exceeded" not in judge(bare)
        assert holding(read("salesforce_limits", replace(LIMITS, storage=(Storage("file", 0, 0),)))) == set()


class TestAllocation:
    def test_use_from_the_log_against_the_configured_allocation(self) -> None:
        """Without a bridge both are known all the same."""
        log = read("salesforce_usage_log", UsageLog(500, NOW - 9000))
        assert judge(log, allocation=500)["hubspot_api_limit_exceeded"].holds
        assert not judge(log, allocation=501)["hubspot_api_limit_exceeded"].holds
        assert "hubspot_api_limit_exceeded" not in judge(log)

    @pytest.mark.parametrize("doubt", [UsageLog(500, NOW - 9000, uncertain=20), UsageLog(500, NOW - 9000, unread=20)])
    def test_a_count_that_may_be_too_low_does_not_say_that_it_is_not_reached(self, doubt: UsageLog) -> None:
        """Where what it lacks would reach it; what is reached by the count alone is reached."""
        log = read("salesforce_usage_log", doubt)
        assert judge(log, allocation=500)["hubspot_api_limit_exceeded"].holds
        assert "hubspot_api_limit_exceeded" not in judge(log, allocation=520)
        assert not judge(log, allocation=521)["hubspot_api_limit_exceeded"].holds


class TestUnknownError:
    def test_a_quiet_weekend_is_healthy(self) -> None:
        """Nothing was synced for three days, and nothing changed either."""
        assert not judge(QUIET)["unknown_error"].holds

    def test_a_change_may_wait_for_an_hour(self) -> None:
        """Then it is stale."""
        since = NOW - STALE_AFTER
        assert not judge(beat((NOW - 9000, since + 1)))["unknown_error"].holds
        assert judge(beat((NOW - 9000, since)))["unknown_error"].holds

    def test_a_sync_of_another_object_shows_that_records_still_sync(self) -> None:
        """Only changes that no sync of any object has followed count."""
        assert not judge(beat((NOW - 9000, NOW - 7200), (NOW - 60, None)))["unknown_error"].holds
        assert judge(beat((NOW - 9000, NOW - 7200), (NOW - 8000, None)))["unknown_error"].holds

    @pytest.mark.parametrize(
        "minutes_ago",
        [
            (16 * 60,),  # a property that is not mapped, Saturday night
            (16 * 60, 70),
            (100, 100, 100),  # one logged call: a contact, its company, its deal
            (100,) * 5,  # a nightly job
            (100,) * 150,
            (100, 160, 220, 280) * 4,  # one that comes every hour
            tuple(100 - ago / 5 for ago in range(24)),  # a list that is worked through
            (300, 300, 300, 200, 200, 200, 100, 100, 100, 90),  # calls that are logged
            (90, 80, 75, 70),
            tuple(range(300, 3000, 300)),  # one every five hours, all weekend
            (16 * 60, *range(20, 0, -2)),  # Monday morning: work has begun, the round has not
            (70, 8, 6, 4, 2, 1),
        ],
    )
    @pytest.mark.parametrize("objects", [1, 3])
    def test_a_few_changes_that_never_sync_are_no_stop(self, minutes_ago: tuple[float, ...], objects: int) -> None:
        """Changes of unmapped properties wait for ever; that is left to SyncStale."""
        condition = judge(left_behind(*minutes_ago, of=objects))["unknown_error"]
        assert not condition.holds
        assert condition.cleared_by is not None
        assert "too little beside it" in condition.cleared_by.detail

    @pytest.mark.parametrize(
        ("minutes_ago", "objects"),
        [
            ((60, 55, 50, 40, 30), 2),  # in working hours: an hour after the first change, as early as can be
            (tuple(range(60, 0, -1)), 3),
            ((110, 90, 70, 50, 30), 1),  # a small account: three records an hour
            (tuple(range(90, 0, -1)), 1),
            ((*[63] * 50, 60, 50, 40, 35, 30), 2),  # an import, and then
            ((3000, 90, 85, 80, 75, 70), 3),  # after a change on Saturday that never syncs
            ((400, 300, 200, 100, 45), 1),
            ((3 * 1440 - 1, *range(2000, 1900, -10), 700, 300), 1),  # on Friday, and it has been quiet since
        ],
    )
    def test_changes_at_several_moments_that_wait_are_a_stop(
        self, minutes_ago: tuple[float, ...], objects: int
    ) -> None:
        """Of one object or of all."""
        assert holding(left_behind(*minutes_ago, of=objects)) == {"unknown_error"}

    def test_what_makes_several(self) -> None:
        """Five moments within six hours: the first was an hour ago, the others two rounds at least."""
        assert holding(left_behind(60, 45, 40, 35, 30))
        assert not holding(left_behind(59, 45, 40, 35, 30))
        assert not holding(left_behind(60, 45, 40, 35, 29))
        assert not holding(left_behind(60, 45, 40, 35.1, 30.2))  # less than MOMENT apart
        late = 60 + TOGETHER / 60
        assert holding(left_behind(late, 90, 80, 70, 60))
        assert not holding(left_behind(late + 1, 90, 80, 70, 60))

    def test_one_object_alone_must_change_for_longer_than_a_job_runs(self) -> None:
        """A slow job touches contacts for forty minutes; where a deal changes as well people are at work."""
        run = [100 - minutes for minutes in range(41)]
        assert not holding(left_behind(*run, of=1))
        assert holding(left_behind(*run, of=2))
        last = SURE_AFTER / 60
        first = last + ONE_OBJECT / 60
        assert holding(left_behind(first, 60, 55, 50, last, of=1))
        assert not holding(left_behind(first - 1, 60, 55, 50, last, of=1))

    def test_of_an_object_that_cannot_be_read_nobody_knows_whether_it_syncs(self) -> None:
        """Until it was read nothing had been synced; a stop that was told by then is still told, one that came after
        is not."""
        assert holding(left_behind(120, 110, 100, 90, 80, read_at=NOW - 30 * MINUTE))
        assert not holding(left_behind(80, 75, 70, 65, 60, read_at=NOW - 30 * MINUTE))
        assert holding(left_behind(80, 75, 70, 65, 60, read_at=NOW - 20 * MINUTE))

    def test_an_object_that_was_never_read_hinders_nothing(self) -> None:
        """A token without the scope of companies tells a stop by contacts and deals."""
        assert holding(left_behind(120, 110, 100, 90, 80, of=2)) == {"unknown_error"}

    def test_it_is_what_the_others_leave_over(self) -> None:
        """A condition that holds explains the silence."""
        assert holding(LATE, failed("ORG_LOCKED")) == {"salesforce_org_locked"}
        evidence = judge(LATE, failed("ORG_LOCKED"))["unknown_error"].cleared_by
        assert evidence is not None
        assert "explained: salesforce_org_locked" in evidence.detail

    @pytest.mark.parametrize(
        ("reason", "holds"),
        [("missing_field_mappings", False), ("salesforce_org_locked", False), ("unknown_error", True), (None, True)],
    )
    def test_a_reason_hubspot_knows_explains_it(self, reason: str | None, holds: bool) -> None:
        """One it does not know does not."""
        health = replace(HEALTH, suspension=Suspension(True, reason, NOW))
        assert judge(LATE, read("sync_health", health))["unknown_error"].holds is holds

    def test_a_clearance_explains_nothing(self) -> None:
        """HubSpot says it is not suspended, yet nothing syncs."""
        health = replace(HEALTH, suspension=Suspension(False, None, None))
        assert judge(LATE, read("sync_health", health))["unknown_error"].holds


class TestPassingTime:
    def test_the_page_follows_without_any_poll(self) -> None:
        """Evidence expires, and a change that waits becomes late, while the Snapshot stays the same."""
        clock = ManualClock(NOW)
        exposition = Exposition(SelfMetrics(), clock)
        waiting = beat((NOW - 9000, NOW - STALE_AFTER + 100), at=NOW)
        exposition.update(Snapshot("acme", "immediate", None, (waiting, failed("ORG_LOCKED", at=NOW - 100))))

        def shown(reason: str) -> float | None:
            page = Page(exposition.page("")[0].decode())
            return page.value("suspension_condition", integration="acme", reason=reason)

        assert (shown("salesforce_org_locked"), shown("unknown_error")) == (1, 0)
        clock.advance(80)
        assert (shown("salesforce_org_locked"), shown("unknown_error")) == (None, 0)
        clock.advance(19)
        assert shown("unknown_error") == 0
        clock.advance(1)
        assert shown("unknown_error") == 1
        clock.advance(80)
        assert shown("unknown_error") is None

    def test_the_next_change_is_known(self) -> None:
        """In an empty snapshot nothing ever changes."""
        late_soon = Snapshot("acme", "immediate", None, (beat((NOW - 9000, NOW - STALE_AFTER + 100)),))
        assert conditions_change_at(late_soon, NOW) == NOW + 100
        assert conditions_change_at(late_soon, NOW + 100) == NOW + 3 * MINUTE
        assert conditions_change_at(Snapshot("acme", "immediate", None), NOW) == float("inf")
