"""Finds every problem of a configuration: JSON Schema first, then what a schema cannot say. Changes nothing."""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from exporter.catalog import CATALOG, UNKNOWN
from exporter.durations import parse_duration
from exporter.errors import ExporterError
from exporter.urls import is_safe_url
from exporter.yaml_document import DocumentPath, YamlDocument

_SECRET_KEYS = {"client_secret", "private_key", "token", "password", "webhook_token"}
_URL_KEYS = {"url", "audience"}


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


@dataclass(frozen=True, slots=True)
class _Finding:
    path: DocumentPath
    value: str
    expected: str


@cache
def config_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the configuration, with the names of the catalogue filled in."""
    text = (resources.files("exporter") / "config.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    policy = schema["$defs"]["remediation"]["properties"]["policies"]["items"]["properties"]
    policy["categories"]["items"]["enum"] = list(CATALOG.category_names)
    policy["error_types"]["items"]["enum"] = [*CATALOG.error_types, UNKNOWN]
    return schema


def find_problems(file: Path, document: YamlDocument) -> tuple[Problem, ...]:
    """Every problem of the document, in the order of its lines."""
    findings = [*_schema_findings(document.data), *_rule_findings(document.data, file.parent)]
    problems = [
        Problem(str(file), document.line(found.path), _dotted(found.path), found.value, found.expected)
        for found in findings
    ]
    problems += [
        Problem(str(file), line, _dotted(path), f"key {path[-1]!r} stands twice", "each key once")
        for path, line in document.duplicates
    ]
    return tuple(sorted(set(problems), key=lambda problem: (problem.line, problem.path, problem.expected)))


# --- what the schema says


def _schema_findings(data: Any) -> Iterator[_Finding]:
    for error in Draft202012Validator(config_schema()).iter_errors(data):
        explain = _EXPLAIN.get(str(error.validator), _explain_value)
        yield from explain(tuple(error.absolute_path), error)


def _explain_value(path: DocumentPath, error: Any) -> Iterator[_Finding]:
    yield _Finding(path, f"got {shown(error.instance)}", _description(error))


def _explain_unknown_keys(path: DocumentPath, error: Any) -> Iterator[_Finding]:
    known = sorted(error.schema["properties"])
    for key in error.instance:
        if key not in known:
            yield _unknown_key((*path, key), str(key), known)


def _explain_missing_keys(path: DocumentPath, error: Any) -> Iterator[_Finding]:
    for key in error.validator_value:
        if key not in error.instance:
            yield _Finding(path, f"key {key!r} is missing", _description(error))


def _explain_choice(path: DocumentPath, error: Any) -> Iterator[_Finding]:
    if isinstance(error.instance, dict):  # else the wrong type is a finding of its own
        yield _Finding(path, "got " + (", ".join(sorted(map(str, error.instance))) or "nothing"), _description(error))


def _explain_both(path: DocumentPath, error: Any) -> Iterator[_Finding]:
    both = error.validator_value["required"]
    if isinstance(error.instance, dict):
        yield _Finding(path, "got " + " and ".join(both), "only one of them")


def _explain_nothing_to_watch(path: DocumentPath, error: Any) -> Iterator[_Finding]:
    if isinstance(error.instance, dict):
        yield _Finding(path, "nothing to watch", "at least one of salesforce, hubspot, sync_health, mailbox")


def _explain_enum(path: DocumentPath, error: Any) -> Iterator[_Finding]:
    yield _Finding(path, f"got {shown(error.instance)}", "one of " + ", ".join(map(str, error.validator_value)))


_EXPLAIN: dict[str, Callable[[DocumentPath, Any], Iterator[_Finding]]] = {
    "additionalProperties": _explain_unknown_keys,
    "required": _explain_missing_keys,
    "oneOf": _explain_choice,
    "minProperties": _explain_choice,
    "maxProperties": _explain_choice,
    "not": _explain_both,
    "anyOf": _explain_nothing_to_watch,
    "enum": _explain_enum,
}


def _description(error: Any) -> str:
    """What the schema says of the value: its descriptions are written as «expected …»."""
    return str(error.schema["description"])


def _unknown_key(path: DocumentPath, key: str, known: list[str]) -> _Finding:
    if key in _SECRET_KEYS:
        return _Finding(path, f"secret {key!r} stands in the file", f"{key}_file or {key}_env")
    close = difflib.get_close_matches(key, known, n=1)
    expected = f"{close[0]!r}, perhaps" if close else "one of " + ", ".join(known)
    return _Finding(path, f"unknown key {key!r}", expected)


def shown(value: Any) -> str:
    """A value as it may be printed: short, and without the password of a URL."""
    if isinstance(value, dict | list):
        return f"a {'mapping' if isinstance(value, dict) else 'list'} of {len(value)}"
    text = json.dumps(value, ensure_ascii=False, default=str)
    text = re.sub(r"(://[^/@\s:]*):[^@\s]*@", r"\1:<secret>@", text)
    return text if len(text) <= 80 else text[:77] + "…"  # noqa: PLR2004


# --- what a schema cannot say


def _rule_findings(data: Any, folder: Path) -> Iterator[_Finding]:
    yield from _duplicate_names(data)
    yield from _store_findings(data)
    for path, value in _leaves(data, ()):
        if not isinstance(value, str) or not value:
            continue
        key = str(path[-1])
        if key in _URL_KEYS:
            yield from _url_findings(path, value)
        elif key.endswith("_file"):
            yield from _secret_file_findings(path, folder / value)
        elif key.endswith("_env") and not os.environ.get(value):
            yield _Finding(path, f"environment variable {shown(value)} is not set", "a set, non-empty variable")
        elif key == "directory" and not (folder / value).is_dir():
            yield _Finding(path, f"got {shown(value)}", "an existing directory")
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


def _duplicate_names(data: Any) -> Iterator[_Finding]:
    integrations = data.get("integrations") if isinstance(data, dict) else None
    seen: set[str] = set()
    for index, entry in enumerate(integrations if isinstance(integrations, list) else ()):
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(name, str):
            continue
        if name in seen:
            yield _Finding(("integrations", index, "name"), f"got {shown(name)} again", "a name of its own")
        seen.add(name)


def _store_findings(data: Any) -> Iterator[_Finding]:
    store = data.get("store") if isinstance(data, dict) else None
    if isinstance(store, str) and re.search(r"://[^/@\s]*:[^@\s]*@", store):
        yield _Finding(("store",), f"secret stands in the file: {shown(store)}", "the password in PGPASSFILE")


def _url_findings(path: DocumentPath, value: str) -> Iterator[_Finding]:
    expected = "an https:// URL (http:// to loopback only) without user, password, query or fragment"
    if not is_safe_url(value):
        yield _Finding(path, f"got {shown(value)}", expected)


def _secret_file_findings(path: DocumentPath, file: Path) -> Iterator[_Finding]:
    try:
        empty = not file.read_text(encoding="utf-8").strip()
    except OSError as error:
        yield _Finding(path, f"cannot read {shown(str(file))} ({error.strerror})", "a readable file")
    except UnicodeDecodeError:
        yield _Finding(path, f"{shown(str(file))} is not text", "a secret as UTF-8 text")
    else:
        if empty:
            yield _Finding(path, f"{shown(str(file))} is empty", "a file that holds the secret")


def _interval_findings(path: DocumentPath, value: str) -> Iterator[_Finding]:
    try:
        seconds = parse_duration(value)
    except ValueError:
        return  # the schema has said so already
    if seconds < 1:
        yield _Finding(path, f"got {shown(value)}", "an interval of 1s or more")


def _dotted(path: DocumentPath) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
