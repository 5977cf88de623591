"""A test that starts Prometheus, Alertmanager, VictoriaMetrics or one of their tools is marked ``binaries``."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from tests.binaries import DEBIAN_PROGRAMS, PROGRAMS

INDIRECTLY = "import subprocess, sys; sys.exit(subprocess.run(['promtool', '--version']).returncode)"


@pytest.mark.parametrize("program", PROGRAMS)
def test_without_the_mark_none_can_be_started(program: str) -> None:
    """The refusal says what to do."""
    ended = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    assert ended.returncode != 0
    assert ended.stderr == (
        f"{program}: there are two sets of it; a test that starts it is marked: @pytest.mark.binaries\n"
    )


def test_without_the_mark_no_process_can_start_one_either() -> None:
    """The refusal goes on to whatever a test starts."""
    ended = subprocess.run([sys.executable, "-c", INDIRECTLY], capture_output=True, text=True, check=False)
    assert ended.returncode != 0
    assert "promtool: there are two sets of it" in ended.stderr


@pytest.mark.binaries
@pytest.mark.parametrize("program", DEBIAN_PROGRAMS)
def test_with_the_mark_it_starts(program: str) -> None:
    """Each says its version."""
    subprocess.run([program, "--version"], capture_output=True, check=True)


@pytest.mark.binaries
def test_a_set_is_whole() -> None:
    """All of them come from one folder: none is the other set's."""
    folders = {(shutil.which(program) or "missing").rpartition("/")[0] for program in DEBIAN_PROGRAMS}
    assert len(folders) == 1, folders
