from collections.abc import Callable
from dataclasses import replace

import pytest

from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.names import REASONS, SELF_CLEARING
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import Settings
from tests.demo.simulator.conftest import QUIET, ManualClock

MakeOrg = Callable[[Settings], Org]
BUSY = replace(QUIET, records=100, records_per_second=10.0, suspend_after=25)
FIELD_REASON = "salesforce_field_permissions_missing"


def rounds(org: Org, clock: ManualClock, count: int) -> None:
    for _ in range(count):
        clock.pass_seconds(1)
        org.tick()


def listed(org: Org) -> list[str]:
    return [error.id for error in org.errors.page(None, None, None, 100_000)]


def hubspot_calls(org: Org) -> int:
    return org.calls.used("HubSpot")


def reason(org: Org) -> str | None:
    return org.suspension.reason if org.suspension else None


class TestSync:
    def test_each_changed_record_costs_one_call(self, make_org: MakeOrg, clock: ManualClock) -> None:
        """Ten records change in a second: ten calls, and ten records with a new sync time."""
        org = make_org(BUSY)
        rounds(org, clock, 1)
        assert hubspot_calls(org) == 10
        assert [record.synced for record in org.records.by_id.values()].count(clock.now) == 10

    def test_traffic_may_be_slower_than_one_record_a_round(self, make_org: MakeOrg, clock: ManualClock) -> None:
        """A quarter of a record a second is one record in four seconds."""
        org = make_org(replace(BUSY, records_per_second=0.25))
        rounds(org, clock, 8)
        assert hubspot_calls(org) == 2

    def test_a_quiet_org_makes_no_calls(self, org: Org, clock: ManualClock) -> None:
        """Nothing changed, nothing synced."""
        rounds(org, clock, 10)
        assert org.calls.used() == 0

    def test_a_new_record_gets_its_salesforce_id_with_its_first_sync(self, org: Org, clock: ManualClock) -> None:
        """Records made in HubSpot are not in Salesforce until the next round."""
        (new,) = org.add_records("companies", 1)
        assert org.records.by_id[new].salesforce_id is None
        rounds(org, clock, 1)
        assert str(org.records.by_id[new].salesforce_id).startswith("001")

    def test_who_is_outside_the_inclusion_segment_never_syncs(self, make_org: MakeOrg, clock: ManualClock) -> None:
        """Neither when it is made nor when it is touched; one that has long been linked goes on syncing."""
        org = make_org(QUIET)
        outside, inside = (org.add_records("contacts", 1, in_segment=wanted)[0] for wanted in (False, True))
        org.write_properties(org.records.by_id[outside], {"email": "somebody@acme.example"})
        rounds(org, clock, 2)
        assert [org.records.by_id[name].salesforce_id is not None for name in (outside, inside)] == [False, True]
        org.records.by_id[inside].in_segment = False
        org.write_properties(org.records.by_id[inside], {"email": "else@acme.example"})
        rounds(org, clock, 1)
        assert org.records.by_id[inside].synced == clock.now

    def test_a_change_that_is_lost_syncs_with_the_next_one(self, make_org: MakeOrg, clock: ManualClock) -> None:
        """The oldest is lost first."""
        org = make_org(QUIET)
        first, second = (org.records.by_id[name] for name in org.add_records("deals", 2))
        org.lose_changes(1)
        rounds(org, clock, 1)
        assert (first.synced, second.synced) == (None, clock.now)
        org.records.change(first, clock.now)
        rounds(org, clock, 1)
        assert first.synced == clock.now


