"""After a job the exporter looks what it has cured."""

from __future__ import annotations

from typing import Any

from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.world import World
from exporter.remediation.prover import LAST_LOOK, LONGEST_PROOF, LOOK_LEASE
from tests.remediation.at_work import permission_errors
from tests.remediation.bench import Bench
from tests.remediation.payloads import alert


def verified(bench: Bench) -> dict[str, float | None]:
    outcomes = ("cured", "unchanged", "came_back")
    return {name: bench.sample("resync_verified_records_total", action="bridge", outcome=name) for name in outcomes}


async def look(bench: Bench, seconds: float) -> dict[str, Any]:
    """Lets time pass, looks at whatever is due, and returns the newest job."""
    await bench.later(seconds)
    while await bench.crew.prover.look():
        pass
    return (await bench.listed())[0]


async def resynced(bench: Bench) -> None:
    await bench.notify(alert())
    await bench.work()


async def test_cured_is_what_is_not_listed_any_more(bench: Bench, acme: Org) -> None:
    """Once it can be seen, and not before; the second look finds no news, and there is no third."""
    permission_errors(acme, 3)
    await resynced(bench)
    assert (await look(bench, bench.verify_after - 1))["looks"] == 0
    assert (await look(bench, 1))["looks"] == 1
    assert verified(bench) == {"cured": 3, "unchanged": 0, "came_back": 0}
    job = await look(bench, LAST_LOOK)
    assert (job["looks"], job["look_at"]) == (2, None)
    assert verified(bench) == {"cured": 3, "unchanged": 0, "came_back": 0}


async def test_an_error_under_another_id_is_the_same_one_again(bench: Bench, acme: Org, world: World) -> None:
    """Its cause is still there: accepted was not cured."""
    permission_errors(acme, 2, cause="a trigger")
    permission_errors(acme, 1)
    await resynced(bench)
    world.tick()
    await look(bench, bench.verify_after)
    assert verified(bench) == {"cured": 1, "unchanged": 0, "came_back": 2}


async def test_what_comes_back_within_the_hour_is_seen_too(bench: Bench, acme: Org, world: World) -> None:
    """It was cured, and is not any more: both are counted."""
    permission_errors(acme, 2, cause="a trigger")
    await resynced(bench)
    await look(bench, bench.verify_after)
    assert verified(bench) == {"cured": 2, "unchanged": 0, "came_back": 0}
    world.tick()
    await look(bench, LAST_LOOK)
    assert verified(bench) == {"cured": 2, "unchanged": 0, "came_back": 2}


async def test_a_bridge_that_is_away_is_asked_again(bench: Bench, acme: Org) -> None:
    """For a day; after that nobody knows what became of the records."""
    permission_errors(acme, 3)
    await resynced(bench)
    acme.faults.put(Fault("bridge", "server_error"))
    assert (await look(bench, bench.verify_after))["looks"] == 0
    acme.faults.clear()
    assert (await look(bench, LOOK_LEASE))["looks"] == 1
    acme.faults.put(Fault("bridge", "server_error"))
    job = await look(bench, LONGEST_PROOF)
    assert (job["looks"], job["look_at"]) == (1, None)


async def test_a_job_that_sent_nothing_has_nothing_to_prove(bench: Bench, acme: Org) -> None:
    """The bridge is not asked for it."""
    await resynced(bench)
    acme.faults.put(Fault("bridge", "server_error"))
    job = await look(bench, bench.verify_after)
    assert (job["state"], job["look_at"]) == ("done", None)
