"""The Salesforce objects that can be queried: who has which permission sets, what these grant, the org itself.

As in Salesforce a permission that grants nothing has no row, and the profile shows up as a permission set.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from exporter.demo.simulator.org import Org
from exporter.demo.simulator.salesforce.event_log import log_file_rows
from exporter.demo.simulator.salesforce.soql.query import Table

PROFILE_SET_ID = "0PS000000000001SIM"
PERMISSION_SET_ID = "0PS000000000002SIM"
USER_ID = "005000000000001SIM"


def tables_of(org: Org) -> dict[str, Table]:
    """Every object by its name: its fields, and its rows when they are asked for."""
    made: dict[str, tuple[tuple[str, ...], Callable[[Org], list[dict[str, Any]]]]] = {
        "PermissionSetAssignment": (_ASSIGNMENT_FIELDS, _assignments),
        "PermissionSet": (_SET_FIELDS, _sets),
        "ObjectPermissions": (_OBJECT_FIELDS, _object_permissions),
        "FieldPermissions": (_FIELD_FIELDS, _field_permissions),
        "Organization": (_ORGANIZATION_FIELDS, _organization),
        "User": (_USER_FIELDS, _users),
        "EventLogFile": (_LOG_FIELDS, log_file_rows),
    }
    return {name: Table(name, fields, partial(rows, org)) for name, (fields, rows) in made.items()}


_SET_FIELDS = ("Id", "Label", "Name", "IsOwnedByProfile", "PermissionsApiEnabled", "ProfileId")
_PARENT_FIELDS = tuple(f"Parent.{name}" for name in _SET_FIELDS)
_USER_FIELDS = ("Id", "Username", "IsActive")
_ASSIGNMENT_FIELDS = (
    *("Id", "PermissionSetId", "AssigneeId"),
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


def _profile(org: Org) -> dict[str, Any]:
    return {
        "Id": PROFILE_SET_ID,
        "Label": "00ex00000018ozT_128_09_43_34_1",
        "Name": "X00ex00000018ozT_128_09_43_34_1",
        "IsOwnedByProfile": True,
        "PermissionsApiEnabled": org.access.api_enabled,
        "ProfileId": "00e000000000001SIM",
    }


def _permission_set(org: Org) -> dict[str, Any]:
    return {
        "Id": PERMISSION_SET_ID,
        "Label": org.settings.permission_set,
        "Name": org.settings.permission_set.replace(" ", "_"),
        "IsOwnedByProfile": False,
        "PermissionsApiEnabled": False,
        "ProfileId": None,
    }


def _sets(org: Org) -> list[dict[str, Any]]:
    return [_profile(org), _permission_set(org)]


def _users(org: Org) -> list[dict[str, Any]]:
    return [{"Id": USER_ID, "Username": org.integration_user, "IsActive": org.access.user_active}]


def _assignments(org: Org) -> list[dict[str, Any]]:
    (user,) = _users(org)
    assigned = _sets(org) if org.access.permission_set_assigned else [_profile(org)]
    return [
        {
            "Id": f"0Pa{number:012d}SIM",
            "PermissionSetId": permission_set["Id"],
            "AssigneeId": USER_ID,
            **_beneath("PermissionSet", permission_set),
            **_beneath("Assignee", user),
        }
        for number, permission_set in enumerate(assigned, start=1)
    ]


def _object_permissions(org: Org) -> list[dict[str, Any]]:
    parent = _permission_set(org)
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
    parent = _permission_set(org)
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
