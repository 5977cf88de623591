"""The property that a touch writes: there, a time, writable, and nobody's but the exporter's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from exporter.clients.hubspot.refusals import is_missing_scope, scopes_told
from exporter.clients.hubspot.touch_property import trouble_with
from exporter.doctor import places, sections
from exporter.doctor.check import Check
from exporter.doctor.configured import touches
from exporter.doctor.finding import Finding, failed, good
from exporter.doctor.patient import Patient
from exporter.errors import UpstreamError
from exporter.sources.source import configured

_CHANGE = (
    "HubSpot → Settings → Data Management → Properties → Create property, of type date and time picker and for nothing "
    "but this; map it to a Salesforce field, and name it in remediation.touch.property"
)


async def examine(patient: Patient) -> Sequence[Finding]:
    """The same trouble of several object types is one finding."""
    account = configured(patient.settings.hubspot, "HubSpot account")
    name = configured(patient.settings.remediation.touch_property, "touch property")
    troubles: defaultdict[str, list[str]] = defaultdict(list)
    findings: list[Finding] = []
    writable: list[str] = []
    for object_type in account.heartbeat_objects:
        try:
            definitions = await patient.definitions(object_type)
        except UpstreamError as error:
            if not is_missing_scope(error):
                raise
            scope = f"crm.schemas.{object_type}.read"
            findings.append(failed(scopes_told(error), places.scope(scope), subject=object_type))
            patient.untouchable.add(object_type)
            continue
        trouble = "has no such object type" if definitions is None else trouble_with(definitions, name)
        if trouble is None:
            writable.append(object_type)
        else:
            troubles[trouble].append(object_type)
            patient.untouchable.add(object_type)
    findings += [failed(f"{name} of {', '.join(on)} {trouble}", _CHANGE, name) for trouble, on in troubles.items()]
    if writable:
        findings.insert(0, good(f"{name} of {', '.join(writable)} is a time that may be written"))
    return findings


CHECK = Check(
    "property",
    sections.RESYNC,
    "the touch property cannot be written",
    touches,
    examine,
    needs=("token",),
)
