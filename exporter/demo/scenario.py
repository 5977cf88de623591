"""What an incident is made of: steps that somebody acts out, and what must then really be seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from exporter.demo.observer import View
from exporter.sources import SOURCES

Act = tuple[str, Mapping[str, Any]]
"""A verb of the simulated world and its body."""

_NOT_THERE = frozenset({"mailbox", "canary", "salesforce_heartbeat"})
"""What a stage with a bridge does without; the last is polled only when nobody else asks the org."""

POLLED = tuple(source.name for source in SOURCES if source.name not in _NOT_THERE)


@dataclass(frozen=True, slots=True)
class Step:
    """``seen`` says whether the step has really happened; ``proof`` is what is printed then."""

    title: str
    seen: Callable[[View], bool]
    proof: Callable[[View], str]
    acts: tuple[Act, ...] = ()
    at_most: float = 30.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named incident. ``always`` must hold in every view from the second step on, or the scenario fails.

    Not ``with_bridge``: the stage has a mailbox, a property to touch and a canary instead.
    """

    name: str
    title: str
    steps: tuple[Step, ...]
    always: Callable[[View], bool] = lambda _view: True
    with_bridge: bool = True


def healthy(view: View) -> bool:
    """Every source of a stage with a bridge works, records sync, nothing is wrong."""
    return (
        all(view.value("source_up", source=source) == 1 for source in POLLED)
        and view.value("suspended") == 0
        and view.value("sync_errors") == 0
        and not view.alerts
    )
