"""Other people's JSON, checked before use. The schemas stand in ``exporter/schemas``; unknown fields are tolerated."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from jsonschema import Draft202012Validator

from exporter.errors import InvalidAnswer
from exporter.schemas.inlined import inlined


def checked(payload: Any, schema: str, where: str) -> Any:
    """``payload`` itself if it fits the schema of that name; raises ``InvalidAnswer`` naming the first misfit."""
    problem = first_problem(payload, schema)
    if problem is not None:
        raise InvalidAnswer(f"{where}: {problem}")
    return payload


def first_problem(payload: Any, schema: str) -> str | None:
    """Path and rule of the first misfit. The value stays out: it may be anything, a secret included."""
    error = next(validator(schema).iter_errors(payload), None)
    if error is None:
        return None
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path)
    where = path.lstrip(".") or "the body"
    if error.validator == "required":
        missing = [key for key in error.schema["required"] if key not in error.instance]
        return f"{where}: {' and '.join(missing)} missing"
    return f"{where} does not fit ({error.validator}: {str(error.validator_value)[:80]})"


@cache
def validator(schema: str) -> Draft202012Validator:
    """Of the schema of that name."""
    text = (resources.files("exporter.schemas") / f"{schema}.schema.json").read_text(encoding="utf-8")
    return Draft202012Validator(inlined(json.loads(text)))
