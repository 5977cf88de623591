"""Why a configuration is refused."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.errors import ExporterError


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why a configuration is refused: where, which value, and what was expected."""

    file: str
    line: int
    path: str
    value: str
    expected: str

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        return f"{self.file}:{self.line}: {where}{self.value}; expected {self.expected}"


class ConfigError(ExporterError):
    """A configuration that cannot be used; ``problems`` holds every one found."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems
