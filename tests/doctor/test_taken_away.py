"""Every permission, scope, setting and mapping is taken away in turn, and exactly that one is named."""

from __future__ import annotations

import re

import pytest

from exporter.doctor.checks import CHECKS, HOUSE_CHECKS
from exporter.doctor.finding import Outcome
from tests.doctor.patient_room import PatientRoom, failures, lines_of
from tests.doctor.taken import TAKEN, Taken


def test_every_check_has_found_something() -> None:
    """No check is there that has never failed, but for what e-mails say, which is no failure."""
    names = {check.name for check in CHECKS} | {check.name for check in HOUSE_CHECKS}
    assert names - {"e-mails"} == {taken.check for taken in TAKEN}


class TestAllIsWell:
    async def test_nothing_is_missing(self, room: PatientRoom) -> None:
        """Of a complete configuration every check is right."""
        room.prove = "contacts/101"
        sheets = await room.look()
        told = [(line.check, line.finding) for sheet in sheets for line in sheet.lines]
        assert [one for one in told if one[1].outcome is not Outcome.GOOD] == []


@pytest.mark.parametrize("taken", TAKEN, ids=lambda taken: taken.name)
class TestTakenAway:
    async def test_exactly_that_one_is_named(self, room: PatientRoom, taken: Taken) -> None:
        """One failure, with cause and remedy; what depends on it is not tried and says so, and nothing is written."""
        taken.take(room)
        sheets = await room.look()
        found = failures(sheets)
        assert [(line.check, line.finding.subject) for line in found] == [(taken.check, taken.subject)], found
        (line,) = found
        assert re.search(taken.told, f"{line.finding.says} {line.finding.change}")
        for other in lines_of(sheets, Outcome.NOT_TRIED):
            assert other.finding.says.startswith("not tried, since ")
        assert room.org.touches.records.total() == (1 if room.prove else 0)
