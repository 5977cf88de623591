"""What ``check-config`` notes of a good configuration."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.doctor import sections
from exporter.doctor.check import Check
from exporter.doctor.finding import Finding, doubtful, good
from exporter.doctor.house import House


async def examine(house: House) -> Sequence[Finding]:
    count = len(house.config.integrations)
    read = good(f"read, {count} integration{'' if count == 1 else 's'}")
    return (read, *(doubtful(note) for note in house.config.notes))


CHECK = Check("file", sections.CONFIGURATION, "the configuration is not good", lambda _house: True, examine)
