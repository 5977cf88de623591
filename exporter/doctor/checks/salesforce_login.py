"""The login at Salesforce. Why one is refused, and what to change, is the login catalogue's to say."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.config.settings import JwtBearer
from exporter.doctor import places, sections
from exporter.doctor.check import Check
from exporter.doctor.configured import has_salesforce
from exporter.doctor.finding import Finding, good, not_tried
from exporter.doctor.patient import Patient
from exporter.doctor.server_time import OFF
from exporter.sources.source import configured


async def examine(patient: Patient) -> Sequence[Finding]:
    settings = configured(patient.settings.salesforce, "Salesforce org")
    ahead = patient.times.ahead
    # An assertion that is over, or not valid yet, would be refused for that alone.
    if isinstance(settings.auth, JwtBearer) and ahead is not None and abs(ahead) > OFF:
        return (not_tried("the clock of this machine is wrong, and an assertion holds two minutes"),)
    await configured(patient.connection.salesforce, "Salesforce org").log_in()
    patient.logged_in = True
    return (good(f"logged in as {places.own_user(settings)}"),)


CHECK = Check(
    "login",
    sections.SALESFORCE,
    "the login at Salesforce does not work",
    has_salesforce,
    examine,
    needs=("address", "call cap"),
)
