"""What is found of the permissions on objects or fields: one finding for each that lacks something. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.doctor.finding import Finding, doubtful, failed, good, not_tried
from exporter.model import Permission
from exporter.sources.access.grants import WITHOUT_OBJECT_ROWS


def judged(permissions: Sequence[Permission], place: str, *, set_assigned: bool | None) -> Sequence[Finding]:
    """While the permission set is known not to be assigned, what is missing may be its consequence."""
    known = [one for one in permissions if one.read is not None and one.edit is not None]
    unknown = [name_of(one) for one in permissions if one not in known]
    lacking = [one for one in known if not (one.read and one.edit)]
    findings: list[Finding] = []
    if lacking and set_assigned is False:
        findings.append(not_tried("the permission set is not assigned, which may give what is missing", "missing ones"))
    else:
        findings += [_lacks(one, place) for one in lacking]
    whole = [name_of(one) for one in known if one not in lacking]
    if whole:
        findings.insert(0, good(f"read and edit on {', '.join(whole)}"))
    if unknown:
        told = f"Salesforce keeps no permissions of {', '.join(unknown)}"
        rolled_up = all(name.casefold() in WITHOUT_OBJECT_ROWS for name in unknown)
        findings.append(good(f"{told}: they go by those of other objects") if rolled_up else doubtful(told))
    return findings


def name_of(permission: Permission) -> str:
    return permission.object if permission.field is None else f"{permission.object}.{permission.field}"


def _lacks(permission: Permission, place: str) -> Finding:
    missing = " and ".join(word for word, given in (("read", permission.read), ("edit", permission.edit)) if not given)
    name = name_of(permission)
    return failed(f"{missing} on {name} is missing", f"{place} → {name}: {missing.title()}", subject=name)
