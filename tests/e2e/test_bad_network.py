"""Packets between the exporter and what it asks are dropped, delayed, refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.bad_network import TROUBLES, namespace

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("trouble", TROUBLES)
def test_polls_and_resyncs_go_on(trouble: str, tmp_path: Path) -> None:
    """Polls fail with the kind it is of and recover; a resync in the middle loses nothing and sends nothing twice, but
    a request whose answer was lost."""
    command = namespace(sys.executable, "-m", "tests.e2e.bad_network", str(tmp_path), trouble)
    ended = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert ended.returncode == 0, ended.stderr
