"""What a doctor found, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rich.console import Console
from rich.style import Style
from rich.table import Table
from rich.text import Text

from exporter.commands.output import printable
from exporter.doctor.finding import Outcome
from exporter.doctor.sections import ORDER
from exporter.doctor.sheet import Line, Sheet

_MARKS = {
    Outcome.GOOD: ("ok", "green"),
    Outcome.DOUBTFUL: ("look", "yellow"),
    Outcome.FAILED: ("FAIL", "bold red"),
    Outcome.NOT_TRIED: ("-", "dim"),
}


def is_good(sheets: Sequence[Sheet]) -> bool:
    return all(sheet.is_good for sheet in sheets)


def print_sheets(sheets: Sequence[Sheet], console: Console) -> None:
    """A checklist for each, and a line that sums up."""
    for sheet in sheets:
        if sheet.name:
            console.print(Text(f"\n{printable(sheet.name)}", style="bold underline"))
        for section in ORDER:
            lines = [line for line in sheet.lines if line.section == section]
            if lines:
                console.print(Text(section, style="bold"))
                console.print(_table(lines))
    console.print()
    for line in _summary(sheets):
        console.print(Text(line), soft_wrap=True)


def as_json(sheets: Sequence[Sheet]) -> str:
    """``{"good", "checks": […], "integrations": [{"name", "salesforce_calls", "checks": […]}]}``"""
    content = {
        "good": is_good(sheets),
        "checks": [_as_json(line) for sheet in sheets if not sheet.name for line in sheet.lines],
        "integrations": [
            {
                "name": sheet.name,
                "good": sheet.is_good,
                "salesforce_calls": sheet.calls,
                "checks": [_as_json(line) for line in sheet.lines],
            }
            for sheet in sheets
            if sheet.name
        ],
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def _as_json(line: Line) -> dict[str, str]:
    finding = line.finding
    return {
        "section": line.section,
        "check": line.check,
        "subject": finding.subject,
        "outcome": finding.outcome.value.replace(" ", "_"),
        "says": finding.says,
        "change": finding.change,
    }


def _table(lines: Sequence[Line]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 1, 0, 0))
    table.add_column(width=6, no_wrap=True)
    table.add_column(width=15, overflow="fold")
    table.add_column(overflow="fold")
    shown = ""
    for line in lines:
        mark, style = _MARKS[line.finding.outcome]
        says = Text(printable(line.finding.says))
        if line.finding.change:
            says.append(f"\n→ {printable(line.finding.change)}", Style(color="cyan"))
        table.add_row(Text(f"  {mark}", style=style), "" if line.check == shown else line.check, says)
        shown = line.check
    return table


def _summary(sheets: Sequence[Sheet]) -> list[str]:
    outcomes = [line.finding.outcome for sheet in sheets for line in sheet.lines]
    counts = {outcome: outcomes.count(outcome) for outcome in Outcome}
    told = f"{counts[Outcome.GOOD]} right, {counts[Outcome.FAILED]} missing"
    if counts[Outcome.NOT_TRIED]:
        told += f", {counts[Outcome.NOT_TRIED]} not tried because of that"
    if counts[Outcome.DOUBTFUL]:
        told += f", {counts[Outcome.DOUBTFUL]} to look at"
    calls = sum(sheet.calls for sheet in sheets)
    cost = f"It has cost {calls} Salesforce API call{'' if calls == 1 else 's'}." if len(sheets) > 1 else ""
    return [line for line in (f"{told}.", cost) if line]
