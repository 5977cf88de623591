"""Plays a scenario: acts, looks until each step has really happened, tells the story, ends every process."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
from rich.console import Console
from rich.live import Live

from exporter.demo.observer import Observer, View
from exporter.demo.scenario import Scenario, Step
from exporter.demo.screen import Progress, Screen, places
from exporter.demo.stage import Stage, plan_stage, running_stage
from exporter.errors import ProcessError

LOOK_SECONDS = 0.5

READING_SECONDS = 2.5
"""On a terminal every step stays at least this long: somebody wants to read it."""

Show = Callable[[Progress, View], None]


def play(scenario: Scenario, *, exit_when_done: bool) -> int:
    """Plays on the terminal. Returns 0 only if every step happened; raises ``ProcessError`` if a program is missing."""
    console = Console()
    folder = Path(tempfile.mkdtemp(prefix="hubspot-salesforce-demo-"))
    told = [signal.SIGINT]
    try:
        progress = asyncio.run(_play(scenario, plan_stage(folder), console, told, stay=not exit_when_done))
    except (KeyboardInterrupt, asyncio.CancelledError):
        shutil.rmtree(folder)
        console.print("Ended. Everything the demo started is stopped.")
        return 128 + told[-1]  # as a shell says it
    except (ProcessError, OSError):  # or the terminal is gone
        shutil.rmtree(folder)
        raise
    _summarize(scenario, progress, console)
    if len(progress.proofs) < len(scenario.steps):
        console.print(f"Logs and configurations are kept in {folder}", soft_wrap=True, highlight=False)
        return 1
    shutil.rmtree(folder)
    return 0


async def _play(
    scenario: Scenario, planned: Stage, console: Console, told: list[signal.Signals], *, stay: bool
) -> Progress:
    _end_when_told(told)
    console.print("Starting simulator, exporter, Prometheus and Alertmanager …")
    async with (
        running_stage(planned, with_bridge=scenario.with_bridge) as stage,
        httpx.AsyncClient(trust_env=False, timeout=5) as http,
    ):
        console.print(*places(stage), sep="\n", soft_wrap=True)
        observer = Observer(stage, http)
        with _display(scenario, stage, console) as show:
            pace = READING_SECONDS if console.is_terminal else 0.0
            progress = await _tell(scenario, observer, show, pace)
            while stay:
                show(progress, await observer.look())
                await asyncio.sleep(LOOK_SECONDS)
    return progress


def _end_when_told(told: list[signal.Signals]) -> None:
    """SIGTERM, and the SIGHUP of a terminal that is closed, do what Ctrl-C does; ``told`` is which it was."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None  # noqa: S101  a coroutine under asyncio.run has one

    def end(number: signal.Signals) -> None:
        told.append(number)
        task.cancel()

    for number in (signal.SIGTERM, signal.SIGHUP):
        # Under nohup it is to outlive its terminal.
        if signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, end, number)


async def _tell(scenario: Scenario, observer: Observer, show: Show, pace: float) -> Progress:
    progress = Progress()
    for step in scenario.steps:
        started = time.monotonic()
        for verb, body in step.acts:
            await observer.act(verb, body)
        always = scenario.always if progress.proofs else _anything
        view = await _until_seen(step, observer, always, lambda view: show(progress, view))  # noqa: B023  called at once
        if not (step.seen(view) and always(view)):
            problem = f"not seen within {step.at_most:g} s" if always(view) else "something was seen that must not be"
            problem += "".join(f"; refused ({row['reason']}): {row['detail']}" for row in view.refusals[:1])
            progress = Progress(progress.proofs, problem)
            show(progress, view)
            return progress
        progress = Progress((*progress.proofs, (step.proof(view), time.monotonic() - started)))
        show(progress, view)
        await asyncio.sleep(pace)
    return progress


def _anything(_view: View) -> bool:
    return True


async def _until_seen(
    step: Step, observer: Observer, always: Callable[[View], bool], show: Callable[[View], None]
) -> View:
    """The view in which the step was seen, or what must always hold did not, or the last before its time was over."""
    deadline = time.monotonic() + step.at_most
    while True:
        view = await observer.look()
        show(view)
        if step.seen(view) or not always(view) or time.monotonic() > deadline:
            return view
        await asyncio.sleep(LOOK_SECONDS)


@contextlib.contextmanager
def _display(scenario: Scenario, stage: Stage, console: Console) -> Iterator[Show]:
    """A live screen on a terminal; elsewhere a line for every step."""
    if console.is_terminal:
        screen = Screen(scenario, stage)
        with Live(console=console, screen=True, refresh_per_second=8) as live:
            yield lambda progress, view: live.update(screen.frame(progress, view))
        return
    told = 0

    def tell(progress: Progress, _view: View) -> None:
        nonlocal told
        for step, (proof, seconds) in list(zip(scenario.steps, progress.proofs, strict=False))[told:]:
            console.print(f"✔ {step.title}: {proof} ({seconds:.0f} s)", soft_wrap=True, highlight=False)
        told = len(progress.proofs)

    yield tell


def _summarize(scenario: Scenario, progress: Progress, console: Console) -> None:
    console.rule(f"scenario {scenario.name}")
    for step, (proof, seconds) in zip(scenario.steps, progress.proofs, strict=False):
        console.print(f"[green]✔[/] {step.title}\n    {proof} [dim]({seconds:.0f} s)[/]", highlight=False)
    for step in scenario.steps[len(progress.proofs) : len(progress.proofs) + 1]:
        console.print(f"[red]✘ {step.title}: {progress.failed}[/]")
    done, all_steps = len(progress.proofs), len(scenario.steps)
    seconds = sum(seconds for _, seconds in progress.proofs)
    console.print(f"{done} of {all_steps} steps really happened, in {seconds:.0f} s.", highlight=False)
