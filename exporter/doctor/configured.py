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


def written_objects(patient: Patient) -> tuple[str, ...]:
    """The HubSpot object types of which records are written: by a touch, by the canary."""
    account, canary = patient.settings.hubspot, patient.settings.canary
    touched = account.heartbeat_objects if account is not None and touches(patient) else ()
    return tuple(dict.fromkeys((*touched, *([canary.object] if canary is not None else []))))


def touches(patient: Patient) -> bool:
    """There is a property to touch, and a token to write it with."""
    return has_hubspot(patient) and patient.settings.remediation.touch_property is not None
