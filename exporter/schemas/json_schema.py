"""Other people's JSON, checked before use. The schemas stand in ``exporter/schemas``; unknown fields are tolerated.

What fits is seen in a hundredth of the time by a library that compiles schemas (``jsonschema-rs``); what does not fit
is told of by the one whose errors have been told in these words ever since (``jsonschema``), which is imported then: it
and what it needs take 4 MiB, and more where formats of its own are installed.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from exporter.errors import InvalidAnswer
from exporter.schemas.inlined import inlined

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

_SURROGATES, _PRIVATE = r"\\ud800-\\udfff", r"\\ue000"
"""Half characters, which Rust has no word for and takes in no text; a sign in their place leaves the pattern one, and
whatever holds that sign is judged by ``jsonschema``."""


def checked(payload: Any, schema: str, where: str) -> Any:
    """``payload`` itself if it fits the schema of that name; raises ``InvalidAnswer`` naming the first misfit."""
    problem = first_problem(payload, schema)
    if problem is not None:
        raise InvalidAnswer(f"{where}: {problem}")
    return payload


def first_problem(payload: Any, schema: str) -> str | None:
    """Path and rule of the first misfit. The value stays out: it may be anything, a secret included."""
    if fits(payload, compiled(schema)):
        return None
    error = next(validator(schema).iter_errors(payload), None)
    if error is None:
        return None
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path)
    where = path.lstrip(".") or "the body"
    if error.validator == "required":
        missing = [key for key in error.schema["required"] if key not in error.instance]
        return f"{where}: {' and '.join(missing)} missing"
    return f"{where} does not fit ({error.validator}: {str(error.validator_value)[:80]})"


def fits(payload: Any, schema: jsonschema_rs.Draft202012Validator) -> bool:
    """Whether it fits beyond doubt; what makes no sense as JSON, or is too deep, is looked at by who can explain."""
    try:
        return schema.is_valid(payload)
    except (ValueError, RecursionError):
        return False


@cache
def compiled(schema: str) -> jsonschema_rs.Draft202012Validator:
    """The schema of that name, to be asked quickly."""
    return compiled_from(_text(schema))


def compiled_from(text: str) -> jsonschema_rs.Draft202012Validator:
    """That of a schema that is written in ASCII."""
    return jsonschema_rs.Draft202012Validator(text.replace(_SURROGATES, _PRIVATE))


@cache
def validator(schema: str) -> Draft202012Validator:
    """Of the schema of that name."""
    return explaining(json.loads(_text(schema)))


def explaining(schema: Any) -> Draft202012Validator:
    """Names each misfit of what does not fit."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415  most processes meet nothing that does not fit

    return Draft202012Validator(inlined(schema))


def _text(schema: str) -> str:
    return (resources.files("exporter.schemas") / f"{schema}.schema.json").read_text(encoding="utf-8")
