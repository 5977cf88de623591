"""exporter/Dockerfile: what can be read from it; built_image.py looks at the image it makes."""

from __future__ import annotations

import re

from tests.stack.compose import services
from tests.stack.dockerfile import instructions, values


def test_it_is_built_in_one_stage_and_runs_in_another() -> None:
    """Both on the same pinned Python, so that the virtual environment fits; only that is taken over."""
    assert {stage for stage, _, _ in instructions()} == {0, 1}
    (build,), (run,) = values("FROM", 0), values("FROM", 1)
    assert build == f"{run} AS build"
    assert re.fullmatch(r"python:3\.[0-9]+\.[0-9]+-slim-[a-z]+", run)
    assert values("COPY", 1) == ["--from=build /opt/venv /opt/venv"]
    assert "pip" not in " ".join(values("RUN", 1))


def test_it_is_installed_with_the_versions_that_were_tested() -> None:
    """Every pip that chooses a version is told the constraints."""
    installs = [value for value in values("RUN", 0) if " install " in value]
    assert installs
    assert all("--constraint .ci/constraints.txt" in value for value in installs)


def test_it_does_not_run_as_root() -> None:
    """A number, since a name may mean anything; nothing is done as root after it is said."""
    (user,) = values("USER")
    assert re.fullmatch(r"[1-9][0-9]*:[1-9][0-9]*", user)
    assert services()["exporter"]["user"] == user
    names = [name for stage, name, _ in instructions() if stage == 1]
    assert "RUN" not in names[names.index("USER") :]


def test_its_command_has_no_shell_in_between() -> None:
    """So that SIGTERM reaches the exporter."""
    for name in ("ENTRYPOINT", "CMD"):
        assert values(name)[0].startswith("[")
