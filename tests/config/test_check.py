"""Bad configurations: one broken file a mistake in ``bad_configs``, its exact message beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from exporter.cli import main
from exporter.config.file import load_config
from exporter.config.problem import ConfigError
from exporter.config.schema import config_schema
from tests.examples import examples

FOLDER = Path(__file__).parent / "bad_configs"
BROKEN = sorted(file.name for file in FOLDER.iterdir() if file.suffix in {".yml", ".json"})
PLANTED_SECRET = "hunter2"


@pytest.fixture
def _beside_the_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the folder of the broken files the working directory, so that messages name the bare file."""
    monkeypatch.chdir(FOLDER)
    monkeypatch.setenv("SET", "a-value")
    monkeypatch.setenv("BLANK", " ")
    monkeypatch.delenv("NOT_SET_ANYWHERE", raising=False)


@pytest.mark.usefixtures("_beside_the_files")
@pytest.mark.parametrize("name", BROKEN)
def test_every_problem_of_a_broken_file_is_named(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """check-config ends with 1, says exactly what stands beside the file, and never prints a secret."""
    code = main(["check-config", name])
    said = capsys.readouterr()
    assert said.err == Path(name).with_suffix(".txt").read_text(encoding="utf-8")
    assert (code, said.out) == (1, "")
    assert PLANTED_SECRET not in said.err


def test_there_are_many_broken_files_and_each_has_its_message() -> None:
    """More than the twenty asked for, no message without its file."""
    assert len(BROKEN) >= 24
    assert {Path(name).stem for name in BROKEN} == {file.stem for file in FOLDER.glob("*.txt")}


def test_a_message_names_the_file_as_it_was_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A long path is not cut: somebody wants to open it. A relative secret is shown where it was looked for."""
    folder = tmp_path / ("a-long-name-of-a-folder" * 5)
    folder.mkdir()
    file = folder / "exporter.yml"
    file.write_text("integrations: [{name: acme, sync_health: {url: 'https://b.example', token_file: gone}}]")
    assert main(["check-config", str(file)]) == 1
    path = "integrations[0].sync_health.token_file"
    problem = f'cannot read "{folder}/gone" (No such file or directory)'
    assert capsys.readouterr().err == f"{file}:1: {path}: {problem}; expected a readable file\n"


@pytest.mark.parametrize(("made", "reason"), [(False, "No such file or directory"), (True, "Is a directory")])
def test_a_configuration_file_that_cannot_be_read_is_named(
    made: bool, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Missing, or a directory: said in a line, without a traceback."""
    file = tmp_path / "exporter.yml"
    if made:
        file.mkdir()
    assert main(["check-config", str(file)]) == 1
    assert capsys.readouterr().err == f"{file}:1: cannot read it: {reason}; expected a file\n"


def test_problems_are_data_in_the_order_of_their_lines(tmp_path: Path) -> None:
    """Whoever loads a configuration gets every problem with its line, path, value and expectation."""
    file = tmp_path / "exporter.yml"
    file.write_text("integrations:\n  - name: acme\n    notify: hourly\n    mailbox: 1\nstore: 2\n")
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert [(problem.line, problem.path, problem.value) for problem in caught.value.problems] == [
        (3, "integrations[0].notify", 'got "hourly"'),
        (4, "integrations[0].mailbox", "got 1"),
        (5, "store", "got 2"),
    ]


def test_the_names_of_a_free_mapping_mean_nothing(tmp_path: Path) -> None:
    """Headings under ``mapping`` are the user's own, even where they look like one of our keys."""
    file = tmp_path / "exporter.yml"
    mapping = {"url": "hubspot_url", "directory": "record", "token_file": "details", "owner_env": "category"}
    feed = {"directory": ".", "mapping": mapping}
    file.write_text(json.dumps({"integrations": [{"name": "acme", "sync_health": feed}]}))
    assert load_config(file).integrations[0].name == "acme"


def test_the_schema_is_json_schema_2020_12() -> None:
    """The schema is valid itself, and everything in it that can be wrong says what was expected."""
    schema = config_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)
    undescribed = [node for node in _nodes(schema) if "type" in node and "description" not in node]
    assert undescribed == []


def _nodes(schema: Any) -> list[dict[str, Any]]:
    """Every subschema: the mappings whose ``type`` is a name of JSON Schema."""
    if isinstance(schema, list):
        return [node for inner in schema for node in _nodes(inner)]
    if not isinstance(schema, dict):
        return []
    own = [schema] if isinstance(schema.get("type"), str) else []
    return own + [node for inner in schema.values() for node in _nodes(inner)]


def test_every_object_of_the_schema_refuses_unknown_keys() -> None:
    """None is open: what is HubSpot's own, such as its search filters, is known too."""
    open_ones = [
        node["description"]
        for node in _nodes(config_schema())
        if node["type"] == "object" and "additionalProperties" not in node
    ]
    assert open_ones == []


def _key_names(schema: Any) -> set[str]:
    return {name for node in _nodes(schema) for name in node.get("properties", {})}


KEYS = st.sampled_from(sorted(_key_names(config_schema())))
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.sampled_from(["https://b.example", "https://u:p@b.example?q#f", "1h", "5m\n", "x" * 300, "a\0b", "off"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=5), inner, max_size=4),
    max_leaves=15,
)


@settings(
    max_examples=examples(400),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)
@given(entry=st.dictionaries(KEYS, VALUES, max_size=5), rest=st.dictionaries(KEYS, VALUES, max_size=3))
def test_no_document_brings_down_the_check(entry: dict[str, Any], rest: dict[str, Any], tmp_path: Path) -> None:
    """Whatever stands in the file, it loads or is refused with lines: there is no third outcome."""
    file = tmp_path / "exporter.json"
    file.write_text(json.dumps({"integrations": [{"name": "acme", **entry}], **rest}), encoding="utf-8")
    try:
        load_config(file)
    except ConfigError as error:
        for problem in error.problems:
            assert problem.expected
            assert str(problem).startswith(f"{file}:{problem.line}: ")
