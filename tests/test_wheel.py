"""The wheel: everything that is needed ships, and runs away from the checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.metadata import Metadata

from exporter import __version__
from exporter.bundled.rule_files import rules_text
from exporter.manifests.installation import Installation
from exporter.manifests.parts import objects
from exporter.manifests.stream import stream
from tests.markdown import dead_links

CHECKOUT = Path(__file__).resolve().parent.parent
SECONDS = 120.0
PRIVATE = "rules/webhook-token"
"""Ignored by git: a checkout in use may hold it, and it must not ship."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of the checkout, so that nothing is written beside the sources."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in ("pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(CHECKOUT / name, copy)
    for name in ("dashboards", "exporter", "rules", "tests"):
        shutil.copytree(CHECKOUT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / PRIVATE).write_text("hunter2")
    return built_from(copy, tmp_path_factory.mktemp("dist"))


def built_from(folder: Path, dist: Path, kind: str = "wheel") -> Path:
    """The one file that hatchling makes of the sources in ``folder``."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(dist)]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=SECONDS)
    (file,) = dist.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return file


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    """The files inside."""
    return set(zipfile.ZipFile(wheel).namelist())


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


def run_unpacked(unpacked: Path, cwd: Path, *arguments: str) -> str:
    """What Python says on standard output, with the unpacked wheel before everything else, away from the checkout."""
    environment = {**os.environ, "PYTHONPATH": str(unpacked), "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_sources_make_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    """To the byte, when they are packed and unpacked elsewhere at another time; tests and Makefile are among them."""
    packed = built_from(CHECKOUT, tmp_path / "sources", "sdist")
    shutil.unpack_archive(packed, tmp_path, filter="data")
    sources = tmp_path / packed.name.removesuffix(".tar.gz")
    assert {"Makefile", "docker-compose.yml", ".ci", "tests"} <= {file.name for file in sources.iterdir()}
    assert built_from(sources, tmp_path / "again").read_bytes() == wheel.read_bytes()


def test_every_file_of_the_package_ships(names: set[str]) -> None:
    """Code, schemas, catalogue and migrations, as they stand in the checkout."""
    package = CHECKOUT / "exporter"
    files = {
        file.relative_to(CHECKOUT).as_posix()
        for file in package.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts and file.suffix not in {".db", ".pyc"}
    }
    assert files <= names
    assert {"exporter/py.typed", "exporter/catalog/catalog.yaml", "exporter/config/config.schema.json"} <= names
    assert "exporter/schemas/sync_health.schema.json" in names
    assert "exporter/store/migrations/versions/0001_first_tables.py" in names


def test_the_rules_ship_inside_the_package(names: set[str]) -> None:
    """Rules, runbooks, the examples for Prometheus and Alertmanager, and the templates of its messages."""
    files = {file.relative_to(CHECKOUT).as_posix() for file in (CHECKOUT / "rules").glob("*.yml")}
    files |= {file.relative_to(CHECKOUT).as_posix() for file in (CHECKOUT / "rules/runbooks").glob("*.md")}
    files |= {file.relative_to(CHECKOUT).as_posix() for file in (CHECKOUT / "rules/templates").glob("*.tmpl")}
    assert {"rules/prometheus.yml", "rules/alertmanager.yml", "rules/suspension.rules.yml"} <= files
    assert "rules/templates/hubspot-salesforce.tmpl" in files
    assert {f"exporter/bundled/{file}" for file in files} <= names


@pytest.mark.parametrize("name", ["exporter/README.md", "exporter/bundled/rules/README.md"])
def test_the_readmes_ship_with_what_they_speak_of(unpacked: Path, name: str) -> None:
    """Their links work in the package; those that begin with ``../`` are of the checkout."""
    readme = unpacked / name
    assert dead_links(readme, readme.read_text(encoding="utf-8"), but=("../",)) == []


def test_the_metadata_is_what_indexes_and_older_tools_take(unpacked: Path) -> None:
    """Valid by the specification, in a version that twine and private indexes have known for long; with the licence."""
    (information,) = unpacked.glob("*.dist-info")
    read = Metadata.from_email((information / "METADATA").read_bytes(), validate=True)
    assert (read.metadata_version, str(read.version), str(read.requires_python)) == ("2.4", __version__, ">=3.11")
    assert (read.license_expression, read.license_files) == ("Apache-2.0", ["LICENSE"])
    assert (information / "licenses" / "LICENSE").read_bytes() == (CHECKOUT / "LICENSE").read_bytes()
    assert read.description_content_type == "text/markdown"
    assert read.description == (CHECKOUT / "README.md").read_text(encoding="utf-8")


def test_the_description_says_where_they_are(unpacked: Path) -> None:
    """Of the README's table of files, which is the package's description too: what it says of the wheel is so."""
    description = (next(unpacked.glob("*.dist-info")) / "METADATA").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[[\w/.]+\]\(([\w/.]+)\) \|(?: `([\w/.]+)`)? \|", description, re.MULTILINE)
    assert {"README.md"} == {Path(path).name for path, _ in rows} - {"CHANGELOG.md"}
    assert {path for path, inside in rows if inside} == {"exporter/README.md", "rules/README.md"}
    for path, inside in rows:
        if inside:
            assert (unpacked / inside).read_bytes() == (CHECKOUT / path).read_bytes()
        else:
            assert not (unpacked / path).exists()


def test_the_dashboards_ship_inside_the_package(names: set[str]) -> None:
    """What Grafana reads, and neither their builder nor their pictures."""
    shipped = {f"exporter/bundled/dashboards/{file.name}" for file in (CHECKOUT / "dashboards").glob("*.json")}
    assert len(shipped) == 4
    assert {name for name in names if name.startswith("exporter/bundled/dashboards/")} == shipped


def test_nothing_else_ships(names: set[str]) -> None:
    """No tests of the package, no caches; only the package and what says what it is."""
    tops = {name.split("/")[0] for name in names}
    assert tops == {"exporter", f"hubspot_salesforce_exporter-{__version__}.dist-info"}
    assert not [name for name in names if "__pycache__" in name or Path(name).name.startswith(("test_", "conftest"))]


def test_a_secret_in_the_checkout_does_not_ship(names: set[str]) -> None:
    """The token that alertmanager.yml reads from beside it stays where it is."""
    assert not [name for name in names if name.endswith(PRIVATE)]


def test_the_tests_of_the_rules_do_not_ship(names: set[str]) -> None:
    """promtool's tests are for the checkout."""
    assert not [name for name in names if name.endswith(".test.yml")]


def test_the_command_is_declared(unpacked: Path) -> None:
    """pip makes ``hubspot-salesforce-exporter`` from this."""
    entry_points = next(unpacked.glob("*.dist-info")) / "entry_points.txt"
    assert "hubspot-salesforce-exporter = exporter.cli:main" in entry_points.read_text()


def test_it_runs_without_the_checkout(unpacked: Path, tmp_path: Path) -> None:
    """The package that runs is the one from the wheel."""
    where = run_unpacked(unpacked, tmp_path, "-c", "import exporter; print(exporter.__file__)").strip()
    assert Path(where) == unpacked / "exporter" / "__init__.py"


def test_it_checks_a_configuration(unpacked: Path, tmp_path: Path) -> None:
    """Schema and catalogue are found inside the package."""
    (tmp_path / "exporter.yml").write_text("integrations: [{name: acme, sync_health: {url: 'https://b.example'}}]")
    said = run_unpacked(unpacked, tmp_path, "-m", "exporter", "check-config", "exporter.yml")
    assert said == "exporter.yml: good, 1 integration\n"


def test_it_prints_the_rules(unpacked: Path, tmp_path: Path) -> None:
    """The same as from the checkout, read from inside the package."""
    assert run_unpacked(unpacked, tmp_path, "-m", "exporter", "rules") == rules_text()
    where = run_unpacked(
        unpacked, tmp_path, "-c", "from exporter.bundled.rule_files import rules_directory; print(rules_directory())"
    )
    assert Path(where.strip()) == unpacked / "exporter" / "bundled" / "rules"


def test_it_prints_the_kubernetes_objects(unpacked: Path, tmp_path: Path) -> None:
    """With the rules, Alertmanager's route and the dashboards from inside the package."""
    said = run_unpacked(unpacked, tmp_path, "-m", "exporter", "manifests")
    assert said == stream(objects(Installation("monitoring", f"hubspot-salesforce-exporter:{__version__}")))


def test_it_explains_the_demo(unpacked: Path, tmp_path: Path) -> None:
    """The demo ships too."""
    assert "--scenario" in run_unpacked(unpacked, tmp_path, "-m", "exporter", "demo", "--help")


def test_it_opens_a_store(unpacked: Path, tmp_path: Path) -> None:
    """The migrations are found inside the package."""
    script = (
        "import asyncio; from exporter.store.database import open_database\n"
        "async def opened() -> None:\n    await (await open_database('sqlite:///exporter.db')).close()\n"
        "asyncio.run(opened())"
    )
    run_unpacked(unpacked, tmp_path, "-c", script)
    assert (tmp_path / "exporter.db").stat().st_size > 0
