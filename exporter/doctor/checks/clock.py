"""The clock of this machine, by the times that the servers write into their answers."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.doctor import sections
from exporter.doctor.check import Check
from exporter.doctor.configured import has_hubspot, has_salesforce
from exporter.doctor.finding import Finding, failed, good, not_tried
from exporter.doctor.patient import Patient
from exporter.doctor.server_time import OFF


async def examine(patient: Patient) -> Sequence[Finding]:
    ahead = patient.times.ahead
    if ahead is None:
        return (not_tried("no server has answered yet", subject="servers"),)
    if abs(ahead) <= OFF:
        return (good("right, to within a minute of the servers' clocks"),)
    way = "ahead of" if ahead > 0 else "behind"
    return (
        failed(
            f"{_lasting(abs(ahead))} {way} the servers' clocks",
            "set this machine's clock right (timedatectl set-ntp true, or the host's NTP): a login by JWT holds two "
            "minutes",
        ),
    )


def _lasting(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"  # noqa: PLR2004


CHECK = Check(
    "clock",
    sections.CLOCK,
    "the clock of this machine is wrong",
    lambda patient: has_salesforce(patient) or has_hubspot(patient),
    examine,
)
