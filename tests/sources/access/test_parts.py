"""A query that fails costs what it asks for, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from exporter.errors import UpstreamError
from exporter.model import Access
from tests.sources.access.conftest import Watch
from tests.sources.access.judged import judged
from tests.sources.access.org_answers import PROFILE, OrgAnswers, Refusal, assigned, no_such, right

TABLES = {
    "user": "PermissionSetAssignment",
    "objects": "ObjectPermissions",
    "fields": "FieldPermissions",
    "login": "UserLogin",
    "organization": "Organization",
}
"""The object that each part is read from. The permission set is read from assignments, and maybe more."""


def org(**refused: Refusal) -> OrgAnswers:
    """Everything granted, but for queries about these objects."""
    granted: dict[str, Any] = {
        "PermissionSetAssignment": [PROFILE, assigned("0PS2", "HubSpot Integration")],
        "ObjectPermissions": [right("0PS2", "Contact")],
        "FieldPermissions": [right("0PS2", "Contact.Email")],
    }
    return OrgAnswers(**granted | refused)


def known(access: Access) -> dict[str, bool]:
    """What is known of each part."""
    return {
        "user": None not in (access.user_active, access.api_enabled),
        "permission_set": access.permission_set_assigned is not None,
        "objects": access.permissions[0].edit is not None,
        "fields": access.permissions[1].edit is not None,
        "login": access.user_frozen is not None,
        "organization": access.instance is not None,
    }


async def test_everything_is_read(watch: Watch) -> None:
    """One call, no part missing."""
    watcher = watch(org(), fields={"Contact": ["Email"]})
    access, missing = await watcher.told()
    assert all(known(access).values())
    assert missing == {}
    assert len(watcher.org.asked) == 1


async def test_field_permissions_that_are_not_supported(watch: Watch) -> None:
    """Case 14: user, sets and objects are known, the fields are absent and their permission is named."""
    access, missing = await watch(
        org(FieldPermissions=no_such("FieldPermissions")), fields={"Contact": ["Email"]}
    ).told()
    assert {name for name, there in known(access).items() if not there} == missing.keys() == {"fields"}
    assert missing["fields"].endswith(
        "INVALID_TYPE: the exporter's own user needs the permission View Setup and Configuration"
    )
    assert "salesforce_field_permissions_missing" not in judged(access)
    assert judged(access)["salesforce_object_permissions_missing"] is False


@pytest.mark.parametrize("part", TABLES)
@pytest.mark.parametrize(
    "refusal",
    [
        Refusal((400, "INVALID_TYPE", "sObject type is not supported.")),
        Refusal((403, "INSUFFICIENT_ACCESS", "insufficient access rights")),
        Refusal((403, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights")),
        Refusal((400, "MALFORMED_QUERY", "unexpected token")),
        Refusal((400, "INVALID_FIELD", "No such column 'Colour' on entity")),
        Refusal((500, "UNKNOWN_EXCEPTION", "An unexpected error occurred")),
        Refusal((400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access")),
        Refusal((403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests Limit exceeded.")),
        Refusal((400, "QUERY_TIMEOUT", "Your query request was running for too long.")),
        Refusal((503, "SERVER_UNAVAILABLE", "")),
    ],
    ids=lambda refusal: refusal[1],
)
async def test_a_part_that_fails_costs_itself(watch: Watch, part: str, refusal: Refusal) -> None:
    """Whatever the reason: the others are published, the missing is unknown, and named with the code."""
    access, missing = await watch(org(**{TABLES[part]: refusal}), fields={"Contact": ["Email"]}).told()
    lost = {part, "permission_set"} if part == "user" else {part}
    assert {name for name, there in known(access).items() if not there} == lost == missing.keys()
    assert all(refusal[1] in reason or "Concurrent" in refusal[2] for reason in missing.values())
    assert not any(judged(access).values())


async def test_a_login_that_may_not_be_seen(watch: Watch) -> None:
    """Salesforce shows no row where the exporter's own user may not manage users."""
    answers = org()
    answers.answers["UserLogin"] = []
    access, missing = await watch(answers).told()
    assert access.user_frozen is None
    assert missing.keys() == {"login"}
    assert missing["login"].endswith("needs the permission Manage Users")


async def test_when_every_part_fails_the_source_fails(watch: Watch) -> None:
    """Nothing was read: that is no success."""
    refused = {table: no_such(table) for table in TABLES.values()}
    with pytest.raises(UpstreamError, match=r"INVALID_TYPE: .* needs the permission View Setup and Configuration"):
        await watch(org(**refused), fields={"Contact": ["Email"]}).told()


async def test_a_part_comes_back(watch: Watch) -> None:
    """At the next poll it is asked for again."""
    watcher = watch(org(Organization=no_such("Organization")))
    assert (await watcher.told())[1].keys() == {"organization"}
    watcher.org.answers["Organization"] = [{"InstanceName": "NA2", "IsSandbox": True}]
    access, missing = await watcher.told()
    assert (access.instance, missing) == ("NA2", {})
