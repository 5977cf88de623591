"""What the integration user may do, as SOQL: the queries of one composite call or two. Pure.

Facts: Salesforce *Object Reference*, PermissionSetAssignment, PermissionSetGroupComponent, ObjectPermissions and
FieldPermissions (reading them needs *View Setup and Configuration*), UserLogin (needs *Manage Users*); profiles appear
among the permission sets. A semi-join stands alone at the top of its WHERE, and ``_`` in a LIKE is any one character.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from exporter.clients.salesforce.composite import MAX_QUERIES, MAX_QUERY_LENGTH
from exporter.clients.salesforce.soql import soql_text

ASSIGNMENTS, OBJECTS, FIELDS, LOGIN = "assignments", "objects", "fields", "login"
GROUPS, SETS, ORGANIZATION = "groups", "sets", "organization"
OCCASIONAL = (ORGANIZATION, GROUPS, SETS)
"""Questions that need not be asked every time."""

ASSIGNMENT_COLUMNS: Mapping[str, int] = {
    "PermissionSetId": 0,
    "PermissionSetGroupId": 45,
    "ExpirationDate": 52,
    "IsActive": 52,
    "IsRevoked": 57,
    "PermissionSet.HasActivationRequired": 37,
    "PermissionSet.IsOwnedByProfile": 0,
    "PermissionSet.Label": 0,
    "PermissionSet.Name": 0,
    "PermissionSet.PermissionsApiEnabled": 0,
    "Assignee.IsActive": 0,
}
"""With the API version each came with; those that always were there are 0, and cannot be done without."""

_LOGIN = "SELECT IsFrozen, IsPasswordLocked FROM UserLogin"
_MEMBERS = (
    "SELECT PermissionSetGroupId, PermissionSetId, PermissionSet.Label, PermissionSet.Name "
    "FROM PermissionSetGroupComponent"
)
_SETS = "SELECT Label, Name FROM PermissionSet"
_ASSIGNED = "FROM PermissionSetAssignment WHERE Assignee.Username = "
_FIELD_QUERIES = MAX_QUERIES - 3
"""Fields may take what assignments, objects and the login leave of a composite call."""


@dataclass(frozen=True, slots=True)
class AccessQueries:
    """Queries by reference id: those of every time (about fields: ``fields``, ``fields_2``), and the occasional ones.

    ``objects_asked`` and ``fields_asked`` say how many of the names given fitted in, counted from the first.
    """

    always: Mapping[str, str]
    occasional: Mapping[str, str]
    objects_asked: int
    fields_asked: int


def access_queries(
    user: str, permission_set: str, objects: Sequence[str], fields: Sequence[str], columns: Iterable[str]
) -> AccessQueries:
    """The questions about a user: objects by API names, fields as ``Contact.Email``, ``columns`` of assignments."""
    about_objects, objects_asked = _permission_queries("ObjectPermissions", "SobjectType", objects, user, 1)
    about_fields, fields_asked = _permission_queries("FieldPermissions", "Field", fields, user, _FIELD_QUERIES)
    name = soql_text(user)
    always = {
        ASSIGNMENTS: f"SELECT {', '.join(columns)} {_ASSIGNED}{name}",
        **_numbered(OBJECTS, about_objects),
        **_numbered(FIELDS, about_fields),
        LOGIN: f"{_LOGIN} WHERE UserId IN (SELECT Id FROM User WHERE Username = {name})",  # noqa: S608
    }
    begins = soql_text(re.sub(r"\s+", "_", permission_set.strip()) + "%")
    occasional = {
        ORGANIZATION: "SELECT InstanceName, IsSandbox FROM Organization",
        GROUPS: f"{_MEMBERS} WHERE PermissionSetGroupId IN (SELECT PermissionSetGroupId {_ASSIGNED}{name})",
        SETS: f"{_SETS} WHERE IsOwnedByProfile = false AND (Label LIKE {begins} OR Name LIKE {begins})",
    }
    return AccessQueries(always, occasional, objects_asked, fields_asked)


def assignment_columns(api_version: str, without: Collection[str]) -> tuple[str, ...]:
    """Those that an API version has, without those that the org is known not to have."""
    version = float(api_version)
    return tuple(name for name, since in ASSIGNMENT_COLUMNS.items() if since <= version and name not in without)


def dispensable(column: str | None, asked: Iterable[str]) -> tuple[str, ...]:
    """What to leave out once Salesforce said that it has no such column: that one; if it named none, all that were not
    always there. Nothing, if it cannot be done without."""
    optional = [name for name in asked if ASSIGNMENT_COLUMNS[name]]
    if column is None:
        return tuple(optional)
    named = column.rpartition(".")[2].casefold()
    return tuple(name for name in optional if name.rpartition(".")[2].casefold() == named)


def _numbered(name: str, queries: Iterable[str]) -> dict[str, str]:
    return {name if number == 1 else f"{name}_{number}": query for number, query in enumerate(queries, 1)}


def _permission_queries(
    table: str, column: str, names: Sequence[str], user: str, most: int
) -> tuple[tuple[str, ...], int]:
    """Up to ``most`` queries that ask about as many of the names as fit, and how many that are."""
    head = f"SELECT ParentId, {column}, PermissionsRead, PermissionsEdit FROM {table} WHERE {column} IN ("  # noqa: S608
    tail = f") AND ParentId IN (SELECT PermissionSetId {_ASSIGNED}{soql_text(user)})"
    literals = [soql_text(name) for name in names]
    queries: list[str] = []
    asked = 0
    while asked < len(literals) and len(queries) < most:
        fitting = _fitting(literals[asked:], MAX_QUERY_LENGTH - len(head) - len(tail))
        if not fitting:
            break
        queries.append(head + ", ".join(literals[asked : asked + fitting]) + tail)
        asked += fitting
    return tuple(queries), asked


def _fitting(literals: Sequence[str], room: int) -> int:
    """How many of them, from the first on and each with a comma, stay below so many characters."""
    return sum(length < room for length in accumulate(len(literal) + 2 for literal in literals))
