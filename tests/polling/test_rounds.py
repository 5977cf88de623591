"""How long the store has been away."""

from __future__ import annotations

from exporter.polling.rounds import Absence


def test_an_absence_is_as_long_as_it_was_seen() -> None:
    """From the first poll that met it, until one does not."""
    absence = Absence()
    assert [absence.seconds(now) for now in (100.0, 125.0, 155.0)] == [0.0, 25.0, 55.0]
    absence.over()
    assert absence.seconds(160.0) == 0.0


def test_who_wakes_after_a_standstill_knows_nothing_of_it() -> None:
    absence = Absence()
    absence.seconds(100.0)
    assert [absence.seconds(now) for now in (280.0, 290.0)] == [0.0, 10.0]
    assert absence.seconds(200.0) == 0.0
