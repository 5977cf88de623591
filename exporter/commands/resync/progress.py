"""How far a job is: a bar on a terminal, and elsewhere a line when there is news."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from exporter.commands.resync.job import Job
from exporter.commands.resync.words import counted, told

LINE_PAUSE = 10.0
"""Seconds between two lines that differ only in numbers."""

Show = Callable[[Job, str], None]
"""Shows a job; the second is a trouble of whoever looks at it, empty if there is none."""


@contextlib.contextmanager
def showing(console: Console) -> Iterator[Show]:
    """What is shown on a terminal is gone at the end: the table of outcomes takes its place."""
    if console.is_terminal and not console.is_dumb_terminal:
        with Live(console=console, transient=True, refresh_per_second=4) as live:
            yield lambda job, trouble: live.update(frame(job, trouble))
        return
    lines = Lines()

    def tell(job: Job, trouble: str) -> None:
        line = lines.news(job, trouble, time.monotonic())
        if line is not None:
            console.print(line, soft_wrap=True, markup=False, highlight=False)

    yield tell


def frame(job: Job, trouble: str) -> RenderableType:
    """The bar, and below it what the job waits for."""
    bar = Table.grid(padding=(0, 1), expand=True)
    bar.add_column(no_wrap=True)
    bar.add_column(ratio=1)
    bar.add_column(no_wrap=True, justify="right")
    # Until it is known how many records there are, the bar shows only that something goes on.
    total = None if job.planned is None else max(job.planned, 1)
    bar.add_row(f"job {job.id}", ProgressBar(total=total, completed=job.settled, pulse=total is None), _numbers(job))
    return Group(bar, Text(trouble or _standing(job), style="yellow" if trouble or job.waits_for else "dim"))


class Lines:
    """What is worth a line of a log: another state at once, other numbers now and then."""

    def __init__(self) -> None:
        self._told: tuple[str, str] | None = None
        self._told_at = 0.0

    def news(self, job: Job, trouble: str, now: float) -> str | None:
        """The next line, ``None`` while there is nothing new to say. ``now`` are seconds of any clock."""
        standing, numbers = trouble or _standing(job), _numbers(job)
        same_standing = self._told is not None and self._told[0] == standing
        if same_standing and (self._told == (standing, numbers) or now - self._told_at < LINE_PAUSE):
            return None
        self._told, self._told_at = (standing, numbers), now
        return f"job {job.id}: {standing}, {numbers}"


def _numbers(job: Job) -> str:
    if job.planned is None:
        return "looking which errors there are" if job.state == "running" else "not begun"
    failed = f", {job.failed:,} failed" if job.failed else ""
    return f"{job.settled:,} of {counted(job.planned, 'record')}{failed}"


def _standing(job: Job) -> str:
    if job.has_ended:
        return f"{job.state.replace('_', ' ')}, and waits until it can be seen what was cured"
    if job.state != "queued":
        return job.state.replace("_", " ")
    if job.waits_for:
        return f"waits ({told(job.waits_for, job.message)})"
    return f"waits ({job.message})" if job.message else "queued"
