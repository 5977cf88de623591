"""The demo as a person sees it: the story on the left, the monitored world on the right."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.layout import Layout
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.segment import Segment
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from exporter.catalog.catalog import CATALOG
from exporter.demo.observer import View
from exporter.demo.scenario import Scenario
from exporter.demo.stage import ORG, Stage

_SEVERITY_STYLE = {"critical": "bold red", "warning": "yellow"}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the story is: a proof and its seconds for each step that has happened."""

    proofs: tuple[tuple[str, float], ...] = ()
    failed: str = ""


class Screen:
    """Draws one frame from one View."""

    def __init__(self, scenario: Scenario, stage: Stage) -> None:
        self._scenario = scenario
        self._stage = stage
        self._spinner = Spinner("dots")

    def frame(self, progress: Progress, view: View) -> RenderableType:
        world = Group(_calls(view), _suspension(view), Text(), _errors(view))
        work = Group(_alerts(view), Text(), _remediation(view))
        layout = Layout()
        layout.split_column(
            Layout(name="top", ratio=1), Layout(self._where_to_look(), name="urls", size=len(places(self._stage)) + 2)
        )
        layout["top"].split_row(Layout(name="story", ratio=6), Layout(name="world", ratio=5))
        layout["story"].update(Panel(self._story(progress), title=self._scenario.name, border_style="blue"))
        layout["world"].split_column(
            Layout(Panel(world, title=f"{ORG}, as Prometheus sees it"), ratio=3),
            Layout(Panel(work, title="Alerts and remediation"), ratio=2),
        )
        return layout

    def _story(self, progress: Progress) -> RenderableType:
        done, to_come = _rows(), _rows()
        done.add_row("", Text(self._scenario.title, style="bold"))
        for step, (proof, seconds) in zip(self._scenario.steps, progress.proofs, strict=False):
            done.add_row("", "")
            done.add_row(Text("✔", style="bold green"), step.title)
            done.add_row("", Text(f"{proof} (after {seconds:.0f} s)", style="green"))
        for number, step in enumerate(self._scenario.steps[len(progress.proofs) :]):
            to_come.add_row("", "")
            if number:
                to_come.add_row(Text("·", style="dim"), Text(step.title, style="dim"))
                continue
            to_come.add_row(Text("✘", style="bold red") if progress.failed else self._spinner, Text(step.title))
            if progress.failed:
                to_come.add_row("", Text(progress.failed, style="red"))
        return _Following(done, to_come)

    def _where_to_look(self) -> RenderableType:
        return Panel(Text("\n".join(places(self._stage))), title="Look for yourself; Ctrl-C ends everything")


@dataclass(frozen=True, slots=True)
class _Following:
    """``done`` above ``to_come``; where the room does not suffice for both, the place where they meet is seen."""

    done: RenderableType
    to_come: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        free = options.update(height=None)
        done, to_come = (console.render_lines(part, free) for part in (self.done, self.to_come))
        room = options.height or len(done) + len(to_come)
        most_hidden = max(0, len(done) + len(to_come) - room)
        for line in [*done, *to_come][min(most_hidden, max(0, len(done) - room // 3)) :][:room]:
            yield from line
            yield Segment.line()


def _rows() -> Table:
    """A mark and a text a row."""
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(width=2)
    table.add_column(ratio=1)
    return table


def places(stage: Stage) -> tuple[str, ...]:
    """Where to look in a browser, and whose mailbox it is."""
    mailbox = stage.mailbox
    return (
        f"Alerts                      {stage.prometheus}/alerts or /classic/alerts",
        f"Status page, metrics        {stage.exporter}/ and /metrics",
        f"What is believed, and why   {stage.exporter}/api/v1/integrations",
        f"Resyncs and refusals        {stage.exporter}/api/v1/resyncs",
        *((f"Mailbox                     imap://127.0.0.1:{mailbox.port}, {mailbox.server}",) if mailbox else ()),
        f"Logs, removed at the end    {stage.folder}",
    )


def _calls(view: View) -> RenderableType:
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(no_wrap=True)
    table.add_column(ratio=1)
    table.add_column(no_wrap=True, justify="right")
    for name, used, limit in (
        ("HubSpot", "integration_api_calls_used", "integration_api_calls_allocated"),
        ("whole org", "org_api_calls_used", "org_api_calls_limit"),
    ):
        calls, most = view.value(used), view.value(limit)
        if calls is None or most is None:
            table.add_row(name, Text("not known", style="dim"), "")
        else:
            table.add_row(name, ProgressBar(total=max(most, 1), completed=calls), f"{calls:,.0f} of {most:,.0f}")
    return Group(Text("Salesforce API calls", style="dim"), table)


def _suspension(view: View) -> RenderableType:
    suspended = view.value("suspended")
    if suspended is None:
        return Text("suspension not known", style="dim")
    if not suspended:
        return Text("● not suspended", style="green")
    reasons = [
        reason.title for reason in CATALOG.suspension_reasons if view.value("suspension_reason", reason=reason.name)
    ]
    return Text(f"■ SUSPENDED: {', '.join(reasons) or 'reason not known'}", style="bold red")


def _errors(view: View) -> RenderableType:
    """A line a category; those with errors come first, so that they are seen on a small screen too."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("sync errors", no_wrap=True)
    table.add_column("errors", justify="right")
    table.add_column("records", justify="right")
    counts = [
        (
            view.value("sync_errors", category=category.name),
            view.value("sync_error_affected_records", category=category.name),
            category.title,
        )
        for category in CATALOG.categories
    ]
    for errors, records, title in sorted(counts, key=lambda count: not count[0]):
        table.add_row(title, _number(errors), _number(records), style="bold red" if errors else "dim")
    return table


def _alerts(view: View) -> RenderableType:
    if not view.alerts:
        return Text("● no alert", style="green")
    lines = []
    for alert in view.alerts:
        firing = alert.state == "firing"
        detail = f" ({alert.detail})" if alert.detail else ""
        lines.append(
            Text(
                f"{'▲' if firing else '△'} {_short(alert.name)}{detail}: {alert.severity}, {alert.state}",
                style=_SEVERITY_STYLE.get(alert.severity, "") if firing else "dim",
            )
        )
    return Group(*lines)


def _remediation(view: View) -> RenderableType:
    lines = [
        Text(
            f"job {job['id']}: {_short(job['alert'])} {job['status']} → resync, {job['state']}:"
            f" {job['records']['succeeded']} succeeded, {job['records']['failed']} failed,"
            f" {job['records']['pending'] + job['records']['sending']} to go"
        )
        for job in view.jobs[:3]
    ]
    lines += [
        Text(f"refused ({row['reason']}): {_short(row['alert'])}, {row['detail']}", style="dim")
        for row in view.refusals[:2]
    ]
    return Group(*lines) if lines else Text("nothing remediated yet", style="dim")


def _short(alert: str) -> str:
    return alert.removeprefix("HubSpotSalesforce")


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:.0f}"
