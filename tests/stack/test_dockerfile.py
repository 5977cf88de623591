"""exporter/Dockerfile: what the image will be, read from its instructions."""

from __future__ import annotations

import json
import re
import tomllib

import pytest

from tests.stack.compose import ROOT, services
from tests.stack.dockerfile import context_files, in_context, read_dockerfile

INSTRUCTIONS = read_dockerfile()
RUNTIME = max(instruction.stage for instruction in INSTRUCTIONS)
CONTEXT = {file.as_posix() for file in context_files()}


def values(name: str, stage: int = RUNTIME) -> list[str]:
    return [entry.value for entry in INSTRUCTIONS if (entry.name, entry.stage) == (name, stage)]


def test_it_is_built_in_one_stage_and_runs_in_another() -> None:
    """Both on the same pinned Python, so that the virtual environment fits; only that is taken over."""
    assert RUNTIME == 1
    (build,), (run,) = values("FROM", 0), values("FROM")
    assert build == f"{run} AS build"
    assert re.fullmatch(r"python:3\.[0-9]+\.[0-9]+-slim-[a-z]+", run)
    assert values("COPY") == ["--from=build /opt/venv /opt/venv"]
    assert "pip" not in " ".join(values("RUN"))


def test_it_is_installed_with_the_versions_that_were_tested() -> None:
    """Every pip that chooses a version is told the constraints."""
    installs = [value for value in values("RUN", 0) if " install " in value]
    assert installs
    assert all("--constraint .ci/constraints.txt" in value for value in installs)


def test_it_does_not_run_as_root() -> None:
    """A number, since a name may mean anything; the one docker-compose.yml names, and the owner of what is written."""
    (user,) = values("USER")
    uid, gid = user.split(":")
    assert int(uid) > 0
    assert services()["exporter"]["user"] == user
    names = [entry.name for entry in INSTRUCTIONS if entry.stage == RUNTIME]
    assert "RUN" not in names[names.index("USER") :]
    (volume,), (workdir,) = values("VOLUME"), values("WORKDIR")
    assert volume == workdir
    assert f"install --directory --owner={uid} --group={gid} --mode=0750 {volume}" in " ".join(values("RUN"))


def test_it_says_what_it_is() -> None:
    """The labels of OCI that hold wherever it is built; version and revision are told at the build."""
    prefix = "org.opencontainers.image."
    (entry,) = [entry for entry in INSTRUCTIONS if entry.name == "LABEL"]
    labels = dict(label.split("=", 1) for label in entry.words)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert labels[f"{prefix}title"] == project["name"]
    assert labels[f"{prefix}licenses"] == project["license"]
    assert labels[f"{prefix}version"] == "${VERSION}"
    assert labels[f"{prefix}revision"] == "${REVISION}"
    assert labels[f"{prefix}base.name"] == f"docker.io/library/{values('FROM')[0]}"
    assert labels[f"{prefix}description"]


def test_its_command_is_serve_on_the_exposed_port() -> None:
    """Without a shell in between, so that SIGTERM reaches the exporter."""
    for name in ("ENTRYPOINT", "CMD"):
        assert values(name)[0].startswith("[")
    (command,) = [entry.words for entry in INSTRUCTIONS if entry.name == "CMD"]
    (port,) = values("EXPOSE")
    assert f"--web.listen-address=:{port}" in command
    assert command == services()["exporter"]["command"][: len(command)]


def test_compose_checks_its_health_as_the_image_does() -> None:
    """The same command."""
    (check,) = [entry.value for entry in INSTRUCTIONS if entry.name == "HEALTHCHECK"]
    options, command = check.split(" CMD ")
    assert re.fullmatch(r"(--[a-z-]+=[0-9a-z]+ ?)+", options)
    assert json.loads(command) == services()["exporter"]["healthcheck"]["test"][1:]


def test_what_is_copied_is_in_the_context() -> None:
    """Each source of a COPY is let in by .dockerignore."""
    for value in values("COPY", 0):
        *sources, _target = value.split()
        for source in sources:
            assert [file for file in CONTEXT if file == source or file.startswith(f"{source}/")], source


def test_the_context_holds_no_secrets_and_no_history() -> None:
    """Only what the wheel is made from."""
    tops = {file.split("/")[0] for file in CONTEXT}
    assert tops == {"exporter", "rules", "pyproject.toml", "README.md", "LICENSE", ".gitignore", ".ci"}
    assert not [file for file in CONTEXT if "__pycache__" in file or "webhook-token" in file.split("/")[1:2]]
    assert {file for file in CONTEXT if file.startswith(".ci")} == {".ci/constraints.txt"}


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("exporter/cli.py", True),
        ("exporter/web/__pycache__/app.cpython-311.pyc", False),
        ("rules/prometheus.yml", True),
        ("rules/webhook-token", False),
        ("rules/tests/exporter.test.yml", False),
        ("tests/conftest.py", False),
        (".git/config", False),
        ("exporter/hubspot-salesforce.db-wal", False),
    ],
)
def test_dockerignore_is_read_as_docker_reads_it(path: str, inside: bool) -> None:
    """The last pattern that fits a file, or a folder above it, decides."""
    patterns = [
        *("*", "!exporter", "!rules", "rules/tests", "rules/webhook-token"),
        *("**/__pycache__", "**/*.db", "**/*.db-*"),
    ]
    assert in_context(path, patterns) is inside
