"""What happens to an org now and then: somebody makes a mistake, somebody notices, somebody mends it.

A story is told by a function of chance: acts in the order of their minutes, the first at minute 0. What it breaks it
mends itself, except what the exporter is there for: errors whose cause is gone wait to be resynced.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import RESYNC_LIMIT, Org
from exporter.demo.simulator.state.org_state import Storage


@dataclass(frozen=True, slots=True)
class Act:
    """Something somebody does, so many minutes after the story began."""

    minute: float
    do: Callable[[Org], object]


Story = Callable[[Random], tuple[Act, ...]]


def accounts_arrive_late(chance: Random) -> tuple[Act, ...]:
    """Contacts whose Salesforce account is not in HubSpot yet; an import brings the accounts."""
    count, records = chance.randint(12, 60), chance.randint(1, 4)
    imported = chance.uniform(4, 9)
    return (
        Act(0, lambda org: _wait_for_accounts(org, count, records)),
        Act(imported, lambda org: org.set_cause("no accounts", False)),
    )


def picklist_is_restricted(chance: Random) -> tuple[Act, ...]:
    """A new option in HubSpot that Salesforce refuses: errors in waves, until somebody adds it and presses Resync."""
    waves = [(float(3 * number), chance.randint(20, 50)) for number in range(4)]
    mended = chance.uniform(17, 21)
    return (
        *(Act(minute, _picklist_errors(count)) for minute, count in waves),
        Act(mended, lambda org: org.set_cause("restricted picklist", False)),
        *(Act(mended + 1 + later, _press_resync("picklists")) for later in range(3)),
    )


def flow_refuses(chance: Random) -> tuple[Act, ...]:
    """A Salesforce flow with a mistake in it refuses deals; its author mends it and presses Resync."""
    count = chance.randint(4, 15)
    mended = chance.uniform(8, 14)
    return (
        Act(0, lambda org: org.add_errors("custom_code", "salesforce_flow", count, cause="flow", object_type="deals")),
        Act(mended, lambda org: org.set_cause("flow", False)),
        Act(mended + 1, _press_resync("custom_code")),
    )


def nobody_knows_why(chance: Random) -> tuple[Act, ...]:
    """Errors that HubSpot itself has no name for; a resync cures them."""
    count = chance.randint(3, 9)
    return (Act(0, lambda org: org.add_errors("other", "unknown", count)),)


def permission_is_withdrawn(chance: Random) -> tuple[Act, ...]:
    """Edit on a field is withdrawn while an import runs: HubSpot suspends. It is given back, and the sync started."""
    field = chance.choice(("Email", "Phone", "Title"))
    back = chance.uniform(3, 6)
    return (
        Act(0, lambda org: org.set_field_permission("Contact", field, False, "edit")),
        Act(0, _import_records(120)),
        Act(back, lambda org: org.set_field_permission("Contact", field, True)),
        Act(back + 0.5, Org.clear_suspension),
    )


def permission_set_is_lost(chance: Random) -> tuple[Act, ...]:
    """The HubSpot Integration permission set is taken from the integration user, and assigned again."""
    back = chance.uniform(4, 7)
    return (
        Act(0, lambda org: org.set_permission_set(False)),
        Act(0, _import_records(60)),
        Act(back, lambda org: org.set_permission_set(True)),
        Act(back + 0.5, Org.clear_suspension),
    )


def allocation_is_mistyped(chance: Random) -> tuple[Act, ...]:
    """The owner takes HubSpot's allocation down to a tenth by a slip: suspended, until it is put right."""
    noticed = chance.uniform(4, 8)
    return (
        Act(0, lambda org: _change_allocation(org, 0.1)),
        Act(noticed, lambda org: _change_allocation(org, 10.0)),
    )


def salesforce_is_down(chance: Random) -> tuple[Act, ...]:
    """An outage: no API answers, Salesforce Trust says so, HubSpot suspends; afterwards somebody starts the sync."""
    over = chance.uniform(3, 6)
    return (
        Act(0, lambda org: org.faults.put(Fault("salesforce", "unavailable_html"))),
        Act(0.5, lambda org: org.set_trust("MAJOR_INCIDENT_CORE")),
        Act(over, lambda org: org.faults.clear()),
        Act(over + 0.5, Org.clear_suspension),
        Act(over + 2, lambda org: org.set_trust("OK")),
    )


def files_pile_up(chance: Random) -> tuple[Act, ...]:
    """Attachments fill the file storage, until somebody deletes old ones."""
    uploads = [chance.randint(20, 60) for _ in range(10)]
    return (
        *(Act(2.0 * number, _upload(megabytes)) for number, megabytes in enumerate(uploads)),
        Act(25, _upload(-sum(uploads))),
    )


def _wait_for_accounts(org: Org, count: int, records: int) -> None:
    pair = ("associations", "waiting_for_account_to_sync")
    org.add_errors(*pair, count, cause="no accounts", affected_records=records)


def _picklist_errors(count: int) -> Callable[[Org], object]:
    return lambda org: org.add_errors("picklists", "restricted_picklist_value", count, cause="restricted picklist")


def _press_resync(category: str) -> Callable[[Org], object]:
    """Tick the first errors of a category on HubSpot's page and press Resync: at most 100 at a time."""
    return lambda org: org.resync([error.id for error in org.errors.page(category, None, None, RESYNC_LIMIT)])


def _import_records(count: int) -> Callable[[Org], object]:
    return lambda org: org.records.change_next(count, org.clock())


def _upload(megabytes: int) -> Callable[[Org], object]:
    def upload(org: Org) -> None:
        storage = org.storage["file"]
        org.storage["file"] = Storage((storage.used_mb or 0) + megabytes, storage.max_mb)

    return upload


def _change_allocation(org: Org, factor: float) -> None:
    if org.allocation is not None:
        org.allocation = round(org.allocation * factor)
