"""One history for all tests, and a Prometheus that knows it."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator

import pytest

from tests.dashboards.history import History
from tests.dashboards.prometheus import Client


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Made by the first process that needs it; the others wait, and take a copy: two Prometheus share no folder."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    made = History(shared / "history" / "blocks")
    with (shared / "history.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.blocks.exists():
            folder = shared / "history-making"
            folder.mkdir()
            making = History(folder / "blocks")
            making.make(folder)
            made.blocks.parent.mkdir()
            making.blocks.rename(made.blocks)
    copy = History(own / "history-copy")
    shutil.copytree(made.blocks, copy.blocks)
    return copy


@pytest.fixture(scope="session")
def prometheus(history: History) -> Iterator[Client]:
    with history.prometheus() as client:
        yield client
