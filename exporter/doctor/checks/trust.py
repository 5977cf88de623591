"""Salesforce's status page, and the instance it is asked about."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.doctor import sections
from exporter.doctor.check import Check
from exporter.doctor.finding import Finding, doubtful, failed, good, not_tried
from exporter.doctor.patient import Patient
from exporter.errors import UpstreamError
from exporter.sources.source import configured

_CHANGE = "salesforce.status.url and .instance, or salesforce.status: off"


async def examine(patient: Patient) -> Sequence[Finding]:
    trust = configured(patient.connection.trust, "status page")
    instance = trust.configured_instance or await _of_org(patient)
    if instance is None:
        return (not_tried("the org could not be asked for its instance", subject="instance"),)
    told = await trust.instance_status(instance)
    if told is None or told.get("isActive") is False:
        return (failed(f"the page knows no instance {instance}, or no longer", _CHANGE),)
    status = told.get("status")
    if not isinstance(status, str):
        return (doubtful(f"{instance}: the page does not say how it is"),)
    return (good(f"{instance}: {status}"),)


async def _of_org(patient: Patient) -> str | None:
    """What the org said of itself beside its permissions, or is asked for; ``None`` where it cannot be."""
    if not patient.logged_in:
        return None
    try:
        settings = configured(patient.settings.salesforce, "Salesforce org")
        if settings.integration_user is not None and patient.reads("salesforce_access"):
            instance = (await patient.access.get()).instance
            if instance is not None:
                return instance
        return await configured(patient.connection.org_instance, "Salesforce org").name()
    except UpstreamError:
        return None


CHECK = Check(
    "trust",
    sections.SALESFORCE,
    "Salesforce's status page does not answer",
    lambda patient: patient.connection.trust is not None and patient.reads("salesforce_status"),
    examine,
)
