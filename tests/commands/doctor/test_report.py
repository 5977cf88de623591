"""The checklist as people see it."""

from __future__ import annotations

import io

from rich.console import Console

from exporter.commands.doctor.report import print_sheets
from exporter.doctor import sections
from exporter.doctor.finding import Finding, doubtful, failed, good, not_tried
from exporter.doctor.sheet import Line, Sheet


def shown(*findings: Finding, width: int = 80, terminal: bool = False) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=terminal)
    lines = tuple(Line(sections.SALESFORCE, "login", finding) for finding in findings)
    print_sheets((Sheet("acme", lines, 1),), console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


class TestReport:
    def test_a_line_for_each_finding(self) -> None:
        """Outcome, check and what was seen; below it what to change. A check is named once."""
        text = shown(good("in"), failed("no", "Setup → Users"), doubtful("hm"), not_tried("of that"))
        lines = [line.rstrip() for line in text.splitlines()]
        assert lines[3:8] == [
            "  ok   login           in",
            "  FAIL                 no",
            "                       → Setup → Users",
            "  look                 hm",
            "  -                    not tried, since of that",
        ]
        assert lines[-1] == "1 right, 1 missing, 1 not tried because of that, 1 to look at."

    def test_it_fits_a_terminal(self) -> None:
        """Long words are folded, nothing is cut off."""
        text = shown(failed("x" * 200, "y" * 200))
        assert max(map(len, text.splitlines())) <= 80
        assert (text.count("x"), text.count("y")) == (200, 200)

    def test_nothing_steers_the_terminal(self) -> None:
        """Neither markup nor escape sequences of what others wrote."""
        text = shown(failed("[red]a[/red] \x1b[31mb", "\x07"))
        assert "[red]a[/red]" in text
        assert "\x1b" not in text
        assert "\x07" not in text

    def test_colours_are_for_terminals(self) -> None:
        assert "\x1b[" in shown(failed("no"), terminal=True)
