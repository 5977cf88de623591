"""The unit for systemd, as systemd itself judges it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from exporter.bundled.systemd_unit import FILE, is_hidden, systemd_unit
from exporter.signals import LONGEST_END
from tests.commands.program import run

SECONDS = 60.0
EXPOSED_AT_MOST = 1.1
"""As the README says; 10 is a service of root that may do everything."""


def judged(folder: Path, *arguments: str, program: Path = Path(sys.executable)) -> str:
    """What systemd-analyze says of the unit of a program that is there; fails if it finds something wrong."""
    file = folder / FILE
    file.write_text(systemd_unit(program), encoding="utf-8")
    command = ["systemd-analyze", *arguments, str(file)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def test_it_is_a_good_unit(tmp_path: Path) -> None:
    """Nothing is unknown to systemd or ignored by it."""
    assert judged(tmp_path, "verify", "--man=no") == ""


def test_a_path_may_hold_spaces(tmp_path: Path) -> None:
    """But quotes and backslashes, which systemd takes in no way: spaces, and what it would replace."""
    program = tmp_path / "my tools 100%n ; x" / "hubspot-salesforce-exporter"
    program.parent.mkdir()
    program.symlink_to(sys.executable)
    assert judged(tmp_path, "verify", "--man=no", program=program) == ""


def test_it_may_do_little(tmp_path: Path) -> None:
    """Of what systemd looks at, hardly more than the network is open to it."""
    said = judged(tmp_path, "security", "--offline=true", "--no-pager", f"--threshold={EXPOSED_AT_MOST * 10:.0f}")
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    assert found is not None, said
    assert float(found[1]) <= EXPOSED_AT_MOST


def test_it_is_given_the_time_to_end() -> None:
    """Before systemd kills it."""
    found = re.search(r"^TimeoutStopSec=(\d+)$", systemd_unit(), re.MULTILINE)
    assert found is not None
    assert int(found[1]) > LONGEST_END


@pytest.mark.parametrize("program", [None, Path("/opt/exporter/bin/hubspot-salesforce-exporter")])
def test_it_starts_the_program_where_it_is(program: Path | None) -> None:
    """In a virtual environment too."""
    starts = f"\nExecStart={program or '/usr/local/bin/hubspot-salesforce-exporter'} serve --config.file="
    assert starts in systemd_unit(program)


@pytest.mark.parametrize(
    ("program", "hidden"),
    [
        ("/home/ann/.venv/bin/x", True),
        ("/root/x", True),
        ("/run/user/1000/x", True),
        ("/opt/x", False),
        ("/homes/x", False),
    ],
)
def test_it_does_not_find_what_it_hides(program: str, hidden: bool) -> None:
    """Homes and the temporary directories."""
    assert is_hidden(Path(program)) == hidden


def test_the_command_prints_it() -> None:
    """For the environment it is installed in, with a note where the unit would not find it."""
    ended = run("systemd-unit")
    assert ended.returncode == 0
    assert ended.stderr.startswith("note: ProtectHome and PrivateTmp hide ") == is_hidden(Path(sys.executable))
    assert "\nExecStart=/" in ended.stdout
