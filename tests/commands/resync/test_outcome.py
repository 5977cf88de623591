"""How a job has ended, for people and for programs."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from exporter.commands.resync.job import Job, is_same, job_of
from exporter.commands.resync.outcome import ending, is_good, table
from exporter.commands.resync.wanted import Wanted

DONE = Job(7, "acme", "bridge", "done", planned=40, outcomes={"succeeded": 40, "failed": 0})
PARTLY = replace(
    DONE,
    state="partly_failed",
    message="3 of 40 records failed",
    outcomes={"succeeded": 37, "failed": 3, "pending": 0},
    failed_for={"the picklist does not have the value": 2},
    left_out={"cooldown": 5},
)
ROW = {
    "id": 7,
    "integration": "acme",
    "action": "bridge",
    "state": "queued",
    "status": "requested",
    "selected": False,
    "refused_for": "api_budget",
    "message": "41200 of 60000 \x07",
    "planned_records": 40,
    "planned_calls": 160,
    "records": {"pending": 40, "sending": 0, "succeeded": 0, "failed": 0},
    "failed_for": {},
    "proof": {"cured": 0, "came_back": 0, "unchanged": 0, "waiting": 0},
    "categories": ["picklists"],
    "error_types": ["option_limit_exceeded"],
}


def lines(job: Job, width: int = 80) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    console.print(table(job), markup=False, highlight=False)
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


class TestTable:
    def test_it_counts_by_outcome_and_reason(self) -> None:
        """The reasons that the ledger does not name are together."""
        assert lines(PARTLY) == [
            "outcome    records  reason",
            "succeeded       37",
            "failed           2  the picklist does not have the value",
            "failed           1  for other reasons",
            "left out         5  resynced a short while ago",
        ]

    def test_the_proof_is_there_once_somebody_has_looked(self) -> None:
        """Accepted is not cured."""
        assert lines(replace(DONE, proof={"cured": 0, "waiting": 40})) == lines(DONE)
        assert lines(replace(DONE, proof={"cured": 30, "came_back": 1, "unchanged": 0, "waiting": 9}))[2:] == [
            "cured                   30  of those that succeeded",
            "came back                1  of those that succeeded",
            "not looked at yet        9  of those that succeeded",
        ]

    def test_a_job_without_records_has_none(self) -> None:
        """Its line says all."""
        job = replace(DONE, message="nothing to resync", outcomes={}, planned=0)
        assert table(job) is None
        assert ending(job, 1.2) == "job 7 of acme: done after 1 s: nothing to resync"

    def test_long_reasons_are_folded(self) -> None:
        """Nothing is cut off at 80 columns."""
        said = lines(replace(PARTLY, failed_for={"because " * 30: 3}))
        assert max(map(len, said)) <= 80
        assert "\n".join(said).count("because") == 30


class TestGood:
    def test_all_records_were_resynced(self) -> None:
        """That is success; what is not cured is none where it was waited for."""
        assert is_good(DONE, with_proof=False)
        half = replace(DONE, proof={"cured": 20, "unchanged": 20, "waiting": 0})
        assert is_good(half, with_proof=False)
        assert not is_good(half, with_proof=True)
        assert is_good(replace(DONE, proof={"cured": 40}), with_proof=True)

    @pytest.mark.parametrize("state", ["failed", "partly_failed", "cancelled", "queued"])
    def test_any_other_end_is_none(self, state: str) -> None:
        """Nor is a job that waits for a human."""
        assert not is_good(replace(DONE, state=state), with_proof=False)

    def test_records_left_out_are_refused(self) -> None:
        """Although the job did all it had to."""
        assert not is_good(replace(DONE, left_out={"cooldown": 1}), with_proof=False)
        assert not is_good(replace(DONE, left_out={"cooldown": 1, "no_records": 1}), with_proof=False)

    def test_what_was_cured_before_is_not_missed(self) -> None:
        """An export lists it until the next one."""
        assert is_good(replace(DONE, left_out={"no_records": 1}), with_proof=False)


class TestJob:
    def test_it_is_read_from_the_ledger(self) -> None:
        """Without what would steer the terminal; refusals tell how many records were left out, or why it waited."""
        refusals = [
            {"reason": "cooldown", "detail": "5 of 45 records"},
            {"reason": "no_records", "detail": "2 of 45 records: cured since the export that lists them"},
            {"reason": "api_budget", "detail": "41200 of 60000 allocated API calls are used"},
        ]
        job = job_of({"job": ROW, "refusals": refusals})
        assert (job.id, job.planned, job.settled, job.message) == (7, 40, 0, "41200 of 60000 \ufffd")
        assert (job.waits_for, job.left_out, job.has_ended) == ("api_budget", {"cooldown": 5, "no_records": 2}, False)

    def test_what_is_not_there_yet_is_not_known(self) -> None:
        """A job whose records are not listed."""
        bare = {key: ROW[key] for key in ("id", "integration", "action", "state")}
        assert job_of({"job": {**bare, "planned_records": None}}).planned is None

    @pytest.mark.parametrize(
        ("change", "same"),
        [
            ({}, True),
            ({"status": "firing"}, False),
            ({"selected": True}, False),
            ({"action": "touch"}, True),
            ({"categories": ["other"]}, False),
            ({"error_types": ["option_limit_exceeded", "unknown"]}, False),
        ],
    )
    def test_an_earlier_order_is_known_again(self, change: Mapping[str, Any], same: bool) -> None:
        """By what it is for; whatever way it takes, if none is named."""
        row = {**ROW, **change}
        assert is_same(row, Wanted("acme", error_types=("option_limit_exceeded",))) is same
        named = Wanted("acme", error_types=("option_limit_exceeded",), action="bridge")
        assert is_same(row, named) is (same and row["action"] == "bridge")


def test_who_names_nothing_means_everything() -> None:
    """The exporter takes an order that names nothing for none: so all categories are named."""
    wanted = Wanted("acme")
    assert len(wanted.body["categories"]) == 8
    assert wanted.pairs == Wanted("acme", tuple(wanted.body["categories"])).pairs
    assert Wanted("acme", error_types=("unknown",), action="touch").body == {
        "integration": "acme",
        "error_types": ["unknown"],
        "action": "touch",
    }
