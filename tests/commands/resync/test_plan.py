"""What is shown before anybody is asked."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from exporter.commands.resync.plan import Plan, plan_of, shown
from exporter.commands.resync.words import counted, lasting

PLAN = Plan("bridge", records=1200, batches=12, calls=4800, seconds=140.0)
ANSWER = {
    "plan": {
        "action": "bridge",
        "records": 1200,
        "batches": 12,
        "expected_api_calls": 4800,
        "seconds": 140,
        "refused": {},
        "waits_for": None,
        "needs_approval": False,
    }
}


def lines(plan: Plan, width: int = 80) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    console.print(shown(plan, "acme"), markup=False, highlight=False)
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_a_plan_says_how_much_it_is() -> None:
    """Records, batches, API calls, time."""
    assert lines(PLAN) == [
        "integration  acme",
        "to resync    1,200 records by bridge, in 12 batches",
        "Salesforce   up to 4,800 API calls",
        "time         about 2 min",
    ]


def test_it_says_what_is_left_out_and_what_stands_against_it() -> None:
    """With the reason, in words and as the ledger has it; nothing is cut off at 80 columns."""
    detail = "HubSpot reports the integration suspended (salesforce_object_permissions_missing) since this morning"
    plan = replace(
        PLAN, refused={"max_attempts": 1, "cooldown": 2}, waits_for=("suspended", detail), needs_approval=True
    )
    said = lines(plan)
    assert said[4:6] == [
        "left out     2 records (cooldown: resynced a short while ago)",
        "left out     1 record (max_attempts: resynced as often as a day allows)",
    ]
    assert " ".join("\n".join(said).split()).endswith(
        f"waits for suspended: {detail} approval so many records wait until somebody approves the job"
    )
    assert max(map(len, said)) <= 80


def test_what_is_not_known_is_not_guessed() -> None:
    """The time of a way that nothing was ever resynced by."""
    assert "time         not known" in lines(replace(PLAN, seconds=None))


def test_nothing_to_resync_costs_nothing() -> None:
    """Neither calls nor time are named, nor what it would wait for."""
    plan = Plan("bridge", 0, 0, 0, 0.0, refused={"cooldown": 3}, waits_for=("suspended", "it is"))
    assert lines(plan) == [
        "integration  acme",
        "to resync    nothing",
        "left out     3 records (cooldown: resynced a short while ago)",
    ]


def test_an_exporter_tells_its_plan() -> None:
    """As ``POST /api/v1/resyncs`` answers a dry run."""
    assert plan_of(ANSWER) == PLAN
    waits = {"reason": "suspended", "detail": "it \x1b[31mis"}
    more = {"plan": {**ANSWER["plan"], "seconds": None, "refused": {"cooldown": 2}, "waits_for": waits}}
    told = plan_of(more)
    assert (told.seconds, told.refused, told.waits_for) == (None, {"cooldown": 2}, ("suspended", "it \ufffd[31mis"))


@pytest.mark.parametrize("answer", [{}, {"plan": None}, {"plan": {**ANSWER["plan"], "records": "many"}}, {"plan": {}}])
def test_something_else_is_no_plan(answer: dict[str, object]) -> None:
    """One of the errors that the caller knows."""
    with pytest.raises((LookupError, TypeError, ValueError, AttributeError)):
        plan_of(answer)


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.4, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "1 h"), (7500, "2 h 5 min"), (7200, "2 h")]
)
def test_times_are_read_by_people(seconds: float, said: str) -> None:
    """In seconds, minutes or hours."""
    assert lasting(seconds) == said


def test_one_is_singular() -> None:
    """Of whatever."""
    assert (counted(1, "batch"), counted(0, "batch"), counted(1, "record")) == ("1 batch", "0 batches", "1 record")
