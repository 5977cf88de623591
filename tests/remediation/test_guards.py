"""Whatever happens in whatever order: no guard is passed, no record gets lost, and the ledger says what is so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from exporter.config.file import load_config
from exporter.config.settings import Config
from exporter.remediation.actions import Pair
from exporter.remediation.orders import Request
from tests.examples import examples
from tests.remediation.bench import Bench
from tests.remediation.company import CAUSE, EVENTS, NAMES, Company
from tests.remediation.ledger_check import trouble_in
from tests.remediation.payloads import FIELD_PERMISSIONS, SYNC_ERRORS, alert, sync_errors
from tests.remediation.watch import MAX_RECORDS

PAIRS: tuple[Pair, ...] = (
    ("other", "unknown"),
    ("associations", "waiting_for_account_to_sync"),
    ("permissions", "salesforce_field_permissions"),
)
RESOLVED = PAIRS[2]
"""Resynced when the alert is resolved; the others when one fires."""

CHANGES = ("suspended", "away", "locked", "cause", "HubSpot", "Backup", "nobody polls", "well", "well", "well", "round")


@dataclass(frozen=True)
class Step:
    """What happens next, and how."""

    method: str
    arguments: Mapping[str, Any]


def step(method: str, /, **arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    return st.fixed_dictionaries(arguments).map(lambda drawn: Step(method, drawn))


names = st.sampled_from(NAMES)
pairs = st.sampled_from(PAIRS)
numbers = st.sampled_from((1, 3, 5, 9, 9, 9, 21))
kinds = st.sampled_from(("by an alert", "by an alert", "by somebody", "by nobody"))
events = st.lists(st.sampled_from(EVENTS), max_size=4)
pauses = st.lists(st.sampled_from((1, 130, 130, 400, 1800, 3700, 3700, 25 * 3600)), min_size=2, max_size=5)
decisions = st.sampled_from(("orders", "orders", "approves", "approves", "cancels"))
appear = step(
    "errors_appear",
    **{"name": names, "pair": pairs, "number": numbers, "stays": st.booleans()},
    **{"told": kinds, "steps": st.none() | st.integers(0, 4)},
)
decide = step("somebody_decides", what=decisions, name=names, pairs=st.sets(pairs, min_size=1), which=st.integers(0, 4))
change = step("the_world_changes", what=st.sampled_from(CHANGES), name=names, calls=st.sampled_from((20, 40, 150)))
go_on = step(
    "the_exporter_goes_on",
    **{"events": events, "pauses": pauses, "steps": st.none() | st.integers(3, 60), "looks": st.booleans()},
)


happenings = st.sampled_from((0, 0, 0, 1, 2, 2)).flatmap(lambda which: (appear, decide, change)[which])


class Guards(RuleBasedStateMachine):
    """A day of a company, in any order."""

    def __init__(self, config: Config, folder: Path) -> None:
        super().__init__()
        self.company = Company(config, folder)
        self.occurrences = count()

    @initialize(number=numbers, stays=st.booleans())
    def it_begins(self, number: int, stays: bool) -> None:
        for name, pair in zip(NAMES, PAIRS, strict=False):
            self.errors_appear(name, pair, number, stays, "by an alert", None)

    # One rule for all: of several hypothesis leaves some out, and then next to nothing happens.
    @rule(what=happenings, well=st.booleans(), then=go_on)
    def something_happens(self, what: Step, well: bool, then: Step) -> None:
        for name in NAMES if well else ():
            self.the_world_changes("well", name, 0)
        for each in (what, then):
            getattr(self, each.method)(**each.arguments)

    def errors_appear(self, name: str, pair: Pair, number: int, stays: bool, told: str, steps: int | None) -> None:
        self.company.world.orgs[name].add_errors(*pair, number, cause=CAUSE if stays else None)
        if told == "by an alert":
            self._alerted(name, pair, steps)
        elif told == "by somebody":
            self._ordered(name, {pair}, None)

    def _alerted(self, name: str, pair: Pair, steps: int | None) -> None:
        if pair == RESOLVED:
            sent = alert(integration=name, fingerprint=f"permissions-{next(self.occurrences)}")
        else:
            sent = sync_errors(pair[0], integration=name)

        async def notify(bench: Bench) -> None:
            receipt = await bench.notify(sent)
            said = receipt.jobs + receipt.duplicates + len(receipt.ignored) + len(receipt.refusals)
            assert said == 1

        company = self.company
        if company.run(company.cut(steps, notify)):
            company.run(notify(company.bench))  # Alertmanager sends again what was not answered

    def _ordered(self, name: str, pairs: set[Pair], select: int | None) -> None:
        there = [error.id for error in self.company.world.orgs[name].errors.page(None, None, None, 1_000)]
        order = Request(name, frozenset(pairs), frozenset(there[:select] if select else ()))
        self.company.run(self.company.bench.crew.orders.place(order))

    def somebody_decides(self, what: str, name: str, pairs: set[Pair], which: int) -> None:
        company, orders = self.company, self.company.bench.crew.orders
        if what == "orders":
            self._ordered(name, pairs, 3 * which)
            return
        ask, state = (orders.approve, "refused_for = 'needs_approval'") if what == "approves" else (orders.cancel, "1")
        jobs = company.watch.rows(f"SELECT id FROM jobs ORDER BY {state} DESC, id DESC")  # noqa: S608
        job = jobs[which % len(jobs)]["id"]
        if company.run(ask(job)) and what == "approves":
            company.watch.approved.add(job)

    def the_world_changes(self, what: str, name: str, calls: int) -> None:
        company, org = self.company, self.company.world.orgs[name]
        if what == "suspended":
            org.suspend("unknown_error")
        elif what == "away":
            company.leave(name)
        elif what == "locked":
            company.rejecting = True
        elif what == "round":
            company.world.tick()
        elif what == "nobody polls":
            company.clock.advance(calls * 10)
        elif what in ("cause", "well"):
            org.suspension, company.rejecting = None, False
            company.come_back(name)
            org.set_cause(CAUSE, holds=what == "cause")
        else:
            company.use(name, calls, what)

    def the_exporter_goes_on(self, events: list[str], pauses: list[float], steps: int | None, looks: bool) -> None:
        async def work(bench: Bench) -> None:
            ends = await asyncio.gather(bench.work(), bench.work(), return_exceptions=True)
            for end in ends:
                if isinstance(end, BaseException):
                    raise end
            while looks and await bench.crew.prover.look():
                pass

        company = self.company
        company.events = list(events)
        for pause in pauses:
            company.clock.advance(pause)
            company.run(company.poll())
            company.run(company.cut(steps, work))

    # What always holds.

    @invariant()
    def nothing_is_wrong(self) -> None:
        assert [*self.company.watch.broken, *trouble_in(self.company.watch)] == []

    def teardown(self) -> None:
        try:
            self.company.run(self.company.end())
            self.nothing_is_wrong()
        finally:
            self.company.close()


def test_no_guard_is_ever_passed(
    config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path], tmp_path: Path
) -> None:
    """Errors, alerts, orders, approvals, suspensions, calls, faults, crashes, whatever they come together with."""
    for entry in config_data["integrations"]:
        entry["remediation"] = {"max_records": MAX_RECORDS}
    for name in ("other", "associations", "permissions"):
        policy = {"categories": [name], "cooldown": "1h", "max_attempts": 2}
        fired = {"alert": SYNC_ERRORS, "on": "firing"}
        resolved = {"alert": FIELD_PERMISSIONS, "on": "resolved"}
        policies = config_data["remediation"].setdefault("policies", [])
        policies.append({**(resolved if name == "permissions" else fired), **policy})
    config = load_config(write_config(config_data))
    folders = (tmp_path / str(number) for number in count())

    def made() -> Guards:
        folder = next(folders)
        folder.mkdir()
        return Guards(config, folder)

    # Health checks are about speed, and a file for every example is slow.
    bounded = settings(
        max_examples=examples(64),
        stateful_step_count=12,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate),  # to make a smaller story of one that fails takes minutes
    )
    run_state_machine_as_test(made, settings=bounded)  # type: ignore[arg-type]  # any factory will do
