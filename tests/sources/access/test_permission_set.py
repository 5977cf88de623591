"""Whether the integration user has the permission set that HubSpot's package brings, in orgs as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.sources.access.conftest import Watch
from tests.sources.access.judged import judged
from tests.sources.access.org_answers import PROFILE, OrgAnswers, Row, assigned, no_such, right

NAMED = {"Label": "HubSpot Integration", "Name": "HubSpot_Integration"}
GRANTED = [right("0PS2", "Contact")]
GROUPED = assigned("0PS2", "Integrations", PermissionSetGroupId="0PG1")
MEMBER = {"PermissionSetGroupId": "0PG1", "PermissionSetId": "0PS9", "PermissionSet": NAMED}
MUTING = {"PermissionSetGroupId": "0PG1", "PermissionSetId": "0QM000000000001", "PermissionSet": None}
OTHER = {"PermissionSetGroupId": "0PG1", "PermissionSetId": "0PS8", "PermissionSet": {"Label": "X", "Name": "X"}}
HIDDEN = {"PermissionSetGroupId": "0PG1", "PermissionSetId": "0PS7", "PermissionSet": None}


def objects_missing(access: Any) -> bool | None:
    """What the condition says then."""
    return judged(access).get("salesforce_object_permissions_missing")


async def test_by_a_group(watch: Watch) -> None:
    """Case 2: the set is a member of a group assigned; a member may take rights away, and is no set."""
    members: list[Row] = [{"PermissionSet": NAMED}, {"PermissionSetId": "0QM000000000001", "PermissionSet": None}]
    org = OrgAnswers(
        PermissionSetAssignment=[PROFILE, GROUPED], PermissionSetGroupComponent=members, ObjectPermissions=GRANTED
    )
    access = await watch(org).poll()
    assert (access.permission_set_assigned, objects_missing(access)) == (True, False)


async def test_by_a_longer_label(watch: Watch) -> None:
    """Case 2b: HubSpot has called it *HubSpot Integration Permissions*."""
    given = assigned("0PS2", "HubSpot Integration Permissions")
    access = await watch(OrgAnswers(PermissionSetAssignment=[PROFILE, given], ObjectPermissions=GRANTED)).poll()
    assert (access.permission_set_assigned, objects_missing(access)) == (True, False)


async def test_where_the_org_has_none(watch: Watch) -> None:
    """Case 2c: the package is not installed. Nobody can have its set, and everything is granted by another."""
    own = assigned("0PS2", "Rights of the sync")
    access = await watch(OrgAnswers(PermissionSetAssignment=[PROFILE, own], ObjectPermissions=GRANTED)).poll()
    assert (access.permission_set_assigned, objects_missing(access)) == (None, False)


async def test_where_the_org_has_it_and_the_user_has_not(watch: Watch) -> None:
    """That alone is the cause of a suspension."""
    org = OrgAnswers(PermissionSetAssignment=[PROFILE], PermissionSet=[NAMED], ObjectPermissions=GRANTED)
    access = await watch(org).poll()
    assert (access.permission_set_assigned, objects_missing(access)) == (False, True)


ONLY = "HubSpot Integration"


@pytest.mark.parametrize(
    ("wanted", "label", "name", "has"),
    [
        (ONLY, "hubspot INTEGRATION", "x", True),
        (ONLY, "Our set", "HubSpot_Integration_2", True),
        (ONLY, "HubSpot Integration (copy)", "x", True),
        (ONLY, "HubSpot  Integration", "x", True),
        ("HubSpot_Integration", "HubSpot Integration Permissions", "x", True),
        ("hubspot integration", "Our set", "HubSpot_Integration", True),
        ("Sync Rights", "Sync Rights of HubSpot", "x", True),
        (ONLY, "The HubSpot Integration", "The_HubSpot_Integration", None),
        (ONLY, "HubSpot", "HubSpot", None),
        (ONLY, "HubSpot Integrations GmbH", "x", True),
        ("100% Sync", "100 Sync", "x", None),
        ("100% Sync", "100% Sync", "x", True),
    ],
)
async def test_a_name_that_begins_with_what_is_configured(
    watch: Watch, wanted: str, label: str, name: str, has: bool | None
) -> None:
    """In any case, a blank written as a blank or as ``_``, by the label or by the API name."""
    org = OrgAnswers(PermissionSetAssignment=[PROFILE, assigned("0PS2", label, name)])
    assert (await watch(org, permission_set=wanted).poll()).permission_set_assigned is has


async def test_a_profile_of_that_name_is_no_permission_set(watch: Watch) -> None:
    """Its rights may be none of those that the set brings."""
    profile = assigned("0PS1", "HubSpot Integration", api=True, profile=True)
    assert (await watch(OrgAnswers(PermissionSetAssignment=[profile])).poll()).permission_set_assigned is None


@pytest.mark.parametrize(
    ("assignments", "members", "sets", "has"),
    [
        ([GROUPED], [MEMBER, MUTING], [NAMED], True),
        ([GROUPED], [MUTING, OTHER], [NAMED], False),
        ([GROUPED], [MUTING, OTHER], [], None),
        ([GROUPED], [], [NAMED], False),
        ([GROUPED], [OTHER, HIDDEN], [NAMED], None),
        ([GROUPED], [OTHER], [{"Label": "Unasked for", "Name": "Unasked"}], None),
        ([assigned("0PS2", "I", PermissionSetGroupId="0PG2")], [MEMBER], [NAMED], False),
        ([assigned("0PS2", "I", PermissionSetGroupId="0PG1", IsActive=False)], [MEMBER], [NAMED], False),
        ([assigned("0PS3", "I", PermissionSetGroupId="0PG2"), GROUPED], [MEMBER], [], True),
        ([assigned("0PS2", ONLY), GROUPED], [OTHER], [], True),
        ([assigned("0PS2", ONLY, IsRevoked=True), GROUPED], [OTHER], [NAMED], False),
    ],
)
async def test_groups(
    watch: Watch, assignments: Sequence[Row], members: Sequence[Row], sets: Sequence[Row], has: bool | None
) -> None:
    """A group counts while its assignment does; a member that cannot be seen may be the one."""
    org = OrgAnswers(
        PermissionSetAssignment=[PROFILE, *assignments], PermissionSetGroupComponent=members, PermissionSet=sets
    )
    assert (await watch(org).poll()).permission_set_assigned is has


@pytest.mark.parametrize("table", ["PermissionSetGroupComponent", "PermissionSet"])
async def test_what_could_not_be_read_is_not_known(watch: Watch, table: str) -> None:
    """The members of the groups, or the org's sets: that part is named, and nothing is said."""
    answers: dict[str, Any] = {"PermissionSetAssignment": [PROFILE, GROUPED], "ObjectPermissions": GRANTED}
    org = OrgAnswers(**answers | {table: no_such(table)})
    access, missing = await watch(org).told()
    assert (access.permission_set_assigned, objects_missing(access)) == (None, False)
    assert missing.keys() == {"permission_set"}
    assert "needs the permission View Setup and Configuration" in missing["permission_set"]
