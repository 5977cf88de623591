"""What each of many files gives."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import structlog

from exporter.clients.export_folder import ExportFolder
from exporter.clients.exports import ExportedErrors
from exporter.config.settings import SyncHealthFeed
from tests.clocks import ManualClock
from tests.exports.files import CASES, Case
from tests.exports.shelf import MemoryShelf

MAPPING = (("was ist los", "error_type"),)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
async def test_what_a_file_gives(case: Case, tmp_path: Path) -> None:
    """Errors by category and type, or why not, and for which part."""
    clock, shelf = ManualClock(), MemoryShelf()
    feed = SyncHealthFeed(None, None, tmp_path, MAPPING)
    folder = ExportFolder(tmp_path, ExportedErrors("acme", feed, shelf, clock))
    file = tmp_path / case.name
    file.write_bytes(case.content)
    os.utime(file, (clock.time() - 60,) * 2)

    with structlog.testing.capture_logs() as logged:
        look = await folder.look(())
    assert [note.problems for note in look.notes] == [((case.part, case.problem),) if case.problem else ()]
    told = {category: export for (_, category), export in shelf.held.items()}
    counted = {
        category: {name: count.errors for name, count in export.counts.items()} for category, export in told.items()
    }
    assert counted == case.counts
    assert {export.odd for export in told.values()} <= {case.odd}
    said = [line for line in logged if line["event"] == "rows of an export left out"]
    assert [(line["file"], line["left_out"]) for line in said] == ([(case.name, case.odd)] if case.odd else [])
    assert {export.origin.as_of for export in told.values()} <= {clock.time() - 60}
    listed = sum(len(shelf.errors[export.id]) for export in told.values())
    assert listed == sum(sum(types.values()) for types in case.counts.values())
    # It is read once.
    before = shelf.added
    assert await folder.look(look.notes) == look
    assert shelf.added == before
