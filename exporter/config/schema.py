"""The JSON Schema of the configuration, and its complaints in words an operator understands."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterator
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from exporter.catalog.catalog import CATALOG
from exporter.config.finding import Finding
from exporter.config.masking import shown
from exporter.config.yaml_document import DocumentPath, named_by
from exporter.schemas.json_schema import compiled_from, explaining, fits

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

_NEAR = 0.8
_SECRET_KEYS = {
    "client_secret",
    "private_key",
    "token",
    "password",
    "access_token",
    "webhook_token",
    "api_token",
    "suspension_token",
    "store_password",
    "secret",
}
_WHERE_SECRETS_STAND = ("_file", "_env")


@cache
def config_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the configuration, with the names of the catalogue filled in."""
    text = (resources.files("exporter.config") / "config.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    policy = schema["$defs"]["remediation"]["properties"]["policies"]["items"]["properties"]
    policy["categories"]["items"]["enum"] = list(CATALOG.selectable_categories)
    policy["error_types"]["items"]["enum"] = list(CATALOG.selectable_types)
    return schema


@cache
def _validator() -> Draft202012Validator:
    return explaining(config_schema())


def schema_findings(data: Any, validator: Draft202012Validator | None = None) -> Iterator[Finding]:
    """Every misfit, each with its path, the value and what was expected; by the schema of the configuration unless
    another is given."""
    if validator is None and fits(data, compiled_from(json.dumps(config_schema()))):
        return
    for error in (validator or _validator()).iter_errors(data):
        explain = _EXPLAIN.get(str(error.validator), _explain_value)
        yield from explain(tuple(error.absolute_path), error)


def _explain_value(path: DocumentPath, error: Any) -> Iterator[Finding]:
    yield Finding(path, f"got {_value(path, error.instance)}", _description(error))


def _value(path: DocumentPath, value: Any) -> str:
    """The value as it may be printed: what is no variable name under ``*_env`` may be the secret itself."""
    if isinstance(value, str) and value and named_by(path).endswith("_env"):
        return "text that is no variable name (not shown, it may be the secret)"
    return shown(value)


def _explain_unknown_keys(path: DocumentPath, error: Any) -> Iterator[Finding]:
    known = sorted(error.schema["properties"])
    for key in error.instance:
        if key not in known:
            yield _unknown_key((*path, key), str(key), known)


def _explain_missing_keys(path: DocumentPath, error: Any) -> Iterator[Finding]:
    for key in error.validator_value:
        if key not in error.instance:
            yield Finding(path, f"key {key!r} is missing", _description(error))


def _explain_choice(path: DocumentPath, error: Any) -> Iterator[Finding]:
    if isinstance(error.instance, dict):  # else the wrong type is a finding of its own
        yield Finding(path, "got " + (", ".join(sorted(map(str, error.instance))) or "nothing"), _description(error))


def _explain_both(path: DocumentPath, error: Any) -> Iterator[Finding]:
    both = error.validator_value["required"]
    if isinstance(error.instance, dict):
        yield Finding(path, "got " + " and ".join(both), "only one of them")


def _explain_nothing_to_watch(path: DocumentPath, error: Any) -> Iterator[Finding]:
    if isinstance(error.instance, dict):
        yield Finding(path, "nothing to watch", "at least one of salesforce, hubspot, sync_health, mailbox")


def _explain_enum(path: DocumentPath, error: Any) -> Iterator[Finding]:
    yield Finding(path, f"got {shown(error.instance)}", _one_of(str(error.instance), error.validator_value))


def _explain_repetition(path: DocumentPath, error: Any) -> Iterator[Finding]:
    for index, entry in enumerate(error.instance):
        if entry in error.instance[:index]:
            what = "the same" if named_by(path).endswith(_WHERE_SECRETS_STAND) else shown(entry)
            yield Finding((*path, index), f"got {what} again", _description(error))


_EXPLAIN: dict[str, Callable[[DocumentPath, Any], Iterator[Finding]]] = {
    "additionalProperties": _explain_unknown_keys,
    "required": _explain_missing_keys,
    "oneOf": _explain_choice,
    "minProperties": _explain_choice,
    "maxProperties": _explain_choice,
    "not": _explain_both,
    "anyOf": _explain_nothing_to_watch,
    "enum": _explain_enum,
    "uniqueItems": _explain_repetition,
}


def _description(error: Any) -> str:
    """What the schema says of the value: its descriptions are written as «expected …»."""
    return str(error.schema["description"])


def _unknown_key(path: DocumentPath, key: str, known: list[str]) -> Finding:
    if key in _SECRET_KEYS and f"{key}_file" in known:
        return Finding(path, f"secret {key!r} stands in the file", f"{key}_file or {key}_env")
    return Finding(path, f"unknown key {key!r}", _one_of(key, known))


def _one_of(given: str, known: list[str]) -> str:
    close = difflib.get_close_matches(given, known, n=1, cutoff=_NEAR)
    return f"{close[0]!r}, perhaps" if close else "one of " + ", ".join(known)
