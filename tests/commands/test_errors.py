"""``errors`` as a real process against a real simulator, and its table."""

from __future__ import annotations

import csv
import io
import json
import os
import time
from dataclasses import replace
from typing import Any

import yaml
from rich.console import Console

from exporter.commands.errors import print_table
from exporter.demo.processes import free_port
from exporter.demo.stage import ORG, Stage
from exporter.model import HubSpotAccount, SyncError
from exporter.state.links import Links
from tests.commands.staged import act, assert_one_line, run

FORMULA = "=HYPERLINK(1)"
NOWHERE = Links()
ERROR = SyncError("e1", "picklists", "restricted_picklist_value", "contacts/101", affected_records=3)


def change_config(stage: Stage, **more: Any) -> None:
    """Other settings of the one integration; ``None`` takes a setting away."""
    file = stage.folder / "exporter.yml"
    config = yaml.safe_load(file.read_text())
    entry = {**config["integrations"][0], **more}
    config["integrations"][0] = {key: value for key, value in entry.items() if value is not None}
    file.write_text(yaml.safe_dump(config))


def table(*errors: SyncError, width: int = 80, links: Links = NOWHERE, terminal: bool = False) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=terminal)
    print_table(errors, console, links)
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

    async def test_where_to_open_the_records(self, stage: Stage) -> None:
        """HubSpot is asked for its account; where it is not to be asked, or does not answer, there are no links."""
        await act(stage, "add-errors", category="other", error_type="unknown", count=1)
        (row,) = json.loads((await run(stage, "errors", ORG, "--format=json")).out)
        assert row["hubspot_url"] == f"https://app.hubspot.com/contacts/2000000001/record/0-1/{row['hubspot_id']}"
        assert row["salesforce_url"] is None
        await act(stage, "account-out-of-scope", resources=["details"])
        ended = await run(stage, "errors", ORG, "--format=json")
        assert (ended.code, ended.err, json.loads(ended.out)[0]["hubspot_url"]) == (0, "", None)
        await act(stage, "account-out-of-scope", resources=[])
        change_config(stage, intervals={"hubspot_account": "off"})
        assert json.loads((await run(stage, "errors", ORG, "--format=json")).out)[0]["hubspot_url"] is None

    async def test_what_cannot_be_asked_is_said(self, stage: Stage) -> None:
        """An unknown name, a bridge that refuses, one that is down, none at all: a line each, 1."""
        assert_one_line(await run(stage, "errors", "gamma"), f"no integration is called 'gamma'; there are: {ORG}")
        await act(stage, "fault", api="bridge", fault="unauthorized")
        assert_one_line(await run(stage, "errors", ORG), "The bridge does not take the token.")
        nobody = {"url": f"http://127.0.0.1:{free_port()}", "token_file": "bridge-token"}
        change_config(stage, sync_health=nobody)
        assert_one_line(await run(stage, "errors", ORG), "the connection is refused")
        change_config(stage, sync_health=None)
        assert_one_line(await run(stage, "errors", ORG), "sync_health is not configured")

    async def test_what_was_exported(self, stage: Stage) -> None:
        """Read from the directory, also if no exporter runs; what is written can be dropped there again."""
        dropped = stage.folder / "dropped"
        dropped.mkdir()
        change_config(stage, sync_health={"directory": "dropped"})
        file = dropped / "picklists.csv"
        file.write_text("Error Type,Details,HubSpot ID,Object type\nRestricted picklist value,'=1+1,101,Contact\n")
        os.utime(file, (time.time() - 60,) * 2)
        told = await run(stage, "errors", ORG, "--format=json")
        (error,) = json.loads(told.out)
        assert (error["details"], error["object_type"], error["hubspot_id"]) == ("=1+1", "contacts", "101")
        file.write_text((await run(stage, "errors", ORG, "--format=csv")).out)
        os.utime(file, (time.time() - 30,) * 2)
        again = await run(stage, "errors", ORG, "--format=json")
        assert (again.code, again.out, again.err) == (0, told.out, told.err)

    async def test_what_nobody_knows_is_not_none(self, stage: Stage) -> None:
        """Where nothing was exported, or nothing of what is asked for, that is said, and 1; what is listed is said to
        be without the rest."""
        dropped = stage.folder / "dropped"
        dropped.mkdir()
        change_config(stage, sync_health={"directory": "dropped"})
        assert_one_line(await run(stage, "errors", ORG, "--format=json"), f"{ORG}: nothing is known of its sync errors")
        file = dropped / "picklists.csv"
        file.write_text("Error Type,HubSpot ID\n")
        os.utime(file, (time.time() - 60,) * 2)
        (dropped / "duplicates.csv").write_text("")
        os.utime(dropped / "duplicates.csv", (time.time() - 60,) * 2)
        none = await run(stage, "errors", ORG)
        assert (none.code, none.out) == (0, "no sync errors\n")
        assert none.err == (
            "note: duplicates.csv: is empty\n"
            "note: nothing is known of associations, custom_code, duplicates, permissions, property_mappings, "
            "property_values, other: no export of them holds\n"
        )
        of_known = await run(stage, "errors", ORG, "--category=picklists")
        assert (of_known.code, of_known.out) == (0, "no sync errors\n")
        assert "nothing is known" not in of_known.err
        other = await run(stage, "errors", ORG, "--category=duplicates")
        assert_one_line(
            other, "nothing is known of its errors in duplicates, no export holds: duplicates.csv: is empty"
        )


class TestTable:
    def test_it_fits_a_terminal(self) -> None:
        """At 80 columns nothing is cut off: long words are folded."""
        long = replace(ERROR, id="e" * 40, record="contacts/" + "1" * 30)
        text = table(long)
        assert max(map(len, text.splitlines())) <= 80
        assert "Restricted" in text
        assert "".join(text.split()).count("e") >= 40
        assert "…" not in text

    def test_the_record_opens_in_hubspot(self) -> None:
        """Or in Salesforce; in a terminal that can, and nothing is written for others."""
        record = replace(ERROR, object_type="contacts", hubspot_id="101", salesforce_id="0035g00000AbCdE")
        links = Links(HubSpotAccount(7, "app.hubspot.com", None, None), "https://acme.my.salesforce.com")
        assert "https://app.hubspot.com/contacts/7/record/0-1/101" in table(record, links=links, terminal=True)
        other = table(replace(record, hubspot_id=None), links=links, terminal=True)
        assert "https://acme.lightning.force.com/lightning/r/0035g00000AbCdE/view" in other
        assert "https://" not in table(record, links=links)

    def test_none_is_said(self) -> None:
        """An empty table says nothing."""
        assert table() == "no sync errors\n"

    def test_a_long_list_ends_with_how_many_more_there_are(self) -> None:
        """Nobody reads them in a terminal, nor waits until they are laid out."""
        text = table(*[replace(ERROR, id=f"error-{number}") for number in range(1, 1501)], width=160)
        assert "error-1000 " in text
        assert "error-1001 " not in text
        assert text.endswith("… and 500 more: --format=csv has all of them\n")
        assert "more" not in table(ERROR).splitlines()[-1]

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
