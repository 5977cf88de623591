"""What the integration user may do, as SOQL: the queries of one composite call. Pure.

Facts: Salesforce *Object Reference*, ObjectPermissions and FieldPermissions (reading them needs *View Setup and
Configuration*); profiles appear among the permission sets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from exporter.clients.salesforce.composite import MAX_QUERIES, MAX_QUERY_LENGTH
from exporter.clients.salesforce.soql import soql_text

ASSIGNMENTS, OBJECTS, FIELDS, ORGANIZATION = "assignments", "objects", "fields", "organization"
_ASSIGNED = "FROM PermissionSetAssignment WHERE Assignee.Username = "
_FIELD_QUERIES = MAX_QUERIES - 3
"""Fields may take what the other three questions leave of a composite call."""


@dataclass(frozen=True, slots=True)
class AccessQueries:
    """Queries by reference id; those about fields are ``fields``, ``fields_2`` ….

    ``objects_asked`` and ``fields_asked`` say how many of the names given fitted in, counted from the first.
    """

    queries: Mapping[str, str]
    objects_asked: int
    fields_asked: int


def access_queries(user: str, objects: Sequence[str], fields: Sequence[str]) -> AccessQueries:
    """The questions about a user, objects by their API names and fields as ``Contact.Email``."""
    about_objects, objects_asked = _permission_queries("ObjectPermissions", "SobjectType", objects, user, 1)
    about_fields, fields_asked = _permission_queries("FieldPermissions", "Field", fields, user, _FIELD_QUERIES)
    queries = {
        ASSIGNMENTS: "SELECT PermissionSet.Label, PermissionSet.PermissionsApiEnabled, Assignee.IsActive "
        f"{_ASSIGNED}{soql_text(user)}",
        **_numbered(OBJECTS, about_objects),
        **_numbered(FIELDS, about_fields),
        ORGANIZATION: "SELECT InstanceName, IsSandbox FROM Organization",
    }
    return AccessQueries(queries, objects_asked, fields_asked)


def _numbered(name: str, queries: Iterable[str]) -> dict[str, str]:
    return {name if number == 1 else f"{name}_{number}": query for number, query in enumerate(queries, 1)}


def _permission_queries(
    table: str, column: str, names: Sequence[str], user: str, most: int
) -> tuple[tuple[str, ...], int]:
    """Up to ``most`` queries that ask about as many of the names as fit, and how many that are."""
    head = f"SELECT {column}, PermissionsRead, PermissionsEdit FROM {table} WHERE {column} IN ("  # noqa: S608
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
