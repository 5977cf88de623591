"""HubSpot's user: there, active, not frozen, with the API enabled."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.clock import format_timestamp
from exporter.doctor import places, sections
from exporter.doctor.check import Check
from exporter.doctor.configured import has_salesforce, looks_at_user
from exporter.doctor.finding import Finding, doubtful, failed, good
from exporter.doctor.patient import Patient
from exporter.errors import InvalidAnswer
from exporter.sources.source import configured


async def user(patient: Patient) -> Sequence[Finding]:
    settings = configured(patient.settings.salesforce, "Salesforce org")
    if settings.integration_user is None:
        return (doubtful("not configured, so nobody's permissions are looked at", "salesforce.integration_user"),)
    page = places.integration_user(settings)
    try:
        access = await patient.access.get()
    except InvalidAnswer as error:
        if error.code is None:
            return (
                failed(
                    f"Salesforce shows no user {settings.integration_user}",
                    "salesforce.integration_user: the username as it stands in Salesforce Setup → Users → Users, which "
                    "HubSpot names under Connected apps → Salesforce (a sandbox appends its name)",
                ),
            )
        raise
    if access.user_active is False:
        return (failed("inactive", f"{page} → Edit → Active", subject="active"),)
    ends = access.assignment_ends
    found = [good("there and active")]
    if ends is not None:
        day = (format_timestamp(ends) or "")[:10]
        change = f"{page} → Permission Set Assignments"
        found.append(doubtful(f"an assignment it cannot do without ends on {day}", change, subject="assignment"))
    return tuple(found)


async def frozen(patient: Patient) -> Sequence[Finding]:
    settings = configured(patient.settings.salesforce, "Salesforce org")
    access = await patient.access.get()
    if access.user_frozen is None:
        error = patient.access_parts.get("login")
        return (
            failed(
                "whether it is frozen cannot be read" + (f" ({error.code})" if error and error.code else ""),
                places.own_permission(settings, "Manage Users"),
            ),
        )
    if access.user_frozen:
        page = places.integration_user(settings)
        return (failed("frozen, or locked out for wrong passwords", f"{page} → Unfreeze, or Unlock"),)
    return (good("not frozen, not locked out"),)


async def api_enabled(patient: Patient) -> Sequence[Finding]:
    settings = configured(patient.settings.salesforce, "Salesforce org")
    access = await patient.access.get()
    if access.api_enabled is False:
        page = places.integration_user(settings)
        return (
            failed(
                "API Enabled is missing, so HubSpot cannot sync",
                f"{page} → its profile, or a permission set → System Permissions → API Enabled; then reconnect "
                "Salesforce in HubSpot",
            ),
        )
    if access.api_enabled is None:
        return (doubtful("Salesforce does not say whether it has API Enabled"),)
    return (good("has API Enabled"),)


CHECKS = (
    Check(
        "user",
        sections.USER,
        "the integration user is not found",
        lambda patient: has_salesforce(patient) and patient.reads("salesforce_access"),
        user,
        needs=("view setup",),
    ),
    Check("frozen", sections.USER, "the integration user is frozen", looks_at_user, frozen, needs=("user",)),
    Check("api enabled", sections.USER, "its API Enabled is missing", looks_at_user, api_enabled, needs=("user",)),
)
