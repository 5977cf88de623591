"""What an integration is configured for, as the checks ask it. Pure."""

from __future__ import annotations

from exporter.doctor.patient import Patient


def has_salesforce(patient: Patient) -> bool:
    return patient.settings.salesforce is not None


def has_hubspot(patient: Patient) -> bool:
    """There is a token to ask with."""
    return patient.connection.hubspot is not None


def looks_at_user(patient: Patient) -> bool:
    """It is said whose permissions are looked at, and that they are."""
    settings = patient.settings.salesforce
    return settings is not None and settings.integration_user is not None and patient.reads("salesforce_access")


def reads_event_log(patient: Patient) -> bool:
    return has_salesforce(patient) and patient.settings.hubspot is not None and patient.reads("salesforce_usage_log")


def touches(patient: Patient) -> bool:
    """There is a property to touch, and a token to write it with."""
    return has_hubspot(patient) and patient.settings.remediation.touch_property is not None
