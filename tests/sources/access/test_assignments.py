"""Assignments that grant nothing, users that cannot log in, and when what is granted ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from exporter.clock import format_timestamp
from tests.clocks import ManualClock
from tests.sources.access.conftest import Watch
from tests.sources.access.judged import judged
from tests.sources.access.org_answers import PROFILE, OrgAnswers, Row, assigned, right

DAY = 86_400.0


def after(clock: ManualClock, days: float) -> str:
    """As Salesforce writes it."""
    return str(format_timestamp(clock.time() + days * DAY)).replace("Z", "+0000")


def held(access: Any) -> set[str]:
    return {reason for reason, holds in judged(access).items() if holds}


WORTHLESS = [
    {"IsActive": False},
    {"IsRevoked": True},
    {"ExpirationDate": "2020-01-01T00:00:00.000+0000"},
    {"ExpirationDate": "2020-01-01T02:00:00+02:00"},
    {"session": True},
    {"IsActive": False, "IsRevoked": True},
]


@pytest.mark.parametrize("flags", WORTHLESS)
async def test_an_assignment_that_grants_nothing(watch: Watch, flags: dict[str, Any]) -> None:
    """Case 21: neither the set, nor its rights on objects and fields, nor the API."""
    given = assigned("0PS2", "HubSpot Integration", api=True, **flags)
    profile = assigned("0PS1", "00ex", profile=True)
    org = OrgAnswers(
        PermissionSetAssignment=[profile, given],
        PermissionSet=[{"Label": "HubSpot Integration", "Name": "HubSpot_Integration"}],
        ObjectPermissions=[right("0PS1", "Contact", edit=False), right("0PS2", "Contact")],
        FieldPermissions=[right("0PS2", "Contact.Email")],
    )
    access = await watch(org, fields={"Contact": ["Email"]}).poll()
    assert (access.permission_set_assigned, access.api_enabled) == (False, False)
    assert [(one.read, one.edit) for one in access.permissions] == [(True, False), (False, False)]
    assert access.assignment_ends is None


@pytest.mark.parametrize(
    "assignments",
    [
        [assigned("0PS2", "HubSpot Integration"), assigned("0PS2", "HubSpot Integration", IsActive=False)],
        [assigned("0PS2", "HubSpot Integration", IsActive=None)],
        [assigned("0PS2", "HubSpot Integration", ExpirationDate="2099-01-01T00:00:00.000+0000")],
        [assigned("0PS2", "HubSpot Integration", profile=True, IsActive=False)],
    ],
)
async def test_a_set_counts_by_any_assignment_in_force(watch: Watch, assignments: Sequence[Row]) -> None:
    """Twice assigned and once in force is in force; an org that does not say is believed; a profile always counts."""
    org = OrgAnswers(PermissionSetAssignment=[PROFILE, *assignments], ObjectPermissions=[right("0PS2", "Contact")])
    (contact,) = (await watch(org).poll()).permissions
    assert (contact.read, contact.edit) == (True, True)


async def test_time_passes(watch: Watch, clock: ManualClock) -> None:
    """What is granted until tomorrow is not granted the day after."""
    given = assigned("0PS2", "HubSpot Integration", ExpirationDate=after(clock, 1))
    watcher = watch(OrgAnswers(PermissionSetAssignment=[PROFILE, given], ObjectPermissions=[right("0PS2", "Contact")]))
    access = await watcher.poll()
    assert (access.permission_set_assigned, access.assignment_ends) == (True, clock.time() + DAY)
    clock.advance(DAY)
    access = await watcher.poll()
    assert (access.permissions[0].edit, access.assignment_ends) == (False, None)


@pytest.mark.parametrize(
    ("login", "user", "frozen", "disabled"),
    [
        ({"IsFrozen": True, "IsPasswordLocked": False}, True, True, True),
        ({"IsFrozen": False, "IsPasswordLocked": True}, True, True, True),
        ({"IsFrozen": False, "IsPasswordLocked": False}, True, False, False),
        ({"IsFrozen": False, "IsPasswordLocked": False}, False, False, True),
        ({"IsFrozen": None, "IsPasswordLocked": True}, True, True, True),
        ({"IsFrozen": None, "IsPasswordLocked": False}, True, None, False),
        ({}, True, None, False),
    ],
)
async def test_a_user_that_cannot_log_in(
    watch: Watch, login: dict[str, Any], user: bool, frozen: bool | None, disabled: bool
) -> None:
    """Case 22: a frozen user is still active; frozen or locked out, it cannot use the API."""
    profile = assigned("0PS1", "00ex", api=True, profile=True, active_user=user)
    access = await watch(OrgAnswers(PermissionSetAssignment=[profile], UserLogin=[login])).poll()
    assert access.user_frozen is frozen
    assert ("salesforce_org_api_access_disabled" in held(access)) is disabled


SOON, LATER = 3.0, 30.0


@pytest.mark.parametrize(
    ("assignments", "ends"),
    [
        ([("0PS2", "HubSpot Integration", SOON)], SOON),
        ([("0PS2", "HubSpot Integration", None)], None),
        ([("0PS2", "HubSpot Integration", SOON), ("0PS3", "HubSpot Integration 2", LATER)], SOON),
        ([("0PS2", "HubSpot Integration", SOON), ("0PS2", "HubSpot Integration", None)], None),
        ([("0PS2", "HubSpot Integration", LATER), ("0PS5", "Chatter", SOON)], LATER),
        ([("0PS5", "Chatter", SOON)], None),
        ([("0PS2", "Rights of the sync", SOON)], SOON),
        ([("0PS3", "HubSpot Integration", SOON), ("0PS2", "Rights of the sync", LATER)], SOON),
        ([("0PS2", "HubSpot Integration", -1.0), ("0PS3", "HubSpot Integration", LATER)], LATER),
    ],
)
async def test_when_the_first_assignment_that_matters_ends(
    watch: Watch, clock: ManualClock, assignments: Sequence[tuple[str, str, float | None]], ends: float | None
) -> None:
    """0PS2 gives Contact. What is held twice is lost with the later end; what nobody needs may end."""
    rows = [
        assigned(set_id, label, ExpirationDate=None if days is None else after(clock, days))
        for set_id, label, days in assignments
    ]
    org = OrgAnswers(PermissionSetAssignment=[PROFILE, *rows], ObjectPermissions=[right("0PS2", "Contact")])
    access = await watch(org).poll()
    assert access.assignment_ends == (None if ends is None else clock.time() + ends * DAY)


async def test_the_end_of_the_api(watch: Watch, clock: ManualClock) -> None:
    """API Enabled may hang on an assignment that ends."""
    rows = [assigned("0PS1", "00ex", profile=True), assigned("0PS4", "API", api=True, ExpirationDate=after(clock, 3))]
    assert (await watch(OrgAnswers(PermissionSetAssignment=rows)).poll()).assignment_ends == clock.time() + 3 * DAY


async def test_the_end_of_a_group(watch: Watch, clock: ManualClock) -> None:
    """The direct assignment ends first; the group still holds the set, until it ends too."""
    rows = [
        assigned("0PS2", "HubSpot Integration", ExpirationDate=after(clock, 3)),
        assigned("0PS3", "Integrations", PermissionSetGroupId="0PG1", ExpirationDate=after(clock, 9)),
    ]
    member = {
        "PermissionSetGroupId": "0PG1",
        "PermissionSetId": "0PS2",
        "PermissionSet": {"Label": "HubSpot Integration"},
    }
    org = OrgAnswers(
        PermissionSetAssignment=[PROFILE, *rows],
        PermissionSetGroupComponent=[member],
        ObjectPermissions=[right("0PS2", "Contact"), right("0PS3", "Contact")],
    )
    assert (await watch(org).poll()).assignment_ends == clock.time() + 9 * DAY