class TestWithdrawnPermission:
    def test_the_whole_story(self, make_org: MakeOrg, clock: ManualClock) -> None:
        """Withdrawn: errors grow, then suspension. Granted: clear and resync, each error once, and they stay gone."""
        org = make_org(BUSY)
        org.set_field_permission("Contact", "Email", granted=False)
        rounds(org, clock, 2)
        assert (reason(org), 0 < len(org.errors) < 25) == (None, True)
        rounds(org, clock, 20)
        assert reason(org) == FIELD_REASON
        assert org.suspension
        assert org.suspension.since < clock.now
        assert {(category, kind) for category, kind, _, _ in org.errors.counts()} == {
            ("permissions", "salesforce_field_permissions")
        }
        assert org.clear_suspension() == FIELD_REASON

        org.set_field_permission("Contact", "Email", granted=True)
        assert org.clear_suspension() is None
        failed = {error.hubspot_id for error in org.errors.page(None, None, None, 1_000)}
        org.records_per_second = 0.0
        accepted, rejected = org.resync(listed(org))
        assert (len(accepted), rejected, len(org.errors)) == (len(failed), [], 0)
        rounds(org, clock, 3)
        assert (len(org.errors), reason(org)) == (0, None)
        assert org.resyncs.records == dict.fromkeys(failed, 1)
        assert all(org.records.by_id[hubspot_id].synced is not None for hubspot_id in failed)

    def test_a_resync_before_the_fix_is_in_vain(self, make_org: MakeOrg, clock: ManualClock) -> None:
        """The errors leave the list, cost a call each, and return under new ids for the same records."""
        org = make_org(replace(BUSY, suspend_after=1_000))
        org.set_field_permission("Contact", "Email", granted=False)
        rounds(org, clock, 5)
        org.records_per_second = 0.0
        before = listed(org)
        records = {error.hubspot_id for error in org.errors.page(None, None, None, 1_000)}
        calls = hubspot_calls(org)
        org.resync(before)
        assert listed(org) == []
        assert hubspot_calls(org) == calls + len(before)
        rounds(org, clock, 1)
        assert {error.hubspot_id for error in org.errors.page(None, None, None, 1_000)} == records
        assert not set(listed(org)) & set(before)
        assert hubspot_calls(org) == calls + len(before)

    def test_nothing_syncs_while_suspended(self, make_org: MakeOrg, clock: ManualClock) -> None:
        """Changes pile up and sync once the suspension is cleared."""
        org = make_org(BUSY)
        org.suspend("unknown_error")
        rounds(org, clock, 3)
        assert (hubspot_calls(org), len(org.records.waiting)) == (0, 30)
        org.clear_suspension()
        rounds(org, clock, 1)
        assert (hubspot_calls(org), len(org.records.waiting)) == (40, 0)

    def test_old_errors_do_not_suspend_again_after_the_fix(self, make_org: MakeOrg, clock: ManualClock) -> None:
        """Errors whose cause has gone stay listed, but are no reason any more."""
        org = make_org(BUSY)
        org.set_field_permission("Contact", "Email", granted=False)
        rounds(org, clock, 20)
        org.set_field_permission("Contact", "Email", granted=True)
        org.clear_suspension()
        org.records_per_second = 0.0
        clock.pass_seconds(1)
        org.records.waiting.clear()
        org.tick()
        assert org.suspension is None
        assert len(org.errors) >= 25

    def test_an_object_permission_gives_the_other_reason(self, make_org: MakeOrg, clock: ManualClock) -> None:
        """Without edit on accounts contacts, companies and deals fail, and HubSpot says so."""
        org = make_org(BUSY)
        org.set_object_permission("Account", granted=False, access="edit")
        rounds(org, clock, 6)
        assert reason(org) == "salesforce_object_permissions_missing"
        assert org.errors.counts()[0][:2] == ("permissions", "insufficient_salesforce_access")

    def test_taking_the_permission_set_away_suspends_too(self, make_org: MakeOrg, clock: ManualClock) -> None:
        """Without it all objects are missing."""
        org = make_org(BUSY)
        org.set_permission_set(assigned=False)
        rounds(org, clock, 6)
        assert reason(org) == "salesforce_object_permissions_missing"
        org.set_permission_set(assigned=True)
        assert org.clear_suspension() is None


