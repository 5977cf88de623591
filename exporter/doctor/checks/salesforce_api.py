"""Whether the session may use the API, and whether its user may see limits and setup: what one call tells.

What Salesforce answers to a user without *View Setup and Configuration* is not documented: whatever it refuses to a
session that may use the API is taken for that.
"""

from __future__ import annotations

from collections.abc import Sequence

from exporter.config.settings import Salesforce
from exporter.doctor import places, sections
from exporter.doctor.check import Check
from exporter.doctor.configured import has_salesforce
from exporter.doctor.finding import Finding, failed, good
from exporter.doctor.patient import Patient
from exporter.errors import AuthError
from exporter.sources.source import configured

_REFUSED_SESSION = "INVALID_SESSION_ID"
_NO_API = ("API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED")
_SETUP = "View Setup and Configuration"


async def use(patient: Patient) -> Sequence[Finding]:
    settings = _settings(patient)
    try:
        await patient.limits.get()
    except AuthError as error:
        if error.code == _REFUSED_SESSION:
            return (
                failed(
                    "Salesforce takes the login and refuses its session, as for an app without the scope api",
                    f'{places.APP} → OAuth settings → scope "Manage user data via APIs (api)"; if it is there: the IP '
                    "restrictions of app and profile, and Setup → API Access Control",
                ),
            )
        if error.code in _NO_API:
            user = places.own_user(settings)
            return (
                failed(
                    f"the API is switched off for {user}, or the org's edition has none",
                    places.own_permission(settings, "API Enabled"),
                ),
            )
    return (good("the session may use it"),)


async def setup(patient: Patient) -> Sequence[Finding]:
    settings = _settings(patient)
    try:
        await patient.limits.get()
    except AuthError as error:
        return (
            failed(
                f"{places.own_user(settings)} may not read the org's limits ({error.code or 'refused'})",
                places.own_permission(settings, _SETUP),
            ),
        )
    return (good(f"{_SETUP}: limits and permissions can be read"),)


def _settings(patient: Patient) -> Salesforce:
    return configured(patient.settings.salesforce, "Salesforce org")


CHECKS = (
    Check(
        "api",
        sections.SALESFORCE,
        "the session may not use the API",
        has_salesforce,
        use,
        needs=("login",),
    ),
    Check(
        "view setup",
        sections.SALESFORCE,
        f"{_SETUP} is missing",
        has_salesforce,
        setup,
        needs=("api",),
    ),
)
