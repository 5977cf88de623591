"""The Salesforce objects that can be queried: who has which permission sets, what these grant, the org itself.

As in Salesforce a permission that grants nothing has no row, and the profile shows up as a permission set.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from exporter.demo.simulator.clock import salesforce_time
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.salesforce.event_log import log_file_rows
from exporter.demo.simulator.salesforce.record_tables import RECORD_FIELDS, USER_ID, WRITTEN_OBJECTS, record_rows
from exporter.demo.simulator.salesforce.soql.query import Table
from exporter.demo.simulator.state.access import DIRECT, GROUP, OWN

PROFILE_SET_ID = "0PS000000000001SIM"
PERMISSION_SET_ID = "0PS000000000002SIM"
GROUP_SET_ID = "0PS000000000003SIM"
OWN_SET_ID = "0PS000000000004SIM"
GROUP_ID = "0PG000000000001SIM"
MUTING_SET_ID = "0QM000000000001SIM"


def tables_of(org: Org) -> dict[str, Table]:
    """Every object by its name, but for what the org hides: its fields, and its rows when they are asked for."""
    made: dict[str, tuple[tuple[str, ...], Callable[[Org], list[dict[str, Any]]]]] = {
        "PermissionSetAssignment": (_ASSIGNMENT_FIELDS, _assignments),
        "PermissionSet": (_SET_FIELDS, _sets),
        "PermissionSetGroupComponent": (_MEMBER_FIELDS, _members),
        "ObjectPermissions": (_OBJECT_FIELDS, _object_permissions),
        "FieldPermissions": (_FIELD_FIELDS, _field_permissions),
        "Organization": (_ORGANIZATION_FIELDS, _organization),
        "User": (_USER_FIELDS, _users),
        "UserLogin": (_LOGIN_FIELDS, _logins),
        "EventLogFile": (_log_fields(org), log_file_rows),
        **{name: (RECORD_FIELDS, partial(record_rows, name)) for name in WRITTEN_OBJECTS},
    }
    if not org.settings.event_logs:
        del made["EventLogFile"]
    return {
        name: Table(name, tuple(one for one in fields if f"{name}.{one}" not in org.hidden), partial(rows, org))
        for name, (fields, rows) in made.items()
        if name not in org.hidden | org.monitoring.invisible
    }


_SET_FIELDS = (
    *("Id", "Label", "Name", "IsOwnedByProfile", "HasActivationRequired", "PermissionsApiEnabled", "ProfileId"),
)
_PARENT_FIELDS = tuple(f"Parent.{name}" for name in _SET_FIELDS)
_USER_FIELDS = ("Id", "Username", "IsActive")
_LOGIN_FIELDS = ("Id", "UserId", "IsFrozen", "IsPasswordLocked")
_MEMBER_FIELDS = (
    *("Id", "PermissionSetGroupId", "PermissionSetId"),
    *(f"PermissionSet.{name}" for name in _SET_FIELDS),
)
_ASSIGNMENT_FIELDS = (
    *("Id", "PermissionSetId", "PermissionSetGroupId", "AssigneeId", "ExpirationDate", "IsActive", "IsRevoked"),
    *(f"PermissionSet.{name}" for name in _SET_FIELDS),
    *(f"Assignee.{name}" for name in _USER_FIELDS),
)
_OBJECT_FIELDS = (
    *("Id", "ParentId", "SobjectType"),
    *("PermissionsRead", "PermissionsEdit", "PermissionsCreate", "PermissionsDelete"),
    *_PARENT_FIELDS,
)
_FIELD_FIELDS = (
    *("Id", "ParentId", "SobjectType", "Field", "PermissionsRead", "PermissionsEdit"),
    *_PARENT_FIELDS,
)
_ORGANIZATION_FIELDS = ("Id", "Name", "InstanceName", "IsSandbox", "OrganizationType")
_LOG_FIELDS = (*("Id", "EventType", "LogDate", "CreatedDate", "Interval", "Sequence", "LogFileLength", "LogFile"),)


def _set(set_id: str, label: str, session_based: bool = False) -> dict[str, Any]:
    return {
        "Id": set_id,
        "Label": label,
        "Name": label.replace(" ", "_"),
        "IsOwnedByProfile": False,
        "HasActivationRequired": session_based,
        "PermissionsApiEnabled": False,
        "ProfileId": None,
    }


def _log_fields(org: Org) -> tuple[str, ...]:
    return tuple(name for name in _LOG_FIELDS if name not in org.settings.event_log_without)


def _profile(org: Org) -> dict[str, Any]:
    return {
        **_set(PROFILE_SET_ID, "00ex00000018ozT_128_09_43_34_1"),
        "Name": "X00ex00000018ozT_128_09_43_34_1",
        "IsOwnedByProfile": True,
        "PermissionsApiEnabled": org.access.api_enabled,
        "ProfileId": "00e000000000001SIM",
    }


def _permission_set(org: Org) -> dict[str, Any]:
    """The one that HubSpot's package brings."""
    return _set(PERMISSION_SET_ID, org.settings.permission_set)


