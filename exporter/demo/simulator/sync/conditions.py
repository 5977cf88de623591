"""When HubSpot suspends an integration, and whether the cause of a reason holds at this moment.

A reason holds when its own condition is met, or an endless fault of Salesforce amounts to it, or somebody put
a cause of that very name (`POST /control/{org}/cause`).
"""

from collections.abc import Callable

from exporter.demo.simulator.names import REASONS
from exporter.demo.simulator.state.org_state import OrgState

FIELD_PERMISSIONS = "salesforce_field_permissions_missing"
OBJECT_PERMISSIONS = "salesforce_object_permissions_missing"
ORG_LIMIT = "salesforce_org_api_limit_exceeded"
ALLOCATION = "hubspot_api_limit_exceeded"

REASON_OF_FAULT = {
    "quota": ORG_LIMIT,
    "api_disabled": "salesforce_org_api_access_disabled",
    "org_locked": "salesforce_org_locked",
    "unable_to_lock_row": "salesforce_org_locked",
    "storage_exceeded": "salesforce_org_storage_limit_exceeded",
    "unavailable_html": "salesforce_org_unavailable",
    "maintenance_page": "salesforce_org_unavailable",
    "maintenance_redirect": "salesforce_org_unavailable",
    "edge_without_routing": "salesforce_org_unavailable",
    "edge_html": "salesforce_org_unavailable",
    "server_error": "salesforce_server_error",
}


def quota_used_up(org: OrgState) -> bool:
    """All apps together used what the licence allows, and overage is not allowed."""
    return not org.overage_allowed and org.calls.used() >= org.daily_limit


def allocation_used_up(org: OrgState) -> bool:
    """HubSpot used what it was allocated."""
    return org.allocation is not None and org.calls.used(org.settings.connected_app) >= org.allocation


_CONDITIONS: dict[str, Callable[[OrgState], bool]] = {
    ORG_LIMIT: quota_used_up,
    ALLOCATION: allocation_used_up,
    "salesforce_org_api_access_disabled": lambda org: not org.access.may_use_api,
    "salesforce_org_storage_limit_exceeded": lambda org: any(
        storage.used_mb is not None and storage.max_mb is not None and storage.used_mb >= storage.max_mb
        for storage in org.storage.values()
    ),
    OBJECT_PERMISSIONS: lambda org: bool(org.access.missing_objects()),
    FIELD_PERMISSIONS: lambda org: bool(org.access.missing_fields()),
}

# A missing permission suspends only after enough records have failed for it.
_THRESHOLD_OF = {OBJECT_PERMISSIONS: "object:", FIELD_PERMISSIONS: "field:"}


def reason_holds(org: OrgState, reason: str) -> bool:
    """Would *Clear Suspension* be in vain?"""
    return _imposed(org, reason) or (reason in _CONDITIONS and _CONDITIONS[reason](org))


def reason_to_suspend(org: OrgState) -> str | None:
    """The first reason, in the catalogue's order, for which HubSpot suspends now."""
    return next((reason for reason in REASONS if _suspends(org, reason)), None)


def _imposed(org: OrgState, reason: str) -> bool:
    return reason in org.causes or REASON_OF_FAULT.get(org.faults.standing("salesforce") or "") == reason


def _suspends(org: OrgState, reason: str) -> bool:
    if reason not in _THRESHOLD_OF:
        return reason_holds(org, reason)
    if _imposed(org, reason):
        return True
    failed = sum(
        errors
        for cause, errors in org.errors.causes().items()
        if cause.startswith(_THRESHOLD_OF[reason]) and org.access.holds(cause)
    )
    return failed > 0 and failed >= org.settings.suspend_after
