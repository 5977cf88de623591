"""Other people's JSON is checked before it is used."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from exporter.config.schema import config_schema
from exporter.errors import InvalidAnswer
from exporter.schemas.json_schema import checked, compiled, compiled_from, explaining, first_problem, fits, validator


def _schema(name: str) -> Any:
    return json.loads((resources.files("exporter") / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))


SCHEMAS = sorted(
    file.name.removesuffix(".schema.json")
    for file in (resources.files("exporter") / "schemas").iterdir()
    if file.name.endswith(".schema.json")
)


def _patterns(part: Any) -> Iterator[str]:
    """All that stand somewhere in a schema."""
    if isinstance(part, dict):
        if isinstance(part.get("pattern"), str):
            yield part["pattern"]
        yield from (pattern for value in part.values() for pattern in _patterns(value))
    if isinstance(part, list):
        yield from (pattern for value in part for pattern in _patterns(value))


RULES = [
    (pattern, explaining({"pattern": pattern}), compiled_from(json.dumps({"pattern": pattern})))
    for pattern in sorted({*_patterns(config_schema()), *(one for name in SCHEMAS for one in _patterns(_schema(name)))})
]

MAY_SAY_NOTHING = frozenset({"hook_answer", "hubspot_batch", "hubspot_batch_read"})
"""Answers whose fields are all optional: an empty object is one, and whoever reads it misses the records in it."""


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_one(name: str) -> None:
    """Each file is itself valid JSON Schema 2020-12 and says what it describes."""
    schema = _schema(name)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"]


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("payload", [None, True, 7, "text", [None], {}])
def test_every_schema_refuses_something_else(name: str, payload: Any) -> None:
    """No schema is so lax that it takes what holds nothing, but where nothing is an answer."""
    assert (first_problem(payload, name) is None) == (payload == {} and name in MAY_SAY_NOTHING)


@pytest.mark.parametrize(("text", "fits"), [("NA1", True), ("\ud800", False), ("\ue000", True)])
def test_a_text_with_half_a_character_is_refused(text: str, fits: bool) -> None:
    """The sign that stands for them in the faster library is one like others."""
    assert (first_problem({"results": [], "next_after": text}, "bridge_sync_errors") is None) == fits
    assert (first_problem({"instance": text, "org": None, "exists": True}, "salesforce_status") is None) == fits


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_understood_by_the_faster_library(name: str) -> None:
    """Or it would be read anew at every answer."""
    assert compiled(name)


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("odd", [float("nan"), 10**400, 1.0, "\ud800", {7: None}], ids=repr)
def test_what_is_hardly_json_is_judged_by_the_same_rules(name: str, odd: Any) -> None:
    """Whatever the faster library makes of it."""
    for payload in (odd, [odd], dict.fromkeys(("as_of", "results", "records", "other"), odd)):
        assert (first_problem(payload, name) is None) == validator(name).is_valid(payload)


ODD = (*"\t\n\r\x1c\x7f\x85\xa0\u0660\u2028\u202e\ufeff\ue000\ud800aZ_0-.@ ", "é", "😀")
"""Where rules for patterns differ between languages: ends of lines, white space, digits, half characters."""


@settings(max_examples=40)
@given(st.text(st.sampled_from(ODD), max_size=12))
def test_no_text_fits_by_the_faster_library_alone(text: str) -> None:
    """Or it would be let in that was refused before; what it refuses is judged by the other."""
    for rule, slow, fast in RULES:
        assert not fits(text, fast) or slow.is_valid(text), rule


def test_what_fits_is_handed_back() -> None:
    """The same object, unknown fields and all."""
    payload = {"as_of": "2026-11-21T10:00:00Z", "new": {"deep": [1]}}
    assert checked(payload, "sync_health", "sync-health") is payload


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        ([], "the body does not fit (type: object)"),
        ({"DailyApiRequests": {"Max": 1}}, "DailyApiRequests: Remaining missing"),
        (
            {"DailyApiRequests": {"Max": "secret", "Remaining": 0}},
            "DailyApiRequests.Max does not fit (type: integer)",
        ),
    ],
)
def test_a_problem_names_path_and_rule(payload: Any, problem: str) -> None:
    """But not the value, which may be anything, a secret included."""
    assert first_problem(payload, "salesforce_limits") == problem
    with pytest.raises(InvalidAnswer) as caught:
        checked(payload, "salesforce_limits", "/limits")
    assert str(caught.value) == f"/limits: {problem}"


def test_a_place_in_a_list_is_named() -> None:
    """By its number."""
    payload = {"as_of": "2026-11-21T10:00:00Z", "errors": [{"category": "other"}, {"category": 7}]}
    assert first_problem(payload, "sync_health") == "errors[1].category does not fit (type: string)"
