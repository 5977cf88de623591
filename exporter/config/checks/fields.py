"""Salesforce fields whose permissions are looked at.

Facts: Salesforce *Object Reference*, FieldPermissions: no row is kept for system fields, for the owner, and for what is
required on every record, as nobody can be denied them. Which standard fields are required stands with their objects.
Lookups go by their name with or without ``Id``, in any case.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from exporter.config.draft import Draft
from exporter.config.finding import Finding
from exporter.config.masking import shown

_OF_EVERY_OBJECT = frozenset(
    {
        *("id", "ownerid", "isdeleted", "systemmodstamp"),
        *("createdbyid", "createddate", "lastmodifiedbyid", "lastmodifieddate"),
    }
)
_REQUIRED: Mapping[str, frozenset[str]] = {
    "account": frozenset({"name"}),
    "campaign": frozenset({"name"}),
    "contact": frozenset({"name", "lastname"}),
    "lead": frozenset({"name", "lastname"}),
    "opportunity": frozenset({"name", "stagename", "closedate"}),
}


def without_permissions(draft: Draft) -> Iterator[Finding]:
    """No field of which Salesforce keeps no permissions: it would be missing for ever."""
    for path, salesforce in draft.sections("salesforce"):
        fields = salesforce.get("fields")
        for name, listed in fields.items() if isinstance(fields, dict) else ():
            for index, field in enumerate(listed if isinstance(listed, list) else ()):
                if isinstance(field, str) and _is_never_denied(name, field):
                    yield Finding(
                        (*path, "fields", name, index),
                        f"got {shown(field)}, of which Salesforce keeps no field permissions",
                        f"only fields of {shown(name)} that have field-level security: take it out",
                    )


def _is_never_denied(name: str, field: str) -> bool:
    never = _OF_EVERY_OBJECT | _REQUIRED.get(name.casefold(), frozenset())
    return not never.isdisjoint({field.casefold(), f"{field.casefold()}id"})
