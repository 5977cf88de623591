"""What the integration user may do in Salesforce, and where the org lives.

Exports, for one integration::

    hubspot_salesforce_integration_user_active{integration="acme"} 1
    hubspot_salesforce_integration_user_api_enabled{integration="acme"} 1
    hubspot_salesforce_permission_set_assigned{integration="acme"} 1
    hubspot_salesforce_object_permission{integration="acme",object="Contact",access="edit"} 0
    hubspot_salesforce_field_permission{integration="acme",object="Contact",field="Email",access="read"} 1

Source of the facts: Salesforce *Object Reference*. A set that grants neither read nor edit has no row, so a missing
row is a missing permission, but for objects of which Salesforce never keeps rows. One composite request, one API call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import structlog

from exporter.clients.connection import Connection
from exporter.clients.salesforce.access_queries import (
    ASSIGNMENTS,
    FIELDS,
    OBJECTS,
    ORGANIZATION,
    AccessQueries,
    access_queries,
)
from exporter.clients.salesforce.composite import Records
from exporter.config.masking import shown
from exporter.config.settings import Integration, Salesforce
from exporter.errors import InvalidAnswer
from exporter.model import Access, Permission
from exporter.schemas.json_schema import checked
from exporter.sources.source import Source, configured

WITHOUT_OBJECT_ROWS = frozenset({"task", "event", "user", "opportunitylineitem", "orderitem", "pricebookentry"})
"""Objects whose access rolls up to something else: no permission set can have an ObjectPermissions row for them, so
its absence says nothing (seen by others, jetstreamapp/jetstream#1982; unverified for every org)."""

_ASSIGNMENT = ("PermissionSet.Label", "PermissionSet.PermissionsApiEnabled", "Assignee.IsActive")
_OBJECT = ("SobjectType", "PermissionsRead", "PermissionsEdit")
_FIELD = ("Field", "PermissionsRead", "PermissionsEdit")
_ORGANIZATION = ("InstanceName", "IsSandbox")

log = structlog.get_logger(__name__)


async def fetch(connection: Connection, _previous: Any) -> Any:
    """What was asked and the columns that came back, as lists: a tenth of what Salesforce sends."""
    salesforce = configured(connection.salesforce, "Salesforce org")
    settings = configured(connection.settings.salesforce, "Salesforce org")
    user = configured(settings.integration_user, "integration_user of the Salesforce org")
    asked = access_queries(user, settings.objects, _field_names(settings.fields))
    payload = _payload(settings, user, asked, await salesforce.composite(asked.queries))
    _log_unknown(connection.settings.name, payload)
    return payload


def _field_names(fields: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(".".join(pair) for pair in fields)


def _payload(settings: Salesforce, user: str, asked: AccessQueries, answers: Mapping[str, Records]) -> dict[str, Any]:
    return {
        "integration_user": user,
        "permission_set": settings.permission_set,
        "objects": list(settings.objects),
        "fields": [list(pair) for pair in settings.fields],
        "assignments": _rows(answers, ASSIGNMENTS, _ASSIGNMENT),
        "object_permissions": {"asked": asked.objects_asked, **_rows(answers, OBJECTS, _OBJECT)},
        "field_permissions": {"asked": asked.fields_asked, **_rows(answers, FIELDS, _FIELD)},
        "organization": _rows(answers, ORGANIZATION, _ORGANIZATION),
    }


def _rows(answers: Mapping[str, Records], about: str, columns: Iterable[str]) -> dict[str, Any]:
    """The rows of every query about the same thing, as lists of the columns' values."""
    told = [records for name, records in answers.items() if name.startswith(about)]
    rows = [[_value(row, column) for column in columns] for records in told for row in records.rows]
    return {"done": all(records.done for records in told), "rows": rows}


def _value(row: Any, column: str) -> Any:
    for step in column.split("."):
        row = row.get(step) if isinstance(row, dict) else None
    return row


def _log_unknown(integration: str, payload: Mapping[str, Any]) -> None:
    for names, part in (("objects", "object_permissions"), ("fields", "field_permissions")):
        left_out = len(payload[names]) - payload[part]["asked"]
        if left_out or not payload[part]["done"]:
            log.warning("permissions not all known", integration=integration, about=names, not_asked=left_out)


def parse(payload: Any, _read_at: float) -> Access:
    told = checked(payload, "salesforce_access", "access")
    assignments = told["assignments"]["rows"]
    if not assignments:
        raise InvalidAnswer(
            f"Salesforce shows no profile of the user {shown(told['integration_user'])}: is that the username HubSpot "
            "logs in with (salesforce.integration_user), and may the exporter's own user View Setup and Configuration?"
        )
    organization = told["organization"]["rows"]
    instance, sandbox = organization[0] if organization else (None, None)
    return Access(
        user_active=all(active for _label, _api, active in assignments),
        api_enabled=any(api for _label, api, _active in assignments),
        permission_set_assigned=any(label == told["permission_set"] for label, _api, _active in assignments),
        permissions=(*_object_permissions(told), *_field_permissions(told)),
        instance=instance,
        sandbox=sandbox,
    )


def _object_permissions(told: Mapping[str, Any]) -> Iterator[Permission]:
    grants = _Grants(told["object_permissions"])
    for position, name in enumerate(told["objects"]):
        yield Permission(name, None, *grants.of((name,), position, name))


def _field_permissions(told: Mapping[str, Any]) -> Iterator[Permission]:
    grants = _Grants(told["field_permissions"])
    for position, (object_name, field) in enumerate(told["fields"]):
        # A lookup may be asked for as Contact.Account; the row names it Contact.AccountId.
        names = (f"{object_name}.{field}", f"{object_name}.{field}Id")
        yield Permission(object_name, field, *grants.of(names, position, object_name))


class _Grants:
    """Rows of several permission sets, merged: who has a permission in one of them has it."""

    def __init__(self, part: Mapping[str, Any]) -> None:
        self._asked: int = part["asked"]
        self._done: bool = part["done"]
        self._granted = {
            (name.casefold(), access)
            for name, *accesses in part["rows"]
            for access, granted in enumerate(accesses)
            if granted
        }
        self._named = {name.casefold() for name, *_accesses in part["rows"]}

    def of(self, names: Iterable[str], position: int, object_name: str) -> tuple[bool | None, bool | None]:
        """Read and edit of what goes by one of these names and was asked for at this position."""
        folded = {name.casefold() for name in names}
        complete = self._done and position < self._asked
        silent = not folded & self._named and object_name.casefold() in WITHOUT_OBJECT_ROWS
        refused = False if complete and not silent else None
        read, edit = ((any((name, access) in self._granted for name in folded) or refused) for access in (0, 1))
        return read, edit


def applies(integration: Integration) -> bool:
    return integration.salesforce is not None and integration.salesforce.integration_user is not None


SOURCE = Source("salesforce_access", applies, fetch, parse, asks_salesforce=True, budget_share=0.9)
