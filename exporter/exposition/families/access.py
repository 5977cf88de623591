"""What the integration user may do in Salesforce."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.exposition.families.entry import Families, Known, Sample
from exporter.model import Access, Permission


def _samples(known: Known) -> Iterator[Sample]:
    for access in known.parts(Access):
        for family, value in (
            ("integration_user_active", access.user_active),
            ("integration_user_frozen", access.user_frozen),
            ("integration_user_api_enabled", access.api_enabled),
            ("permission_set_assigned", access.permission_set_assigned),
            ("permission_assignment_expiry_timestamp_seconds", access.assignment_ends),
        ):
            if value is not None:
                yield family, {}, float(value)
        for permission in access.permissions:
            yield from _granted(permission)


def _granted(permission: Permission) -> Iterator[Sample]:
    family, labels = "object_permission", {"object": permission.object}
    if permission.field is not None:
        family, labels = "field_permission", {**labels, "field": permission.field}
    for kind, granted in (("read", permission.read), ("edit", permission.edit)):
        if granted is not None:
            yield family, {**labels, "access": kind}, float(granted)


FAMILIES = Families(
    help={
        "integration_user_active": "1 if the integration user is active in Salesforce.",
        "integration_user_frozen": "1 if the integration user is frozen or locked out of Salesforce.",
        "integration_user_api_enabled": "1 if the integration user may use the Salesforce API.",
        "permission_set_assigned": "1 if the integration user has the configured permission set; absent if the "
        "org has no such set.",
        "permission_assignment_expiry_timestamp_seconds": "When the first permission set assignment ends that the "
        "integration user cannot do without; absent if none ends.",
        "object_permission": "1 if the integration user may read or edit the Salesforce object.",
        "field_permission": "1 if the integration user may read or edit the Salesforce field.",
    },
    samples=_samples,
)
