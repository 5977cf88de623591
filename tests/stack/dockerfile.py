"""exporter/Dockerfile as instructions, and the files that .dockerignore lets into its context."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.stack.compose import ROOT

FILE = ROOT / "exporter" / "Dockerfile"
_KNOWN = frozenset(
    {
        *("FROM", "ARG", "COPY", "RUN", "ENV", "WORKDIR", "LABEL"),
        *("USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"),
    }
)


@dataclass(frozen=True, slots=True)
class Instruction:
    """`RUN pip …`: name and value; `stage` counts from 0."""

    stage: int
    name: str
    value: str

    @property
    def words(self) -> list[str]:
        """The value in JSON or in words."""
        if self.value.startswith("["):
            return [str(word) for word in json.loads(self.value)]
        return shlex.split(self.value)


def read_dockerfile() -> tuple[Instruction, ...]:
    """Comments gone, lines that go on joined."""
    lines = [line for line in FILE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    text = re.sub(r"\\\n\s*", "", "\n".join(lines))
    found: list[Instruction] = []
    stage = -1
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        assert name in _KNOWN, f"{name} is not read here"
        stage += name == "FROM"
        found.append(Instruction(stage, name, value.strip()))
    return tuple(found)


def in_context(path: str, patterns: Sequence[str]) -> bool:
    """Whether .dockerignore lets a file in: the last pattern that fits it, or a folder above it, decides."""
    inside = True
    for pattern in patterns:
        if _fits(pattern.removeprefix("!"), path):
            inside = pattern.startswith("!")
    return inside


def context_files() -> list[Path]:
    """The files of the checkout that reach the build, relative to it."""
    patterns = [
        line.strip()
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.strip() and not line.startswith("#")
    ]
    tops = {pattern.removeprefix("!").split("/")[0] for pattern in patterns if pattern.startswith("!")}
    files = [file for top in sorted(tops) for file in _files(ROOT / top)]
    return [file for file in files if in_context(file.as_posix(), patterns)]


def _files(top: Path) -> list[Path]:
    found = [top] if top.is_file() else sorted(file for file in top.rglob("*") if file.is_file())
    return [file.relative_to(ROOT) for file in found]


def _fits(pattern: str, path: str) -> bool:
    regex = re.escape(pattern).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
    return re.fullmatch(rf"{regex}(?:/.*)?", path) is not None
