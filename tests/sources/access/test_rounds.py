"""What a poll asks: one API call nearly always, whatever the org is like."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from exporter.clients.salesforce.composite import MAX_QUERIES
from tests.sources.access.conftest import Watch
from tests.sources.access.org_answers import PROFILE, OrgAnswers, assigned, right

HUBSPOT = assigned("0PS2", "HubSpot Integration")
GROUPED = assigned("0PS2", "Integrations", PermissionSetGroupId="0PG1")
OWN = assigned("0PS2", "Rights of the sync")
NAMED = {"Label": "HubSpot Integration", "Name": "HubSpot_Integration"}
MEMBER = {"PermissionSetGroupId": "0PG1", "PermissionSetId": "0PS9", "PermissionSet": NAMED}
FIELDS = {"Contact": ["Email", "Phone"]}


def org(*assignments: Any, hidden: Sequence[str] = (), **answers: Any) -> OrgAnswers:
    rights = {"ObjectPermissions": [right("0PS2", "Contact")], "FieldPermissions": [right("0PS2", "Contact.Email")]}
    return OrgAnswers(hidden, PermissionSetAssignment=[PROFILE, *assignments], **rights | answers)


@pytest.mark.parametrize(
    ("answers", "has"),
    [
        (org(HUBSPOT), True),
        (org(GROUPED, PermissionSetGroupComponent=[MEMBER], PermissionSet=[NAMED]), True),
        (org(GROUPED), None),
        (org(GROUPED, PermissionSet=[NAMED]), False),
        (org(OWN), None),
        (org(OWN, PermissionSet=[NAMED]), False),
    ],
    ids=["directly", "by group", "no set, groups", "not in the group", "no set", "not assigned"],
)
async def test_a_day_costs_a_call_a_poll(watch: Watch, answers: OrgAnswers, has: bool | None) -> None:
    """And one more at the beginning, where it matters what is in groups and which sets there are."""
    watcher = watch(answers, fields=FIELDS)
    for _ in range(48):
        access = await watcher.poll()
        assert (access.permission_set_assigned, access.instance) == (has, "NA1")
    assert len(answers.asked) == (48 if has and HUBSPOT in answers.answers["PermissionSetAssignment"] else 49)
    assert all(len(asked) <= MAX_QUERIES for asked in answers.asked)
    asked = Counter(table for call in answers.asked for table in call)
    assert asked["Organization"] >= 2


async def test_a_change_is_seen_at_once_or_two_polls_later(watch: Watch) -> None:
    """An assignment that goes is seen at the next poll; a set that only the org gets, some polls later."""
    watcher = watch(org(HUBSPOT), fields=FIELDS)
    rows = watcher.org.answers
    await watcher.poll()
    rows["PermissionSetAssignment"], rows["PermissionSet"] = [PROFILE, OWN], [NAMED]
    assert (await watcher.poll()).permission_set_assigned is False
    rows["PermissionSet"] = []
    assert [(await watcher.poll()).permission_set_assigned for _ in range(3)][-1] is None
    rows["PermissionSetAssignment"], rows["PermissionSetGroupComponent"] = [PROFILE, GROUPED], [MEMBER]
    assert (await watcher.poll()).permission_set_assigned is True
    rows["PermissionSetGroupComponent"] = []
    assert [(await watcher.poll()).permission_set_assigned for _ in range(3)][-1] is None


async def test_other_settings_forget(watch: Watch) -> None:
    """What was answered about another name, user or org says nothing."""
    answers = org(OWN)
    first = watch(answers, permission_set="Rights of the sync")
    assert (await first.poll()).permission_set_assigned is True
    second = watch(answers, permission_set="HubSpot Integration")
    second.previous = first.previous
    assert (await second.poll()).permission_set_assigned is None


@pytest.mark.parametrize(
    ("version", "asked_for"),
    [
        ("41.0", set()),
        ("45.0", {"PermissionSetGroupId"}),
        ("52.0", {"PermissionSetGroupId", "ExpirationDate", " IsActive"}),
        ("57.0", {"PermissionSetGroupId", "ExpirationDate", " IsActive", "IsRevoked"}),
        ("68.0", {"PermissionSetGroupId", "ExpirationDate", " IsActive", "IsRevoked"}),
    ],
)
async def test_an_api_version_is_asked_for_columns_it_has(watch: Watch, version: str, asked_for: set[str]) -> None:
    """An older one has fewer, and needs no second call for that."""
    watcher = watch(org(HUBSPOT), api_version=version)
    assert (await watcher.poll()).permission_set_assigned is True
    assert len(watcher.org.asked) == 1
    query = watcher.org.queries["PermissionSetAssignment"]
    every = {"PermissionSetGroupId", "ExpirationDate", " IsActive", "IsRevoked"}
    assert {column for column in every if column in query} == asked_for


@pytest.mark.parametrize(
    "hidden",
    [("IsRevoked",), ("HasActivationRequired",), ("IsRevoked", "ExpirationDate"), ("PermissionSetGroupId",)],
)
async def test_a_column_that_is_not_there_is_missed_once(watch: Watch, hidden: Sequence[str]) -> None:
    """IsRevoked comes with user access policies only: asked again without it, and never asked for again."""
    watcher = watch(org(HUBSPOT, hidden=hidden), fields=FIELDS)
    access, missing = await watcher.told()
    assert (access.permission_set_assigned, access.permissions[0].edit, missing) == (True, True, {})
    assert len(watcher.org.asked) == 1 + len(hidden)
    assert all("ObjectPermissions" not in call for call in watcher.org.asked[1:])
    assert (await watcher.told())[1] == {}
    assert len(watcher.org.asked) == 2 + len(hidden)


async def test_a_column_that_cannot_be_done_without(watch: Watch) -> None:
    """Then the user is not known, and the rest is; no call is made in vain."""
    watcher = watch(org(HUBSPOT, hidden=["PermissionsApiEnabled"]))
    access, missing = await watcher.told()
    assert missing.keys() == {"user", "permission_set"}
    assert access.permissions[0].edit is True
    assert len(watcher.org.asked) == 1


async def test_a_second_call_that_fails_costs_what_it_asked(watch: Watch) -> None:
    """What the first one brought was read and paid for."""
    answers = org(OWN)
    answers.fails_from = 1
    access, missing = await watch(answers).told()
    assert missing.keys() == {"permission_set"}
    assert (access.user_active, access.permissions[0].edit, access.instance) == (True, True, "NA1")
