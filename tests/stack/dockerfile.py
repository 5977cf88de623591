"""exporter/Dockerfile as instructions."""

from __future__ import annotations

import re
from functools import cache

from tests.stack.compose import ROOT

FILE = ROOT / "exporter" / "Dockerfile"


@cache
def instructions() -> tuple[tuple[int, str, str], ...]:
    """Stage, counted from 0, name and value of each: comments gone, lines that go on joined."""
    lines = [line for line in FILE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    text = re.sub(r"\\\n\s*", "", "\n".join(lines))
    found: list[tuple[int, str, str]] = []
    stage = -1
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        stage += name == "FROM"
        found.append((stage, name, value.strip()))
    return tuple(found)


def values(name: str, stage: int | None = None) -> list[str]:
    """Of every instruction of that name, in one stage or in all."""
    return [value for where, instruction, value in instructions() if instruction == name and stage in (None, where)]
