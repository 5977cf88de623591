"""The tables of the exporter's README: flags, endpoints, parts of ``doctor``, headings of exports."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

import pytest

from exporter.cli import COMMANDS
from exporter.commands.command import Command
from exporter.doctor.sections import ORDER
from exporter.exports.columns import FIELDS, columns_of
from exporter.web.api.openapi import document
from tests.markdown import section_at

README = Path(__file__).parent.parent / "exporter" / "README.md"
TEXT = README.read_text(encoding="utf-8")
COMMAND_ROWS = dict(re.findall(r"^\| `([a-z-]+)(.*) \|$", section_at(TEXT, "commands"), re.MULTILINE))
FLAG_ROWS = re.findall(r"^\| `(--[a-z.-]+)\S*` \| ?(.*?) \| (.*) \|$", section_at(TEXT, "commands"), re.MULTILINE)
HTTP_ROWS = re.findall(r"^\| (`(?:GET|POST|PUT) .*?`) \| (.*) \|$", section_at(TEXT, "http"), re.MULTILINE)
ALIASES = {"POST /alertmanager/webhook/", "PUT /-/reload"}
"""What is taken, too, and nobody has to know of."""
OPERATIONS: dict[str, dict[str, Any]] = {
    f"{method.upper()} {path}": operation
    for path, operations in document()["paths"].items()
    for method, operation in operations.items()
    if method != "parameters" and f"{method.upper()} {path}" not in ALIASES
}


def flags_of(command: Command) -> dict[str, argparse.Action]:
    """What begins with two dashes, but for the help."""
    parser = argparse.ArgumentParser(add_help=False)
    command.load().add_flags(parser)
    return {flag: action for action in parser._actions for flag in action.option_strings if flag.startswith("--")}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_flag_is_told_of(command: Command) -> None:
    """In the command's row, a section that the row leads to, or the table of `serve`; and none that is not there."""
    row = COMMAND_ROWS[command.name]
    told = [row, *(flag for flag, *_ in FLAG_ROWS if command.name == "serve")]
    for path, anchor in re.findall(r"\]\(([^)#]*)#([^)]+)\)", row):
        told.append(section_at((README.parent / path).read_text(encoding="utf-8") if path else TEXT, anchor))
    assert {flag for flag in flags_of(command) if not re.search(rf"{flag}\b", " ".join(told))} == set()
    assert set(re.findall(r"--[a-z][a-z.-]*[a-z]", row)) <= {*flags_of(command), "--help"}


def test_the_table_of_serve_says_its_defaults() -> None:
    """Flag by flag, and of levels and formats which there are."""
    flags = flags_of(next(command for command in COMMANDS if command.name == "serve"))
    assert {flag for flag, *_ in FLAG_ROWS} == flags.keys()
    for flag, default, said in FLAG_ROWS:
        chosen = flags[flag].choices or ()
        assert [choice for choice in chosen if f"`{choice}`" not in default + said] == []
        assert not chosen or default == f"`{flags[flag].default}`"


def operations_of(row: str) -> dict[str, set[str]]:
    """Method and path of each operation in the first column, and the parameters of its query; `…` is the first path."""
    named = [part.partition("?")[::2] for part in re.findall(r"`(.*?)`", row.replace("\\|", "|"))]
    first = named[0][0]
    return {
        operation.replace("…", first): {pair.partition("=")[0] for pair in query.split("&") if pair}
        for operation, query in named
    }


def test_the_table_of_endpoints_is_complete() -> None:
    """Exactly what the OpenAPI document describes, which another test holds to what is served."""
    assert {operation for row, _ in HTTP_ROWS for operation in operations_of(row)} == OPERATIONS.keys()


@pytest.mark.parametrize(("row", "said"), HTTP_ROWS, ids=[row for row, _ in HTTP_ROWS])
def test_endpoints_are_as_their_row_says(row: str, said: str) -> None:
    """Every parameter of the API and of scrapes, and no status that is never answered."""
    answers: set[str] = set()
    for operation, told in operations_of(row).items():
        described = OPERATIONS[operation]
        answers |= described["responses"].keys()
        known = {name for name, where in map(parameter, described.get("parameters", ())) if where == "query"}
        assert told == known or ("/integrations/{name}" in operation and told <= known)
    assert set(re.findall(r"\b[1-5]\d\d\b(?! MiB)", said)) <= answers


def parameter(described: dict[str, Any]) -> tuple[str, str]:
    """Its name, and where it stands."""
    if "$ref" in described:
        described = document()["components"]["parameters"][described["$ref"].rpartition("/")[2]]
    return described["name"], described["in"]


def test_the_parts_of_doctor_are_those_there_are() -> None:
    """In their order; of two that are together small one row."""
    rows = re.findall(r"^\| (?!part |---)(.+?) \|", section_at(TEXT, "what-doctor-tries"), re.MULTILINE)
    assert [row.lower() for row in rows] == [section.lower() for section in ORDER]


def test_headings_of_an_export_mean_the_field_of_their_row() -> None:
    """Every field there is, and each heading that is given as an example."""
    rows = re.findall(r"^\| (`[a-z_`, ]+`) \| (.+?) \| ", section_at(TEXT, "exported-errors"), re.MULTILINE)
    assert {field for fields, _ in rows for field in re.findall(r"`(.*?)`", fields)} == set(FIELDS)
    for fields, headings in rows:
        for heading in headings.split(", "):
            assert [f"`{field}`" in fields for field in columns_of([heading], {}).places] == [True], heading
