"""Whether a Salesforce org answers at the configured URL, and serves the configured version of its API."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.clients.salesforce.versions import served_versions
from exporter.doctor import sections
from exporter.doctor.check import Check
from exporter.doctor.configured import has_salesforce
from exporter.doctor.finding import Finding, doubtful, failed, good
from exporter.doctor.patient import Patient
from exporter.errors import AuthError
from exporter.sources.source import configured


async def examine(patient: Patient) -> Sequence[Finding]:
    settings = configured(patient.settings.salesforce, "Salesforce org")
    try:
        versions = await served_versions(settings.url, patient.without_login)
    except AuthError as error:
        return (doubtful(f"answers, and does not tell its versions to everybody ({error})"),)
    if settings.api_version not in versions:
        return (
            failed(
                f"the org serves API versions {versions[0]} to {versions[-1]}, not {settings.api_version}",
                "salesforce.api_version: one of these, or leave it out",
            ),
        )
    return (good(f"answers, and serves API version {settings.api_version}"),)


CHECK = Check(
    "address",
    sections.SALESFORCE,
    "no Salesforce org answers at salesforce.url",
    has_salesforce,
    examine,
)
