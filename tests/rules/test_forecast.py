"""Simulated weeks of API traffic in a real Prometheus: when a prediction fires, and when the limit is really reached.

``python -m tests.rules.test_forecast`` prints the table.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.rules.history import History, Series, alerts_of, rule_groups
from tests.rules.traffic import CASES, END, HOUR, LIMIT, MONDAY, SUNDAY, Case, Gauges, play

START = 1_767_571_200
"""Monday, 2026-01-05 00:00 UTC."""

RELEASES = {"in hourly lumps": 60, "minute by minute": 1}

LEAD = 2 * HOUR
NOTICED = 10
"""A burst that leaves no two hours is to be noticed within so many minutes of its start."""


@dataclass(frozen=True)
class Outcome:
    """One case: a limit, when it was reached, and when its prediction fired. Minutes since the first Monday."""

    case: Case
    leaving: str
    alert: str
    exhausted: int | None
    fired: Sequence[int]

    @property
    def lead(self) -> int | None:
        """Minutes from the first firing to the limit."""
        return self.exhausted - self.fired[0] if self.exhausted is not None and self.fired else None

    @property
    def name(self) -> str:
        return f"{self.case.name}, calls leave {self.leaving}"

    def row(self) -> str:
        event = self.case.event or 0
        after = f"{self.fired[0] - event} min" if self.fired and self.case.event is not None else "-"
        reached = f"{self.exhausted - event} min" if self.exhausted is not None else "never"
        lead = f"{self.lead / HOUR:.1f} h" if self.lead is not None else "-"
        return f"| {self.case.name} | {self.leaving} | {self.alert} | {reached} | {after} | {lead} |"


def series_of(name: str, case: Case, gauges: Gauges) -> Iterator[Series]:
    """What ``/metrics`` shows of a case."""
    labels = {"job": "hubspot-salesforce", "instance": "exporter-a", "integration": name}
    shown: dict[str, Sequence[float]] = {
        "org_api_calls_used": gauges.org,
        "org_api_calls_limit": [LIMIT] * len(gauges.org),
        "integration_api_calls_used": gauges.integration,
    }
    if case.allocation is not None:
        shown["integration_api_calls_allocated"] = [case.allocation] * len(gauges.org)
    for metric, values in shown.items():
        yield f"hubspot_salesforce_{metric}", labels, values, case.installed


async def outcomes(folder: Path) -> list[Outcome]:
    """Plays every case both ways."""
    groups = rule_groups("api_calls.rules.yml")
    history = History(folder, START, fine=SUNDAY, end=END - 1)
    played = {
        f"{case.name}, {leaving}": (case, leaving, play(case, minutes, seed))
        for case in CASES
        for seed, (leaving, minutes) in enumerate(RELEASES.items())
    }
    await history.add_samples(
        series for name, (case, _, gauges) in played.items() for series in series_of(name, case, gauges)
    )
    predictions = [alert for alert in alerts_of(groups) if alert.name.endswith("Predicted")]
    await history.record(groups, predictions)
    found = []
    async with history.answering() as url:
        for alert in predictions:
            firing = await history.firing(url, alert)
            for name, (case, leaving, gauges) in played.items():
                of_org = alert.name == "HubSpotSalesforceOrgApiLimitPredicted"
                reached = gauges.org_exhausted if of_org else gauges.allocation_exhausted
                if of_org or case.allocation is not None:
                    fired = [minute for minute in firing.get(name, []) if minute >= MONDAY]
                    found.append(Outcome(case, leaving, alert.name, reached, fired))
    return found


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> list[Outcome]:
    return asyncio.run(outcomes(tmp_path_factory.mktemp("history")))


@pytest.mark.binaries
def test_what_runs_out_is_predicted(played: list[Outcome]) -> None:
    """Two hours ahead, or, where a burst leaves less than that, as soon as readings show it."""
    running_out = [outcome for outcome in played if outcome.exhausted is not None]
    assert len(running_out) > 2 * 8
    late = {
        outcome.name: (outcome.lead, outcome.case.event)
        for outcome in running_out
        if outcome.lead is None or (outcome.lead < LEAD and not _noticed_at_once(outcome))
    }
    assert late == {}


def _noticed_at_once(outcome: Outcome) -> bool:
    assert outcome.case.event is not None
    assert outcome.exhausted is not None
    brief = outcome.exhausted - outcome.case.event < LEAD
    return brief and outcome.fired[0] - outcome.case.event <= NOTICED


@pytest.mark.binaries
def test_nothing_else_is_predicted(played: list[Outcome]) -> None:
    """Neither a steady level nor office hours, a Monday like the last, a nightly batch, or the saw-tooth."""
    quiet = [outcome for outcome in played if outcome.exhausted is None]
    assert len(quiet) > 2 * 8
    assert {outcome.name: outcome.fired[0] for outcome in quiet if outcome.fired} == {}


def main() -> None:
    """Prints the table."""
    with tempfile.TemporaryDirectory() as folder:
        rows = [outcome.row() for outcome in asyncio.run(outcomes(Path(folder)))]
    head = ("| traffic | calls leave | alert | limit reached after | fires after | lead |", "|---|---|---|---|---|---|")
    sys.stdout.write("\n".join([*head, *rows, ""]))


if __name__ == "__main__":
    main()
