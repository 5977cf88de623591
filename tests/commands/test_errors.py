"""``errors`` as a real process against a real simulator, and its table."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import Any

import yaml
from rich.console import Console

from exporter.commands.errors import print_table
from exporter.demo.processes import free_port
from exporter.demo.stage import ORG, Stage
from exporter.model import SyncError
from tests.commands.staged import act, assert_one_line, run

FORMULA = "=HYPERLINK(1)"
ERROR = SyncError("e1", "picklists", "restricted_picklist_value", "contacts/101", affected_records=3)


def change_config(stage: Stage, **more: Any) -> None:
    """Other settings of the one integration; ``None`` takes a setting away."""
    file = stage.folder / "exporter.yml"
    config = yaml.safe_load(file.read_text())
    entry = {**config["integrations"][0], **more}
    config["integrations"][0] = {key: value for key, value in entry.items() if value is not None}
    file.write_text(yaml.safe_dump(config))


def table(*errors: SyncError, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width)
    print_table(errors, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


class TestErrors:
    async def test_the_three_formats(self, stage: Stage) -> None:
        """A table of 80 columns, CSV with harmless formulas, JSON as it was; one category where one is named."""
        common = {"error_type": "option_limit_exceeded", "affected_records": 7}
        await act(stage, "add-errors", category="picklists", count=3, details=FORMULA, **common)
        await act(stage, "add-errors", category="other", error_type="unknown", count=2)
        table = await run(stage, "errors", ORG)
        assert (table.code, table.err) == (0, "")
        assert max(map(len, table.out.splitlines())) <= 80
        assert "contacts/" in table.out.replace("\n", "")
        text = await run(stage, "errors", ORG, "--format=csv", "--category=picklists")
        rows = list(csv.DictReader(io.StringIO(text.out, newline="")))
        assert [(row["details"], row["affected_records"]) for row in rows] == [(f"'{FORMULA}", "7")] * 3
        told = await run(stage, "errors", ORG, "--format=json")
        assert len(json.loads(told.out)) == 5
        assert {row["details"] for row in json.loads(told.out) if row["category"] == "picklists"} == {FORMULA}

    async def test_what_cannot_be_asked_is_said(self, stage: Stage) -> None:
        """An unknown name, a bridge that refuses, one that is down, none at all: a line each, 1."""
        assert_one_line(await run(stage, "errors", "gamma"), f"no integration is called 'gamma'; there are: {ORG}")
        await act(stage, "fault", api="bridge", fault="unauthorized")
        assert_one_line(await run(stage, "errors", ORG), "The bridge does not take the token.")
        nobody = {"url": f"http://127.0.0.1:{free_port()}", "token_file": "bridge-token"}
        change_config(stage, sync_health=nobody)
        assert_one_line(await run(stage, "errors", ORG), "the connection is refused")
        change_config(stage, sync_health=None)
        assert_one_line(await run(stage, "errors", ORG), "sync_health.url is not configured")


class TestTable:
    def test_it_fits_a_terminal(self) -> None:
        """At 80 columns nothing is cut off: long words are folded."""
        long = replace(ERROR, id="e" * 40, record="contacts/" + "1" * 30)
        text = table(long)
        assert max(map(len, text.splitlines())) <= 80
        assert "Restricted" in text
        assert "".join(text.split()).count("e") >= 40
        assert "…" not in text

    def test_none_is_said(self) -> None:
        """An empty table says nothing."""
        assert table() == "no sync errors\n"

    def test_an_unknown_type_is_listed(self) -> None:
        """Without a number where none is known."""
        text = table(replace(ERROR, category="weather", error_type=None, affected_records=None), width=160)
        assert "e1" in text
        assert "other" in text

    def test_nothing_steers_the_terminal(self) -> None:
        """Neither markup of ours nor escape sequences of theirs."""
        text = table(replace(ERROR, id="[red]x[/red]", record="a\x1b[31mb\x07"), width=200)
        assert "[red]x[/red]" in text
        assert "\x1b" not in text
        assert "\x07" not in text
