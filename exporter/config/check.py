"""Finds every problem of a configuration: JSON Schema first, then what a schema cannot say. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from exporter.config.checks import CHECKS
from exporter.config.draft import Draft, is_extension, without_extensions
from exporter.config.finding import Finding
from exporter.config.problem import Problem
from exporter.config.schema import schema_findings
from exporter.config.yaml_document import DocumentPath, YamlDocument


def find_problems(file: Path, document: YamlDocument) -> tuple[Problem, ...]:
    """Every problem of the document, in the order of its lines."""
    return problems_in(file, document, _findings(Draft(without_extensions(document.data), file.parent)))


def problems_in(file: Path, document: YamlDocument, findings: Iterable[Finding]) -> tuple[Problem, ...]:
    """What was found in the document, and its keys that stand twice, in the order of its lines."""
    problems = [
        Problem(str(file), document.line(found.path), _dotted(found.path), found.value, found.expected)
        for found in findings
    ]
    problems += [
        Problem(str(file), line, _dotted(path), f"key {path[-1]!r} stands twice", "each key once")
        for path, line in document.duplicates
        if not is_extension(path[0])
    ]
    return tuple(
        sorted(set(problems), key=lambda problem: (problem.line, problem.path, problem.expected, problem.value))
    )


def _findings(draft: Draft) -> Iterator[Finding]:
    yield from schema_findings(draft.data)
    for check in CHECKS:
        yield from check(draft)


def _dotted(path: DocumentPath) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
