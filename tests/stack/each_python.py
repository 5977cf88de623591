"""`make test-pythons`: the wheel in an empty environment, away from the checkout, on every Python there is.

Those on PATH, pyenv's, and the newer ones that `.ci/unpack-pythons` has unpacked. What pip takes for each is the newest
that the package allows, not what `.ci/constraints.txt` says.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from exporter import __version__
from exporter.bundled.rule_files import rules_text
from exporter.demo.processes import Program, free_port, running

ROOT = Path(__file__).parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
UNPACKED = ROOT / ".tools" / "pythons" / "usr" / "bin"
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
"""Nothing of the checkout can be seen in it."""
CONFIG = "integrations: [{name: acme, sync_health: {directory: .}}]\n"
SECONDS = 300.0
"""To install everything, or to play the demo."""
WHICH = "import sys; print('3.%d' % sys.version_info.minor if sys.version_info[0] == 3 else '')"


def pythons() -> Mapping[str, Path]:
    """The first of each minor version from the oldest that the package takes, by version."""
    folders = [Path(part) for part in os.get_exec_path()]
    folders += [*sorted(Path.home().glob(".pyenv/versions/*/bin")), UNPACKED]
    found: dict[str, Path] = {}
    programs = [file for folder in folders for file in sorted(folder.glob("python3.[1-9]?"))]
    for program in (Path(sys.executable), *programs):
        said = subprocess.run([program, "-c", WHICH], capture_output=True, text=True, check=False).stdout.strip()
        if said and _minor(said) >= _minor(PROJECT["requires-python"].removeprefix(">=")):
            found.setdefault(said, program)
    return dict(sorted(found.items(), key=lambda pair: _minor(pair[0])))


def _minor(version: str) -> int:
    return int(version.split(".")[1])


PYTHONS = pythons()


@pytest.fixture(scope="session")
def pip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The newest pip: the one that comes with an old Python does not know the newest."""
    folder = tmp_path_factory.mktemp("pip")
    said(sys.executable, "-m", "venv", folder)
    said(folder / "bin/pip", "install", "--quiet", "--upgrade", "pip")
    return folder / "bin/pip"


@pytest.fixture(scope="module", params=PYTHONS, ids=lambda version: f"Python {version}")
def command(request: pytest.FixtureRequest, pip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installed command."""
    folder = tmp_path_factory.mktemp("environment")
    said(PYTHONS[request.param], "-m", "venv", "--without-pip", folder)
    (wheel,) = (ROOT / "dist").glob(f"*-{__version__}-*.whl")
    said(pip, "--python", folder / "bin/python", "install", "--quiet", wheel)
    return folder / "bin/hubspot-salesforce-exporter"


def said(*command: str | Path, cwd: Path | None = None) -> str:
    """On standard output, by a run that ends well."""
    ended = subprocess.run(
        command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "DeprecationWarning" not in ended.stderr
    return ended.stdout


def test_every_version_that_is_tried_is_declared() -> None:
    """In the classifiers; the newest of all is tried everywhere."""
    named = [re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", entry) for entry in PROJECT["classifiers"]]
    declared = {match[1] for match in named if match}
    assert set(PYTHONS) <= declared
    assert max(PYTHONS, key=_minor) == max(declared, key=_minor)


def test_it_says_its_version(command: Path, tmp_path: Path) -> None:
    """That of the checkout."""
    assert said(command, "--version", cwd=tmp_path) == f"hubspot-salesforce-exporter {__version__}\n"


def test_it_checks_a_configuration_and_prints_the_rules(command: Path, tmp_path: Path) -> None:
    """Schema, catalogue and rules are found inside the package."""
    (tmp_path / "exporter.yml").write_text(CONFIG)
    assert "exporter.yml: good, 1 integration" in said(command, "check-config", "exporter.yml", cwd=tmp_path)
    assert said(command, "rules", cwd=tmp_path) == rules_text()


async def test_it_serves(command: Path, tmp_path: Path) -> None:
    """Until it is asked to end: ready, a page of metrics, nothing in the log that tells of a failure."""
    (tmp_path / "exporter.yml").write_text(CONFIG)
    url = f"http://127.0.0.1:{free_port()}"
    address = f"--web.listen-address={url.removeprefix('http://')}"
    serve = (str(command), "serve", f"--config.file={tmp_path / 'exporter.yml'}", address)
    log = tmp_path / "log"
    async with (
        running(Program("exporter", serve, f"{url}/-/ready", 30.0, 15.0), log),
        httpx.AsyncClient(trust_env=False) as http,
    ):
        page = await http.get(f"{url}/metrics")
    assert "hubspot_salesforce_" in page.text
    assert "Traceback" not in log.read_text()
    assert "Warning" not in log.read_text()


@pytest.mark.binaries
def test_it_plays_the_demo(command: Path, tmp_path: Path) -> None:
    """From cause to cure, with a real Prometheus and a real Alertmanager."""
    assert "steps really happened" in said(command, "demo", "--exit-when-done", cwd=tmp_path)
