"""JSON Schemas without references: jsonschema looks each up again for every value, which takes longer than the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NOTES = frozenset({"title", "default"})
"""What a schema says beside a reference for its readers alone."""


def inlined(schema: Mapping[str, Any]) -> Any:
    """The schema with each of its ``$defs`` where it is referred to.

    Of a schema of ours: no definition refers to itself.
    """
    return _inlined(schema, schema.get("$defs", {}))


def _inlined(part: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(part, list):
        return [_inlined(one, definitions) for one in part]
    if not isinstance(part, Mapping):
        return part
    own = {key: _inlined(value, definitions) for key, value in part.items() if key not in ("$ref", "$defs")}
    if "$ref" not in part:
        return own
    own = {key: value for key, value in own.items() if key not in _NOTES}
    referred = _inlined(definitions[part["$ref"].removeprefix("#/$defs/")], definitions)
    return {"allOf": [referred], **own} if own else referred
