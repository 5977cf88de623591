"""Schemas without references."""

from __future__ import annotations

import json
from importlib import resources

import pytest
from jsonschema import Draft202012Validator

from exporter.config.schema import config_schema
from exporter.schemas.inlined import inlined

OURS = sorted(file.name for file in resources.files("exporter.schemas").iterdir() if file.name.endswith(".json"))


def test_what_is_referred_to_stands_in_its_place() -> None:
    """Also within a definition; what stands beside a reference counts as well, unless it is for readers alone."""
    count = {"type": "integer"}
    definitions = {
        "count": count,
        "counts": {"type": "array", "items": {"title": "how many", "default": 1, "$ref": "#/$defs/count"}},
    }
    schema = {"$defs": definitions, "properties": {"all": {"$ref": "#/$defs/counts", "maxItems": 2}}}
    counts = {"type": "array", "items": count}
    assert inlined(schema) == {"properties": {"all": {"allOf": [counts], "maxItems": 2}}}


@pytest.mark.parametrize("name", OURS)
def test_no_schema_of_ours_is_left_with_a_reference(name: str) -> None:
    """Nor is one more than a schema by then."""
    schema = inlined(json.loads((resources.files("exporter.schemas") / name).read_text(encoding="utf-8")))
    assert '"$ref"' not in json.dumps(schema)
    Draft202012Validator.check_schema(schema)


def test_nor_is_that_of_the_configuration() -> None:
    assert '"$ref"' not in json.dumps(inlined(config_schema()))