class TestResync:
    def test_at_most_a_hundred_at_a_time(self, org: Org) -> None:
        """101 ids are refused as a whole."""
        ids = org.add_errors("other", "unknown", 101)
        with pytest.raises(ValueError, match="101 ids, at most 100"):
            org.resync(ids)
        assert len(org.errors) == 101

    def test_unknown_ids_are_rejected(self, org: Org) -> None:
        """What is not listed, or named twice, is not found."""
        (known,) = org.add_errors("other", "unknown", 1)
        assert org.resync([known, known, "e99", "?"]) == (
            [known],
            [(known, "not_found"), ("e99", "not_found"), ("?", "not_found")],
        )

    def test_everything_is_rejected_while_suspended(self, org: Org) -> None:
        """And nothing is charged."""
        (known,) = org.add_errors("other", "unknown", 1)
        org.suspend("unknown_error")
        assert org.resync([known, "e99"]) == ([], [(known, "suspended"), ("e99", "suspended")])
        assert (len(org.errors), org.calls.used()) == (1, 0)

    def test_errors_of_a_named_cause_return_until_it_is_removed(self, org: Org, clock: ManualClock) -> None:
        """A cause given with the errors holds until `set_cause` says otherwise."""
        org.add_errors("picklists", "mismatched_options", 3, cause="picklist:Industry", affected_records=4)
        org.resync(listed(org))
        rounds(org, clock, 1)
        assert org.errors.counts() == [("picklists", "mismatched_options", 3, 12)]
        org.set_cause("picklist:Industry", holds=False)
        org.resync(listed(org))
        rounds(org, clock, 1)
        assert len(org.errors) == 0
        assert set(org.resyncs.records.values()) == {2}

    def test_a_resynced_record_waits_for_the_end_of_a_suspension(self, org: Org, clock: ManualClock) -> None:
        """Suspended in between, the error is decided in the first round afterwards."""
        org.add_errors("picklists", "mismatched_options", 1, cause="picklist:Industry")
        org.resync(listed(org))
        org.suspend("unknown_error")
        rounds(org, clock, 2)
        assert len(org.errors) == 0
        org.clear_suspension()
        rounds(org, clock, 1)
        assert len(org.errors) == 1

    def test_the_largest_request_is_remembered(self, org: Org) -> None:
        """Requests are counted with their sizes."""
        ids = org.add_errors("other", "unknown", 120)
        org.resync(ids[:100])
        org.resync(ids[100:])
        assert (org.resyncs.requests, org.resyncs.largest_request, org.resyncs.records.total()) == (2, 100, 120)


class TestTouch:
    def test_touching_a_record_in_error_cures_it_once_the_cause_has_gone(self, org: Org, clock: ManualClock) -> None:
        """A changed mapped property syncs the record, and the error goes if the write succeeds."""
        org.add_errors("picklists", "mismatched_options", 1, cause="picklist:Industry")
        (error,) = org.errors.page(None, None, None, 1)
        record = org.records.by_id[error.hubspot_id]
        org.write_properties(record, {"salesforce_resync_requested_at": "1"})
        rounds(org, clock, 1)
        assert [(found.id, found.last_seen) for found in org.errors.page(None, None, None, 9)] == [
            (error.id, clock.now)
        ]
        org.set_cause("picklist:Industry", holds=False)
        org.write_properties(record, {"salesforce_resync_requested_at": "2"})
        rounds(org, clock, 1)
        assert (len(org.errors), record.synced, hubspot_calls(org)) == (0, clock.now, 2)

    @pytest.mark.parametrize("properties", [{"notes": "hello"}, {"salesforce_resync_requested_at": "1"}])
    def test_what_is_unmapped_or_unchanged_triggers_nothing(
        self, org: Org, clock: ManualClock, properties: dict[str, str]
    ) -> None:
        """Only a change of a mapped property makes a record sync."""
        record = org.records.by_id["101"]
        org.write_properties(record, {"salesforce_resync_requested_at": "1"})
        rounds(org, clock, 1)
        org.write_properties(record, properties)
        assert not org.records.waiting


