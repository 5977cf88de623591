"""The sheet of a configuration file that is refused: nothing else is tried."""

from __future__ import annotations

from exporter.config.problem import ConfigError, Problem
from exporter.doctor import sections
from exporter.doctor.finding import Finding, failed, not_tried
from exporter.doctor.sheet import Line, Sheet


def sheet_of(error: ConfigError) -> Sheet:
    """A line for each problem that ``check-config`` finds."""
    found = [Line(sections.CONFIGURATION, "file", _finding(problem)) for problem in error.problems]
    rest = Line(sections.CONFIGURATION, "everything else", not_tried("the configuration is not good"))
    return Sheet("", (*found, rest))


def _finding(problem: Problem) -> Finding:
    where = f"{problem.file}:{problem.line}"
    return failed(f"{problem.path}: {problem.value}" if problem.path else problem.value, f"{where}: {problem.expected}")
