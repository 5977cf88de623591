"""What the integration user may do in Salesforce."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Permission:
    """Read and edit on an object, or on one of its fields; ``None`` where Salesforce does not say."""

    object: str
    field: str | None
    read: bool | None
    edit: bool | None


@dataclass(frozen=True, slots=True)
class Access:
    """What the integration user may do, and where the org lives; ``None`` is what could not be read.

    ``user_frozen``: or locked out. ``permission_set_assigned`` is ``None`` also where the org has no such set;
    ``assignment_ends`` is when the first assignment ends that the user cannot do without, ``None`` if none does.
    """

    user_active: bool | None
    user_frozen: bool | None
    api_enabled: bool | None
    permission_set_assigned: bool | None
    assignment_ends: float | None
    permissions: tuple[Permission, ...]
    instance: str | None
    sandbox: bool | None