def _granting(org: Org) -> dict[str, Any]:
    """The set that the integration user's objects and fields hang on; that of a group holds what its members grant."""
    named = {
        DIRECT: _permission_set(org),
        GROUP: _set(GROUP_SET_ID, "Integrations"),
        OWN: _set(OWN_SET_ID, "Rights of the sync"),
    }
    return {**named[org.access.assignment.way], "HasActivationRequired": org.access.assignment.session_based}


def _sets(org: Org) -> list[dict[str, Any]]:
    every = [_profile(org), *([_permission_set(org)] if org.access.package_installed else []), _granting(org)]
    return list({one["Id"]: one for one in every}.values())


def _members(org: Org) -> list[dict[str, Any]]:
    """Of the only group: the package's set, and a muting set, which is no permission set."""
    members = [_permission_set(org)] if org.access.package_installed else []
    nothing: dict[str, Any] = dict.fromkeys(_SET_FIELDS)
    return [
        {
            "Id": f"0PM{number:012d}SIM",
            "PermissionSetGroupId": GROUP_ID,
            "PermissionSetId": member["Id"] or MUTING_SET_ID,
            **_beneath("PermissionSet", member),
        }
        for number, member in enumerate([*members, nothing], start=1)
    ]


def _users(org: Org) -> list[dict[str, Any]]:
    return [{"Id": USER_ID, "Username": org.integration_user, "IsActive": org.access.user_active}]


def _logins(org: Org) -> list[dict[str, Any]]:
    access = org.access
    return [
        {
            "Id": "0Yw000000000001SIM",
            "UserId": USER_ID,
            "IsFrozen": access.user_frozen,
            "IsPasswordLocked": access.password_locked,
        }
    ]


def _assignments(org: Org) -> list[dict[str, Any]]:
    (user,) = _users(org)
    given = org.access.assignment
    rows = [{"ExpirationDate": None, "IsActive": True, "IsRevoked": False, **_beneath("PermissionSet", _profile(org))}]
    if org.access.permission_set_assigned:
        ends = None if given.ends is None else salesforce_time(given.ends)
        flags = {"ExpirationDate": ends, "IsActive": given.active, "IsRevoked": given.revoked}
        rows.append({**flags, **_beneath("PermissionSet", _granting(org))})
    return [
        {
            "Id": f"0Pa{number:012d}SIM",
            "PermissionSetId": row["PermissionSet.Id"],
            "PermissionSetGroupId": GROUP_ID if row["PermissionSet.Id"] == GROUP_SET_ID else None,
            "AssigneeId": USER_ID,
            **row,
            **_beneath("Assignee", user),
        }
        for number, row in enumerate(rows, start=1)
    ]


def _object_permissions(org: Org) -> list[dict[str, Any]]:
    parent = _granting(org)
    return [
        {
            "Id": f"110{number:012d}SIM",
            "ParentId": parent["Id"],
            "SobjectType": name,
            "PermissionsRead": "read" in granted,
            "PermissionsEdit": "edit" in granted,
            "PermissionsCreate": "edit" in granted,
            "PermissionsDelete": False,
            **_beneath("Parent", parent),
        }
        for number, (name, granted) in enumerate(org.access.objects.items(), start=1)
        if granted
    ]


def _field_permissions(org: Org) -> list[dict[str, Any]]:
    parent = _granting(org)
    return [
        {
            "Id": f"01k{number:012d}SIM",
            "ParentId": parent["Id"],
            "SobjectType": name.partition(".")[0],
            "Field": name,
            "PermissionsRead": "read" in granted,
            "PermissionsEdit": "edit" in granted,
            **_beneath("Parent", parent),
        }
        for number, (name, granted) in enumerate(org.access.fields.items(), start=1)
        if granted
    ]


def _organization(org: Org) -> list[dict[str, Any]]:
    return [
        {
            "Id": "00D000000000001SIM",
            "Name": org.name,
            "InstanceName": org.instance,
            "IsSandbox": False,
            "OrganizationType": "Enterprise Edition",
        }
    ]


def _beneath(name: str, row: dict[str, Any]) -> dict[str, Any]:
    return {f"{name}.{key}": value for key, value in row.items()}
