"""What a resync would do, before anybody has agreed to it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.table import Table

from exporter.commands.output import printable
from exporter.commands.resync.words import counted, lasting, told


@dataclass(frozen=True, slots=True)
class Plan:
    """``refused`` are records left out, by reason; ``waits_for`` is why the job would not begin now, as reason and
    particulars; ``seconds`` is how long its requests take, as far as that is known."""

    action: str
    records: int
    batches: int
    calls: int
    seconds: float | None = None
    refused: Mapping[str, int] = field(default_factory=dict)
    waits_for: tuple[str, str] | None = None
    needs_approval: bool = False


def plan_of(answer: Mapping[str, Any]) -> Plan:
    """As ``POST /api/v1/resyncs`` tells it in a dry run; raises ``LookupError``, ``TypeError`` or ``ValueError`` for
    anything else."""
    plan, waits_for = answer["plan"], answer["plan"].get("waits_for")
    seconds = plan.get("seconds")
    return Plan(
        action=str(plan["action"]),
        records=int(plan["records"]),
        batches=int(plan["batches"]),
        calls=int(plan["expected_api_calls"]),
        seconds=None if seconds is None else float(seconds),
        refused={str(reason): int(count) for reason, count in plan["refused"].items()},
        waits_for=(str(waits_for["reason"]), printable(str(waits_for["detail"]))) if waits_for else None,
        needs_approval=bool(plan.get("needs_approval")),
    )


def shown(plan: Plan, integration: str) -> Table:
    """A line a fact: what, how much, how long, and what stands against it."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for label, text in _lines(plan, integration):
        table.add_row(label, text)
    return table


def _lines(plan: Plan, integration: str) -> Iterator[tuple[str, str]]:
    yield "integration", integration
    if plan.records:
        yield "to resync", f"{counted(plan.records, 'record')} by {plan.action}, in {counted(plan.batches, 'batch')}"
        yield "Salesforce", f"up to {counted(plan.calls, 'API call')}"
        yield "time", "not known" if plan.seconds is None else f"about {lasting(plan.seconds)}"
    else:
        yield "to resync", "nothing"
    for reason, count in sorted(plan.refused.items()):
        yield "left out", f"{counted(count, 'record')} ({told(reason)})"
    if plan.records and plan.waits_for is not None:
        yield "waits for", told(*plan.waits_for)
    if plan.records and plan.needs_approval:
        yield "approval", "so many records wait until somebody approves the job"
