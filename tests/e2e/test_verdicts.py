"""What is found in a log of requests: made-up runs of which one thing is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from exporter.remediation.lease import LEASE
from tests.e2e.struck.books import Books, PollBegun, Sending, Step
from tests.e2e.struck.faults import CUT_APIS, CUT_STORE, KILL, STOP, Blow, Fault, faults
from tests.e2e.struck.traffic import Request
from tests.e2e.struck.verdicts import HELD_UP, Run

HEALTH = "/acme/bridge/sync-health"


def poll(who: str, began: float, ended: float) -> Request:
    return Request(began, ended, who, "acme", HEALTH, "sync_health", 200, ())


def resync(who: str, began: float, *error_ids: str) -> Request:
    return Request(began, began + 1, who, "acme", "/acme/bridge/resync", "", 202, error_ids)


def begun(who: str, at: float) -> PollBegun:
    return PollBegun(at, who, "acme", "sync_health")


def sending(who: str, at: float, recorded_at: float | None, error_id: str = "e1") -> Sending:
    return Sending(at, who, "acme", error_id, recorded_at)


def blow(kind: str, struck_at: float, over_at: float, replica: int = 0) -> Blow:
    return Blow(Fault(kind, replica, 0.0, over_at - struck_at), struck_at, over_at)


def run(
    *requests: Request,
    polls: Sequence[PollBegun] = (),
    sendings: Sequence[Sending] = (),
    steps: Sequence[Step] = (),
    blows: Sequence[Blow] = (),
) -> Run:
    return Run(requests, Books(polls, steps, sendings, ()), blows, {"acme": 1}, {"acme": {"101": 1}}, 100.0)


def test_polls_one_after_the_other_are_in_order() -> None:
    """Whoever of the two polls."""
    fine = run(poll("one", 1.1, 2), poll("two", 11.1, 12), polls=[begun("one", 1), begun("two", 11)])
    assert fine.polled_by_two() == fine.interleaved_polls() == fine.polled_without_claim() == []


def test_two_that_poll_at_the_same_moment_are_found() -> None:
    both = run(poll("one", 1.1, 3), poll("two", 2.1, 4), polls=[begun("one", 1), begun("two", 2)])
    assert len(both.polled_by_two()) == len(both.interleaved_polls()) == 1
    assert run(poll("one", 1.1, 3), poll("one", 2.1, 4)).polled_by_two() == []


def test_a_poll_that_goes_on_after_another_has_begun_is_found() -> None:
    """Though no two of their requests overlap."""
    requests = poll("one", 1.1, 2), poll("two", 3.1, 4), poll("one", 5.1, 6)
    woken = run(*requests, polls=[begun("one", 1), begun("two", 3)])
    assert woken.polled_by_two() == []
    assert len(woken.polled_without_claim()) == 1
    assert replace(woken, blows=[blow(STOP, 1.2, 5)]).woken() == [(3.8, 1, 1)]
    late = run(poll("one", 40, 41), polls=[begun("one", 1)])
    assert len(late.polled_without_claim()) == 1


def test_what_a_cut_line_has_kept_back_is_the_networks_doing() -> None:
    """It says nothing of when it was sent; that it was sent counts all the same."""
    held = run(poll("one", 30.1, 31), resync("one", 30.2, "e1"), blows=[blow(CUT_APIS, 5, 30)])
    assert held.polled_without_claim() == held.sent_without_lease() == []
    assert held.sent_times() == {1: 1}
    later = replace(held, blows=[blow(CUT_APIS, 5, 30 - HELD_UP)])
    assert later.polled_without_claim()
    assert later.sent_without_lease()


def test_a_request_after_its_lease_is_found() -> None:
    """Marked by its sender, and not long ago."""
    assert run(resync("one", 10, "e1"), sendings=[sending("one", 9.5, 11)]).sent_without_lease() == []
    assert run(resync("one", 10 + LEASE, "e1"), sendings=[sending("one", 9.5, None)]).sent_without_lease()
    assert run(resync("one", 10, "e1"), sendings=[sending("two", 9.5, 11)]).sent_without_lease()


def test_an_error_may_be_asked_for_once_more_for_every_fault_that_hit_its_batch() -> None:
    requests = resync("one", 10, "e1"), resync("two", 35, "e1")
    sent = [sending("one", 9.9, 34), sending("two", 34.9, 36)]
    assert run(*requests, sendings=sent).sent_too_often()
    assert run(*requests, sendings=sent, blows=[blow(KILL, 10.5, 12)]).sent_too_often() == []
    for elsewhere in (blow(KILL, 10.5, 12, replica=1), blow(CUT_STORE, 40, 50), blow(KILL, 8, 9)):
        assert run(*requests, sendings=sent, blows=[elsewhere]).sent_too_often()


def test_errors_that_nobody_took_are_found() -> None:
    assert run().not_resynced() == []
    for taken in ({}, {"101": 2}):
        assert replace(run(), accepted={"acme": taken}).not_resynced()


def test_how_soon_a_job_is_taken_over() -> None:
    """Of the jobs that the dead replica had, and of no others."""
    steps = [
        *(Step(1, "one", 1, "running"), Step(1, "one", 2, "running"), Step(2, "two", 3, "running")),
        *(Step(3, "one", 2, "done"), Step(25, "two", 1, "running"), Step(26, "two", 3, "done")),
    ]
    assert run(steps=steps, blows=[blow(KILL, 5, 10)]).takeovers(KILL) == [20]


def test_a_replica_that_stands_still_sends_nothing() -> None:
    stopped = [blow(STOP, 5, 30)]
    assert run(poll("one", 4, 5), poll("two", 10, 11), poll("one", 31, 32), blows=stopped).sent_while_stopped() == 0
    assert run(poll("one", 10, 11), blows=stopped).sent_while_stopped() == 1


@pytest.mark.parametrize("seed", range(5))
def test_a_seed_decides_the_faults(seed: int) -> None:
    """Five of each kind on either replica, and two stops of three minutes."""
    planned = faults(seed)
    assert planned == faults(seed) != faults(seed + 1)
    kinds = [fault.kind for fault in planned]
    assert {kind: kinds.count(kind) for kind in kinds} == dict.fromkeys((KILL, STOP, CUT_STORE, CUT_APIS), 5)
    assert {fault.replica for fault in planned} == {0, 1}
    stops = sorted(fault.seconds for fault in planned if fault.kind == STOP)
    assert stops[0] > LEASE
    assert stops[-2:] == [180, 180]
