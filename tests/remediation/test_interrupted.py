"""A run that is interrupted, at whatever steps, ends as one that is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from exporter.config.file import load_config
from exporter.config.settings import Config
from tests.examples import examples
from tests.remediation.bench import Bench
from tests.remediation.company import CAUSE, Company
from tests.remediation.ledger_check import trouble_in
from tests.remediation.payloads import sync_errors

OTHER = ("other", "unknown")


@dataclass(frozen=True)
class End:
    """What a run has come to: jobs, records and refusals in the ledger, errors that are left, and how often each record
    was resynced."""

    jobs: list[tuple[Any, ...]]
    records: list[tuple[Any, ...]]
    refusals: list[tuple[Any, ...]]
    left: list[tuple[str, str, int, int]]
    resyncs: dict[str, int]


def played(config: Config, folder: Path, errors: Sequence[int], locked: bool, cuts: Sequence[int]) -> End:
    """Two alerts with an hour between them; the process dies after so many steps of its first works."""
    folder.mkdir()
    company, org_name = Company(config, folder), "acme"
    dying, org = list(cuts), company.world.orgs[org_name]
    company.rejecting = locked

    async def work(bench: Bench) -> None:
        await bench.work()

    try:
        for number, start in zip(errors, ("07:00", "08:00"), strict=True):
            org.add_errors(*OTHER, number, cause=CAUSE if number % 2 else None)
            company.run(
                company.bench.notify(sync_errors("other", integration=org_name, starts_at=f"2027-01-15T{start}:00Z"))
            )
            for _pause in range(6):
                while company.run(company.cut(dying.pop(0) if dying else None, work)):
                    pass
                company.clock.advance(600)
                company.run(company.poll())
            company.world.tick()
        assert [*company.watch.broken, *trouble_in(company.watch)] == []
        rows = company.watch.rows
        return End(
            jobs=[tuple(row) for row in rows("SELECT state, message, planned_records, trial FROM jobs ORDER BY id")],
            records=[
                tuple(row)
                for row in rows("SELECT job_id, error_id, outcome, attempts FROM job_records ORDER BY job_id, error_id")
            ],
            refusals=[tuple(row) for row in rows("SELECT job_id, reason, detail FROM refusals ORDER BY id")],
            left=org.errors.counts(),
            resyncs=dict(org.resyncs.records),
        )
    finally:
        company.close()


def test_an_interrupted_run_ends_as_one_that_was_not(
    config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path], tmp_path: Path
) -> None:
    """The same states, outcomes, attempts and refusals; no record is resynced more often, and nothing else is left."""
    config = load_config(write_config(config_data))
    folders = (tmp_path / str(number) for number in count())

    @given(
        errors=st.tuples(st.sampled_from((1, 4, 6, 9, 11)), st.integers(0, 5)),
        locked=st.booleans(),
        cuts=st.lists(st.integers(1, 50), min_size=1, max_size=4),
    )
    @settings(
        max_examples=examples(48),
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate),
    )
    @example(errors=(9, 1), locked=False, cuts=[30, 21])  # two of its first batches were carried out and never recorded
    @example(errors=(9, 1), locked=False, cuts=[33, 23])
    @example(errors=(9, 1), locked=True, cuts=[25])  # it has heard that a record is locked, and died before it noted it
    def ends_alike(errors: tuple[int, int], locked: bool, cuts: list[int]) -> None:
        undisturbed = played(config, next(folders), errors, locked, ())
        assert played(config, next(folders), errors, locked, cuts) == undisturbed

    ends_alike()
