"""What is kept of the answers about a user's access, and what is said of a question that was refused. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from exporter.clients.salesforce.access_queries import (
    ASSIGNMENT_COLUMNS,
    ASSIGNMENTS,
    FIELDS,
    GROUPS,
    LOGIN,
    OBJECTS,
    OCCASIONAL,
    ORGANIZATION,
    SETS,
    AccessQueries,
)
from exporter.clients.salesforce.composite import Records, Refused
from exporter.errors import Again, InvalidAnswer, UpstreamError
from exporter.schemas.json_schema import checked
from exporter.sources.access.assignments import assignments_of

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    ASSIGNMENTS: tuple(ASSIGNMENT_COLUMNS),
    GROUPS: ("PermissionSetGroupId", "PermissionSetId", "PermissionSet.Label", "PermissionSet.Name"),
    SETS: ("Label", "Name"),
    OBJECTS: ("ParentId", "SobjectType", "PermissionsRead", "PermissionsEdit"),
    FIELDS: ("ParentId", "Field", "PermissionsRead", "PermissionsEdit"),
    LOGIN: ("IsFrozen", "IsPasswordLocked"),
    ORGANIZATION: ("InstanceName", "IsSandbox"),
}
"""What is kept of the rows of each answer, in this order; a column that was not asked for is null."""

_FORBIDDEN = ("INSUFFICIENT_ACCESS", "INVALID_TYPE", "INVALID_FIELD", "FUNCTIONALITY_NOT_ENABLED")
"""What Salesforce calls something that the user who asks may not see: it is as if it did not exist."""


def kept(
    answers: Mapping[str, Records | Refused], queries: AccessQueries
) -> tuple[dict[str, Any], dict[str, UpstreamError]]:
    """What is kept of the answer to each question, ``None`` of one that was refused, and the refusals."""
    told: dict[str, Any] = {}
    refusals: dict[str, UpstreamError] = {}
    for question in _COLUMNS:
        given = [one for name, one in answers.items() if name == question or name.startswith(f"{question}_")]
        if not given and question in OCCASIONAL:
            continue
        try:
            told[question] = _rows(question, [one for one in given if isinstance(one, Records)], len(given), queries)
        except InvalidAnswer as error:
            told[question], refusals[question] = None, explained(error, question)
        refused = [one.error for one in given if isinstance(one, Refused)]
        if refused:
            told[question] = told[question] if len(refused) < len(given) else None
            refusals[question] = explained(refused[0], question)
    return told, refusals


def _rows(question: str, told: Sequence[Records], given: int, queries: AccessQueries) -> dict[str, Any]:
    """The rows of every query about the same thing, as lists of the columns' values; raises ``InvalidAnswer``."""
    rows = [[_value(row, column) for column in _COLUMNS[question]] for records in told for row in records.rows]
    kept: dict[str, Any] = {"done": all(one.done for one in told) and len(told) == given, "rows": rows}
    if question in (OBJECTS, FIELDS):
        kept["asked"] = queries.objects_asked if question == OBJECTS else queries.fields_asked
    nothing = dict.fromkeys((ASSIGNMENTS, OBJECTS, FIELDS, LOGIN))
    checked({**nothing, question: kept}, "salesforce_access_answers", "access")
    if question == ASSIGNMENTS:
        assignments_of(rows, 0.0)
    if question == LOGIN and told and not rows:
        reason = "access: login: Salesforce shows none of this user"
        raise InvalidAnswer(reason, code="INSUFFICIENT_ACCESS", again=Again.LATER)
    return kept


def _value(row: Any, column: str) -> Any:
    for step in column.split("."):
        row = row.get(step) if isinstance(row, dict) else None
    return row


def explained(error: UpstreamError, question: str) -> UpstreamError:
    """The same, with the permission that is needed to read it where that may be what is missing."""
    if not (error.code or "").startswith(_FORBIDDEN):
        return error
    needed = "Manage Users" if question == LOGIN else "View Setup and Configuration"
    text = f"{error}: the exporter's own user needs the permission {needed}"
    return error.retold(text, again=Again.LATER)
