"""The proof that a touch travels: what is looked at before the one write, and what is made of what follows."""

from __future__ import annotations

import pytest

from exporter.doctor.finding import Outcome
from exporter.model import Recovery, Suspension
from exporter.store.database import open_database
from exporter.store.recoveries import RecoveryStore
from exporter.store.reports import Report, ReportStore
from tests.doctor.patient_room import TOUCH, PatientRoom, failures, outcome

RECORD = "contacts/101"


class TestProof:
    @pytest.mark.parametrize(
        ("record", "said"),
        [("contacts/999", "HubSpot has no record contacts/999"), ("deals/101", "no record deals/101")],
    )
    async def test_a_record_that_is_not_there(self, room: PatientRoom, record: str, said: str) -> None:
        """Nothing is written."""
        room.prove = record
        found = outcome(await room.look(), "proof")
        assert found[0] is Outcome.FAILED
        assert said in found[1]
        assert room.org.touches.requests == 0

    async def test_a_record_that_is_not_linked(self, room: PatientRoom) -> None:
        """A touch would create one in Salesforce."""
        (fresh,) = room.org.add_records("contacts", 1)
        room.prove = f"contacts/{fresh}"
        assert outcome(await room.look(), "proof")[1].endswith("is not linked to a Salesforce record")
        assert room.org.touches.requests == 0

    async def test_nothing_is_proved_while_suspended(self, room: PatientRoom) -> None:
        """HubSpot syncs nothing then, whatever is mapped."""
        room.prove = RECORD
        room.org.suspend("unknown_error")
        assert outcome(await room.look(), "proof")[0] is Outcome.NOT_TRIED
        assert room.org.touches.requests == 0

    async def test_an_e_mail_tells_of_a_suspension_too(self, room: PatientRoom) -> None:
        """Where there is no page to ask. Once it is over, as another e-mail says, the touch is proved."""
        room.prove = RECORD
        del room.entry["sync_health"]
        room.org.suspend("unknown_error")
        room.world.tick()
        found = outcome(await room.look(), "proof")
        assert found[0] is Outcome.NOT_TRIED
        assert "HubSpot has suspended the integration, as an e-mail of 2027-01-15T" in found[1]
        assert room.org.touches.requests == 0
        room.clock.advance(60)
        room.org.clear_suspension()
        room.world.tick()
        assert outcome(await room.look(), "proof")[0] is Outcome.GOOD

    async def test_so_does_a_report(self, room: PatientRoom) -> None:
        """It stands in the store, as does the evidence that ends it."""
        room.prove = RECORD
        del room.entry["sync_health"], room.entry["mailbox"]
        database = await open_database(f"sqlite:///{room.folder / 'exporter.db'}")
        try:
            now = room.clock.time()
            told = Suspension(suspended=True, reason="unknown_error", since=None)
            await ReportStore(database).put(Report("acme", told, now - 7200.0))
            room.org.records.by_id["101"].synced = now - 7000.0
            found = outcome(await room.look(), "proof")
            assert (found[0], "as a report of" in found[1]) == (Outcome.NOT_TRIED, True)
            assert room.org.touches.requests == 0
            await RecoveryStore(database).put("acme", Recovery(now - 3600.0, now - 1800.0, "records sync again"))
            assert outcome(await room.look(), "proof")[0] is Outcome.GOOD
        finally:
            await database.close()

    async def test_what_nobody_tells_of_may_be_the_cause(self, room: PatientRoom) -> None:
        """Of a touch that does not travel."""
        room.prove = RECORD
        del room.entry["sync_health"], room.entry["mailbox"]
        room.org.suspend("unknown_error")
        found = outcome(await room.look(), "proof")
        assert found[0] is Outcome.FAILED
        assert "or the integration is suspended" in found[1]

    async def test_what_cannot_be_touched_is_not(self, room: PatientRoom) -> None:
        room.prove = RECORD
        room.org.read_only_properties = frozenset({TOUCH})
        sheets = await room.look()
        assert [one.check for one in failures(sheets)] == ["property"]
        assert outcome(sheets, "proof")[0] is Outcome.NOT_TRIED
        assert room.org.touches.requests == 0

    async def test_a_record_that_is_refused(self, room: PatientRoom) -> None:
        """By a validation rule, say."""
        room.prove = RECORD
        room.org.refused_writes = frozenset({"101"})
        assert outcome(await room.look(), "proof") == (
            Outcome.FAILED,
            "HubSpot does not write contacts/101: VALIDATION_ERROR: A validation rule refuses the write.",
        )

    async def test_nothing_is_written_unasked(self, room: PatientRoom) -> None:
        await room.look()
        assert room.org.touches.requests == 0
