"""How far a job is, as a bar and as lines."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from exporter.commands.resync.job import Job
from exporter.commands.resync.progress import LINE_PAUSE, Lines, frame, showing

RUNNING = Job(7, "acme", "bridge", "running", planned=1200, outcomes={"succeeded": 290, "failed": 10})
WAITING = replace(RUNNING, state="queued", waits_for="suspended", message="HubSpot reports the integration suspended")


def drawn(job: Job, trouble: str = "") -> list[str]:
    console = Console(file=io.StringIO(), width=80)
    console.print(frame(job, trouble))
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_a_bar_fills_the_terminal() -> None:
    """With the numbers beside it, and below what the job does."""
    bar, standing = drawn(RUNNING)
    assert bar.startswith("job 7 ━")
    assert bar.endswith(" 300 of 1,200 records, 10 failed")
    assert len(bar) == 80
    assert standing == "running"


def test_below_it_stands_what_it_waits_for() -> None:
    """Folded where it is long; a trouble of who looks comes first."""
    assert " ".join(drawn(WAITING)[1:]) == "waits (suspended: HubSpot reports the integration suspended)"
    assert drawn(WAITING, "the exporter does not answer")[1:] == ["the exporter does not answer"]


def test_a_job_that_is_not_listed_has_no_number() -> None:
    """It looks which errors there are, or has not begun."""
    job = replace(RUNNING, planned=None, outcomes={})
    assert drawn(job)[0].endswith("looking which errors there are")
    assert drawn(replace(job, state="queued"))[0].endswith("not begun")


def test_a_line_is_said_when_there_is_news() -> None:
    """Another state at once, other numbers after a while, the same never."""
    lines = Lines()
    assert lines.news(RUNNING, "", 0.0) == "job 7: running, 300 of 1,200 records, 10 failed"
    assert lines.news(RUNNING, "", 100.0) is None
    more = replace(RUNNING, outcomes={"succeeded": 390, "failed": 10})
    assert lines.news(more, "", LINE_PAUSE - 0.1) is None
    assert lines.news(more, "", LINE_PAUSE) == "job 7: running, 400 of 1,200 records, 10 failed"
    assert lines.news(WAITING, "", LINE_PAUSE + 0.1) is not None
    assert lines.news(WAITING, "no connection", LINE_PAUSE + 0.2) is not None
    ended = lines.news(replace(more, state="done"), "", LINE_PAUSE + 0.3)
    assert ended == "job 7: done, and waits until it can be seen what was cured, 400 of 1,200 records, 10 failed"


def test_in_a_pipe_nothing_steers_a_terminal() -> None:
    """One line each, however long."""
    console = Console(file=io.StringIO(), width=80)
    with showing(console) as show:
        show(replace(WAITING, message="because " * 30), "")
        show(RUNNING, "")
    assert isinstance(console.file, io.StringIO)
    said = console.file.getvalue()
    assert "\x1b" not in said
    assert said.count("\n") == 2


def test_on_a_terminal_the_bar_is_gone_at_the_end() -> None:
    """What comes after it takes its place."""
    console = Console(file=io.StringIO(), width=80, force_terminal=True, _environ={"TERM": "xterm"})
    with showing(console) as show:
        show(RUNNING, "")
    assert isinstance(console.file, io.StringIO)
    assert "300 of 1,200 records" in console.file.getvalue()
    assert console.file.getvalue().rstrip().endswith("\x1b[2K")
