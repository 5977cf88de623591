"""What our own API is sent, checked before use: the first misfit in words that help whoever sent it.

Unlike other people's answers (``json_schema``), a request holds what its sender wrote, so it is told the value.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from exporter.schemas.json_schema import compiled, fits, validator

if TYPE_CHECKING:
    from jsonschema import ValidationError

_LONGEST = 80
_NEAR = 0.7


def misfit(payload: Any, schema: str) -> str | None:
    """Key, value and what was expected; the schema's descriptions are written as «expected …»."""
    if fits(payload, compiled(schema)):
        return None
    error = min(validator(schema).iter_errors(payload), key=_place, default=None)
    if error is None:
        return None
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path).lstrip(".")
    rule: Any = error.schema
    told = _TOLD.get(str(error.validator), _value)(error.instance, rule, bool(path))
    return f"{path}: {told}" if path else told


def _place(error: ValidationError) -> tuple[bool, list[str]]:
    """A key that is not known may be why another is missing."""
    return error.validator != "additionalProperties", [str(step) for step in error.absolute_path]


def _value(given: Any, rule: Any, is_part: bool) -> str:
    return f"{'got' if is_part else 'the body is'} {_shown(given)}; expected {rule['description']}"


def _choice(given: Any, rule: Any, _is_part: bool) -> str:
    return f"got {_shown(given)}; expected {_nearest(given, rule['enum'])}"


def _unknown_key(given: Any, rule: Any, _is_part: bool) -> str:
    known = list(rule["properties"])
    key = next(key for key in given if key not in known)
    return f"unknown key {_shown(key)}; expected {_nearest(key, known)}"


def _missing(given: Any, rule: Any, _is_part: bool) -> str:
    key = next(key for key in rule["required"] if key not in given)
    return f"{key}: missing; expected {rule['properties'][key]['description']}"


def _one_way(_given: Any, rule: Any, _is_part: bool) -> str:
    """What ``oneOf`` asks for stands in a sentence of its own."""
    return str(rule["$comment"])


def _nearest(given: Any, known: Collection[str]) -> str:
    close = difflib.get_close_matches(given, known, n=1, cutoff=_NEAR) if isinstance(given, str) else []
    return f"{close[0]!r}, perhaps" if close else f"one of {', '.join(known)}"


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return f"an object of {len(value)}" if value else "an empty object"
    if isinstance(value, list):
        return f"a list of {len(value)}" if value else "an empty list"
    # Of text, what cannot be printed or encoded is written as an escape.
    text = "null" if value is None else str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


_TOLD: dict[str, Callable[[Any, Any, bool], str]] = {
    "additionalProperties": _unknown_key,
    "required": _missing,
    "enum": _choice,
    "oneOf": _one_way,
}
