"""The demo as a person sees it: the story on the left, the monitored world on the right."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.layout import Layout
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from exporter.catalog import CATALOG
from exporter.demo.observer import View
from exporter.demo.scenarios import Scenario
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
        world = Group(*_calls(view), Text(), _suspension(view), Text(), _errors(view))
        work = Group(_alerts(view), Text(), _remediation(view))
        layout = Layout()
        layout.split_column(Layout(name="top", ratio=1), Layout(self._where_to_look(), name="urls", size=7))
        layout["top"].split_row(Layout(name="story", ratio=6), Layout(name="world", ratio=5))
        layout["story"].update(Panel(self._story(progress), title=self._scenario.name, border_style="blue"))
        layout["world"].split_column(
            Layout(Panel(world, title=f"Sync health of {ORG}, as Prometheus has it"), ratio=5),
            Layout(Panel(work, title="Alerts and remediation"), ratio=4),
        )
        return layout

    def _story(self, progress: Progress) -> RenderableType:
        table = Table.grid(padding=(0, 1))
        table.add_column(width=2)
        table.add_column(ratio=1)
        table.add_row("", Text(self._scenario.title, style="bold"))
        for number, step in enumerate(self._scenario.steps):
            table.add_row("", "")
            if number < len(progress.proofs):
                proof, seconds = progress.proofs[number]
                table.add_row(Text("✔", style="bold green"), step.title)
                table.add_row("", Text(f"{proof} (after {seconds:.0f} s)", style="green"))
            elif number == len(progress.proofs):
                table.add_row(Text("✘", style="bold red") if progress.failed else self._spinner, Text(step.title))
                table.add_row("", Text(progress.failed, style="red"))
            else:
                table.add_row(Text("·", style="dim"), Text(step.title, style="dim"))
        return table

    def _where_to_look(self) -> RenderableType:
        return Panel(Text("\n".join(places(self._stage))), title="Look for yourself; Ctrl-C ends everything")


def places(stage: Stage) -> tuple[str, ...]:
    """Where to look in a browser."""
    return (
        f"Alerts                      {stage.prometheus}/alerts (Debian's: {stage.prometheus}/classic/alerts)",
        f"Metrics                     {stage.exporter}/metrics",
        f"What is believed, and why   {stage.exporter}/api/v1/integrations",
        f"Resyncs and refusals        {stage.exporter}/api/v1/resyncs",
        f"Logs and configurations     {stage.folder}",
    )


def _calls(view: View) -> list[RenderableType]:
    table = Table.grid(padding=(0, 1))
    for name, used, limit in (
        ("HubSpot's API calls", "integration_api_calls_used", "integration_api_calls_allocated"),
        ("the org's API calls", "org_api_calls_used", "org_api_calls_limit"),
    ):
        calls, most = view.value(used), view.value(limit)
        if calls is None or most is None:
            table.add_row(name, Text("not known", style="dim"), "")
        else:
            bar = ProgressBar(total=max(most, 1), completed=calls, width=18)
            table.add_row(name, bar, f"{calls:,.0f} of {most:,.0f}")
    return [table]


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
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("sync errors")
    table.add_column("errors", justify="right")
    table.add_column("records", justify="right")
    for category in CATALOG.categories:
        errors = view.value("sync_errors", category=category.name)
        records = view.value("sync_error_affected_records", category=category.name)
        style = "dim" if not errors else "bold red"
        table.add_row(category.title, _number(errors), _number(records), style=style)
    return table


def _alerts(view: View) -> RenderableType:
    if not view.alerts:
        return Text("● no alert", style="green")
    lines = [
        Text(
            f"{'▲' if alert.state == 'firing' else '△'} {alert.name} {alert.detail} {alert.severity}, {alert.state}",
            style=_SEVERITY_STYLE.get(alert.severity, "") if alert.state == "firing" else "dim",
        )
        for alert in view.alerts
    ]
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
        Text(
            f"refused ({row['reason']}): {row['alert'].removeprefix('HubSpotSalesforce')}, {row['detail']}", style="dim"
        )
        for row in view.refusals[:2]
    ]
    return Group(*lines) if lines else Text("nothing remediated yet", style="dim")


def _short(alert: str) -> str:
    return alert.removeprefix("HubSpotSalesforce")


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:.0f}"
