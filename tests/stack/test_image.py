"""The steps of exporter/Dockerfile done by hand, in environments that have never seen the checkout."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from exporter import __version__
from exporter.demo.processes import Program, free_port, running
from tests.stack.compose import ROOT, services
from tests.stack.container import HOSTS, Container
from tests.stack.dockerfile import Instruction, context_files, read_dockerfile
from tests.stack.wheelhouse import fill_wheelhouse

SECONDS = 120.0
INSTRUCTIONS = read_dockerfile()
PATHS = re.compile(r"(?<![\w./-])/(?=(src|dist|opt/venv)\b)")


class Image:
    """A folder with the image's /opt/venv, and everything of the build beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / "opt" / "venv" / "bin"

    def run(self, *command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """A command of the image, found as its PATH finds it."""
        return subprocess.run(
            [str(self.bin / command[0]), *command[1:]],
            cwd=cwd or self.folder,
            env=self.environment(self.bin),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def environment(self, first_on_path: Path) -> dict[str, str]:
        """Of a container: nothing of the environment the tests run in, except where programs are."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON", "VIRTUAL"))}
        return {
            **kept,
            "PATH": f"{first_on_path}:{os.environ['PATH']}",
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.folder / "wheelhouse"),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_COMPILE": "1",  # saves the tests some time
        }


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """Built as the Dockerfile says, from what .dockerignore lets in; wheels come from a folder, not from a network."""
    image = Image(tmp_path_factory.mktemp("image"))
    (image.folder / "wheelhouse").mkdir()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    requirements = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    fill_wheelhouse(image.folder / "wheelhouse", requirements)
    base = base_image(image.folder / "base")
    (image.folder / "src").mkdir()
    for instruction in INSTRUCTIONS:
        if instruction.stage == 0 and instruction.name == "COPY":
            copy_from_context(instruction, image.folder / "src")
        elif instruction.stage == 0 and instruction.name == "RUN":
            run_by_hand(instruction, image, base)
    return image


def base_image(folder: Path) -> Path:
    """What FROM brings: a Python of its own, with nothing but pip. Returns where its programs are."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True, timeout=SECONDS)
    pip = importlib.util.find_spec("pip")
    assert pip is not None
    assert pip.origin is not None
    (packages,) = folder.glob("lib/python*/site-packages")
    shutil.copytree(Path(pip.origin).parent, packages / "pip")
    script = folder / "bin" / "pip"
    script.write_text(f'#!/bin/sh\nexec {folder}/bin/python -m pip "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    return folder / "bin"


def copy_from_context(instruction: Instruction, workdir: Path) -> None:
    """COPY: files into the target folder, a folder's content into the target."""
    *sources, target = instruction.value.split()
    files = context_files()
    for source in sources:
        for file in files:
            if file.as_posix() == source:
                place = workdir / target / file.name if target.endswith("/") else workdir / target
            elif file.is_relative_to(source):
                place = workdir / target / file.relative_to(source)
            else:
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, place)


def run_by_hand(instruction: Instruction, image: Image, base: Path) -> None:
    """RUN: by the shell, in WORKDIR, with the paths of the build inside the folder."""
    ended = subprocess.run(
        ["/bin/sh", "-ec", PATHS.sub(f"{image.folder}/", instruction.value)],
        cwd=image.folder / "src",
        env=image.environment(base),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ended.returncode == 0, f"{instruction.value}\n{ended.stdout}\n{ended.stderr}"


def test_the_exporter_is_installed_from_its_wheel(image: Image) -> None:
    """Away from the checkout, with the command on PATH, and neither pip nor a test tool beside it."""
    assert image.run("hubspot-salesforce-exporter", "--version").stdout.split()[-1] == __version__
    script = "from importlib.util import find_spec as f; print(*[f(n) and f(n).origin for n in {}], sep='\\n')"
    names = ["exporter", "pip", "pytest", "hatchling", "tests"]
    where, *others = image.run("python", "-c", script.format(names)).stdout.splitlines()
    assert Path(where).is_relative_to(image.folder / "opt" / "venv")
    assert others == ["None"] * 4


def test_the_versions_are_those_that_were_tested(image: Image) -> None:
    """Package by package, as .ci/constraints.txt has them."""
    lines = (ROOT / ".ci" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    tested = {normal(name): version for name, _, version in (line.partition("==") for line in lines if "==" in line)}
    script = "from importlib.metadata import distributions as d; print(*(f'{p.name}=={p.version}' for p in d()))"
    installed = [text.partition("==") for text in image.run("python", "-c", script).stdout.split()]
    versions = {normal(name): version for name, _, version in installed}
    assert versions.pop("hubspot-salesforce-exporter") == __version__
    assert len(versions) > 10
    assert versions == {name: tested.get(name) for name in versions}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.fixture
def exporter(tmp_path: Path) -> Container:
    """The files the container of the exporter has."""
    container = Container(services()["exporter"], tmp_path / "exporter", {name: free_port() for name in HOSTS})
    container.change("/etc/hubspot-salesforce-exporter/exporter.yml")
    return container


async def test_it_serves_and_says_whether_it_is_well(image: Image, exporter: Container, tmp_path: Path) -> None:
    """ENTRYPOINT with CMD answers; HEALTHCHECK exits with 0 while it does, and otherwise with 1."""
    (entrypoint,) = [entry.words for entry in INSTRUCTIONS if entry.name == "ENTRYPOINT"]
    (command,) = [entry.words for entry in INSTRUCTIONS if entry.name == "CMD"]
    (check,) = [entry.value for entry in INSTRUCTIONS if entry.name == "HEALTHCHECK"]
    words = Instruction(1, "CMD", check.partition(" CMD ")[2]).words
    health = [exporter.argument(word) for word in words]
    port = exporter.argument("127.0.0.1:9951")
    program = Program(
        "exporter",
        (str(image.bin / entrypoint[0]), *map(exporter.argument, command)),
        f"http://{port}/-/healthy",
    )
    assert image.run(*health).returncode == 1
    async with running(program, tmp_path / "exporter.log"):
        healthy = image.run(*health)
        assert healthy.returncode == 0, healthy.stderr
    assert image.run(*health).returncode == 1
    assert exporter.inside("/var/lib/hubspot-salesforce-exporter/exporter.db").exists()
