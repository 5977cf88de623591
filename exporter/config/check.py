"""Finds every problem of a configuration: JSON Schema first, then what a schema cannot say. Changes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from exporter.config.durations import parse_duration
from exporter.config.finding import Finding
from exporter.config.masking import has_password, is_file_name, shown
from exporter.config.problem import Problem
from exporter.config.schema import config_schema, schema_findings
from exporter.config.urls import is_safe_url
from exporter.config.yaml_document import DocumentPath, YamlDocument

_URL_KEYS = {"url", "audience"}
_FREE_KEYS = {"mapping", "patterns", "filters"}  # below them keys are the user's own and mean nothing to us


def find_problems(file: Path, document: YamlDocument) -> tuple[Problem, ...]:
    """Every problem of the document, in the order of its lines."""
    findings = [*schema_findings(document.data), *_rule_findings(document.data, file.parent)]
    problems = [
        Problem(str(file), document.line(found.path), _dotted(found.path), found.value, found.expected)
        for found in findings
    ]
    problems += [
        Problem(str(file), line, _dotted(path), f"key {path[-1]!r} stands twice", "each key once")
        for path, line in document.duplicates
    ]
    return tuple(
        sorted(set(problems), key=lambda problem: (problem.line, problem.path, problem.expected, problem.value))
    )


def _rule_findings(data: Any, folder: Path) -> Iterator[Finding]:
    yield from _duplicate_names(data)
    yield from _store_findings(data)
    for path, value in _leaves(data, ()):
        if not isinstance(value, str) or not value or not _FREE_KEYS.isdisjoint(path):
            continue
        key = str(path[-1])
        if key in _URL_KEYS:
            yield from _url_findings(path, value)
        elif key.endswith("_file"):
            yield from _secret_file_findings(path, value, folder)
        elif key.endswith("_env"):
            yield from _secret_variable_findings(path, value)
        elif key == "directory" and not (folder / value).is_dir():
            yield Finding(path, f"got {shown(value)}", "an existing directory")
        elif "intervals" in path:
            yield from _interval_findings(path, value)


def _leaves(value: Any, path: DocumentPath) -> Iterator[tuple[DocumentPath, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, str(key)))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, (*path, index))
    elif path:
        yield path, value


def _duplicate_names(data: Any) -> Iterator[Finding]:
    integrations = data.get("integrations") if isinstance(data, dict) else None
    seen: set[str] = set()
    for index, entry in enumerate(integrations if isinstance(integrations, list) else ()):
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(name, str):
            continue
        if name in seen:
            yield Finding(
                ("integrations", index, "name"), f"got {shown(name)} again", "a name that no other integration has"
            )
        seen.add(name)


def _store_findings(data: Any) -> Iterator[Finding]:
    store = data.get("store") if isinstance(data, dict) else None
    if not isinstance(store, str):
        return
    if has_password(store):
        yield Finding(
            ("store",), f"secret stands in the file: {shown(store)}", "the password in the file that PGPASSFILE names"
        )
    elif store.startswith("postgresql://") and not _has_host_and_port(store):
        yield Finding(("store",), f"got {shown(store)}", "postgresql://USER@HOST:PORT/DATABASE")


def _has_host_and_port(url: str) -> bool:
    """Whether the host can be told; a port is optional, but if there is one it is a number up to 65535."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _url_findings(path: DocumentPath, value: str) -> Iterator[Finding]:
    if not is_safe_url(value):
        yield Finding(path, f"got {shown(value)}", config_schema()["$defs"]["url"]["description"])


def _secret_file_findings(path: DocumentPath, name: str, folder: Path) -> Iterator[Finding]:
    if not is_file_name(name):
        yield Finding(path, "got text that is no path (not shown, it may be the secret)", "the path of a file")
        return
    file = f'"{folder / name}"'
    try:
        empty = not (folder / name).read_text(encoding="utf-8").strip()
    except OSError as error:
        yield Finding(path, f"cannot read {file} ({error.strerror})", "a readable file")
    except UnicodeDecodeError:
        yield Finding(path, f"{file} is not text", "a secret as UTF-8 text")
    else:
        if empty:
            yield Finding(path, f"{file} is empty", "a file that holds the secret")


def _secret_variable_findings(path: DocumentPath, name: str) -> Iterator[Finding]:
    if name.isidentifier() and name.isascii() and not os.environ.get(name, "").strip():
        yield Finding(path, f"environment variable {shown(name)} is not set or empty", "a set, non-empty variable")


def _interval_findings(path: DocumentPath, value: str) -> Iterator[Finding]:
    try:
        seconds = parse_duration(value)
    except ValueError:
        return  # the schema has said so already
    if seconds < 1:
        yield Finding(path, f"got {shown(value)}", "an interval of 1s or more")


def _dotted(path: DocumentPath) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
