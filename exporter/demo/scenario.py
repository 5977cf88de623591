"""What an incident is made of: steps that somebody acts out, and what must then really be seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from exporter.demo.observer import View
from exporter.sources import SOURCES

Act = tuple[str, Mapping[str, Any]]
"""A verb of the simulated world and its body."""

POLLED = tuple(source.name for source in SOURCES)


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
    """A named incident. ``always`` must hold in every view from the second step on, or the scenario fails."""

    name: str
    title: str
    steps: tuple[Step, ...]
    always: Callable[[View], bool] = lambda _view: True


def healthy(view: View) -> bool:
    """Every source works, records sync, nothing is wrong."""
    return (
        all(view.value("source_up", source=source) == 1 for source in POLLED)
        and view.value("suspended") == 0
        and view.value("sync_errors") == 0
        and not view.alerts
    )
