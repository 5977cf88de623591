"""The committed JSON is what the builder makes."""

from __future__ import annotations

import pytest

from dashboards.builder.boards import BOARDS
from tests.dashboards.boards import FOLDER, NAMES


def test_every_dashboard_is_there() -> None:
    """Four dashboards, and no JSON file that nobody builds."""
    assert set(BOARDS) == set(NAMES) == {file.stem for file in FOLDER.glob("*.json")}


@pytest.mark.parametrize("name", NAMES)
def test_the_file_is_what_is_built(name: str) -> None:
    """Byte by byte; ``python -m dashboards.builder`` writes them anew."""
    assert (FOLDER / f"{name}.json").read_text(encoding="utf-8") == BOARDS[name].text()