class TestSuspension:
    @pytest.mark.parametrize(
        ("fault", "expected"),
        [
            ("quota", "salesforce_org_api_limit_exceeded"),
            ("api_disabled", "salesforce_org_api_access_disabled"),
            ("org_locked", "salesforce_org_locked"),
            ("unable_to_lock_row", "salesforce_org_locked"),
            ("storage_exceeded", "salesforce_org_storage_limit_exceeded"),
            ("unavailable_html", "salesforce_org_unavailable"),
            ("server_error", "salesforce_server_error"),
        ],
    )
    def test_hubspot_meets_endless_faults_of_salesforce_too(self, org: Org, fault: str, expected: str) -> None:
        """A fault without count suspends with its reason, which cannot be cleared until the fault is."""
        org.faults.put(Fault("salesforce", fault))
        org.tick()
        assert reason(org) == org.clear_suspension() == expected
        org.faults.clear()
        assert org.clear_suspension() is None

    @pytest.mark.parametrize("fault", [Fault("salesforce", "server_error", count=3), Fault("bridge", "server_error")])
    def test_passing_faults_do_not_suspend(self, org: Org, fault: Fault) -> None:
        """Nor do faults of another API."""
        org.faults.put(fault)
        org.tick()
        assert org.suspension is None

    @pytest.mark.parametrize("name", REASONS)
    def test_every_reason_of_the_catalogue_can_be_played(self, org: Org, name: str) -> None:
        """With a cause that holds it cannot be cleared; without it can."""
        org.suspend(name, cause_holds=True)
        assert org.clear_suspension() == name
        org.set_cause(name, holds=False)
        assert org.clear_suspension() is None
        assert org.suspension is None

    def test_other_reasons_do_not_exist(self, org: Org) -> None:
        """A reason that HubSpot does not know is refused, with the name of the key."""
        with pytest.raises(ValueError, match=r"reason: 'weather' is not one of"):
            org.suspend("weather")

    def test_the_used_up_allocation_suspends_and_resumes_by_itself(self, org: Org, clock: ManualClock) -> None:
        """HubSpot stops at its allocation and goes on when the window has freed calls."""
        assert {"hubspot_api_limit_exceeded"} == SELF_CLEARING
        org.allocation = 3
        org.add_records("contacts", 5)
        rounds(org, clock, 1)
        assert (reason(org), hubspot_calls(org)) == ("hubspot_api_limit_exceeded", 3)
        assert org.clear_suspension() == "hubspot_api_limit_exceeded"
        clock.pass_seconds(86_500)
        org.tick()
        assert (reason(org), len(org.records.waiting), hubspot_calls(org)) == (None, 0, 2)

    def test_the_orgs_quota_suspends_until_cleared(self, org: Org, clock: ManualClock) -> None:
        """Another app can use up what HubSpot needs; the suspension stays until somebody clears it."""
        org.use_api_calls("Backup", 100_000)
        org.tick()
        assert reason(org) == "salesforce_org_api_limit_exceeded"
        clock.pass_seconds(86_500)
        org.tick()
        assert reason(org) == "salesforce_org_api_limit_exceeded"
        assert org.clear_suspension() is None

    def test_a_full_storage_suspends(self, org: Org) -> None:
        """Either kind of storage will do."""
        org.set_storage("file", 1_024, 1_024)
        org.tick()
        assert reason(org) == "salesforce_org_storage_limit_exceeded"

    @pytest.mark.parametrize("change", [{"active": False}, {"api_enabled": False}, {"frozen": True}, {"locked": True}])
    def test_an_integration_user_without_access_suspends(self, org: Org, change: dict[str, bool]) -> None:
        """An inactive user, a frozen one and one without API access look the same to HubSpot."""
        org.set_user(**change)
        org.tick()
        assert reason(org) == "salesforce_org_api_access_disabled"
        org.set_user(active=True, api_enabled=True, frozen=False, locked=False)
        assert org.clear_suspension() is None


class TestSilence:
    def test_changes_wait_while_hubspot_is_silent(self, make_org: MakeOrg, clock: ManualClock) -> None:
        """HubSpot stopped two hours ago without a word: records changed from then on still wait after a round."""
        org = make_org(QUIET)
        org.fall_silent(7200)
        rounds(org, clock, 1)
        waiting = org.records.waiting.values()
        assert {record.object_type for record in waiting} == set(org.records.by_type)
        assert [record.changed for record in waiting] == [clock.now - 7201 + 300 * number for number in range(12)]
        assert max(record.synced or 0 for record in org.records.by_id.values()) < clock.now - 7201
        assert reason(org) is None

    def test_what_waited_syncs_afterwards(self, make_org: MakeOrg, clock: ManualClock) -> None:
        """The first round after the silence syncs what has waited."""
        org = make_org(QUIET)
        org.fall_silent(7200)
        org.speak_again()
        rounds(org, clock, 1)
        assert not org.records.waiting
