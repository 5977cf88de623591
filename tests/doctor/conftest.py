from __future__ import annotations

from pathlib import Path

import pytest

from tests.doctor.patient_room import PatientRoom, furnished


@pytest.fixture
def room(tmp_path: Path) -> PatientRoom:
    return furnished(tmp_path)
