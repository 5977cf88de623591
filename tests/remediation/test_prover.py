"""After a job the exporter looks what it has cured."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Any

from exporter.config.settings import Config
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.world import World
from exporter.model import SyncError
from exporter.remediation.actions import Pair
from exporter.remediation.actions.bridge import BridgeResync
from exporter.remediation.prover import LAST_LOOK, LONGEST_PROOF, LOOK_LEASE, Prover
from exporter.store.database import open_database
from exporter.store.proofs import ProofStore
from tests.clocks import ManualClock
from tests.remediation.at_work import permission_errors
from tests.remediation.bench import Bench
from tests.remediation.conftest import OpenBench
from tests.remediation.payloads import alert
from tests.store.shelf import SharedDatabase


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


class Disturbed(BridgeResync):
    """Once ``meanwhile`` is set, it happens as soon as the bridge has answered, a single time."""

    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def find(
        self, pairs: Iterable[Pair], selected: Collection[str] = (), since: float | None = None
    ) -> tuple[SyncError, ...]:
        found = await super().find(pairs, selected)
        meanwhile, Disturbed.meanwhile = Disturbed.meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        return found


async def test_a_bug_met_by_one_look_puts_it_off(open_on: OpenBench, config: Config, acme: Org) -> None:
    """It ends neither the looks at other jobs nor the exporter; it is tried again as after a failure."""
    permission_errors(acme, 3)
    async with open_on(config, make_action=Disturbed) as bench:
        await bench.poll()
        await resynced(bench)

        async def bug() -> None:
            raise KeyError("nobody thought of it")

        Disturbed.meanwhile = bug
        assert (await look(bench, bench.verify_after))["looks"] == 0
        assert (await look(bench, LOOK_LEASE))["looks"] == 1
        assert verified(bench) == {"cured": 3, "unchanged": 0, "came_back": 0}


async def test_who_stood_still_overwrites_and_counts_nothing(open_on: OpenBench, config: Config, acme: Org) -> None:
    """Another has looked since its lease ran out: what that saw stands, and is counted once."""
    permission_errors(acme, 3)
    async with open_on(config, make_action=Disturbed) as bench:
        await bench.poll()
        await resynced(bench)

        async def stands_still() -> None:
            bench.clock.advance(LOOK_LEASE)
            assert await bench.crew.prover.look()

        Disturbed.meanwhile = stands_still
        job = await look(bench, bench.verify_after)
        assert (job["looks"], job["look_at"] is None) == (1, False)
        assert verified(bench) == {"cured": 3, "unchanged": 0, "came_back": 0}


class Replaced(BridgeResync):
    """Lists what an export says, which is replaced by a newer one as soon as it is read."""

    listed: tuple[SyncError, ...] = ()
    listed_at = 0.0

    async def find(
        self, pairs: Iterable[Pair], selected: Collection[str] = (), since: float | None = None
    ) -> tuple[SyncError, ...]:
        self.listed = self.listed or await super().find(pairs, selected)
        Replaced.listed_at = 4e9
        return self.listed

    async def as_of(self, category: str) -> float | None:
        del category
        return Replaced.listed_at


async def test_a_list_that_is_replaced_meanwhile_is_not_taken_for_the_new_one(
    open_on: OpenBench, config: Config, acme: Org
) -> None:
    """What the old one says is of before the resync: it proves nothing."""
    permission_errors(acme, 3)
    async with open_on(config, make_action=Replaced) as bench:
        await bench.poll()
        await resynced(bench)
        Replaced.listed_at = 1.0
        await look(bench, bench.verify_after)
        assert verified(bench) == {"cured": 0, "unchanged": 0, "came_back": 0}


async def test_a_replica_that_does_not_know_an_integration_leaves_its_proofs(
    bench: Bench, acme: Org, clock: ManualClock, config: Config
) -> None:
    """While a configuration is rolled out; after a day nobody can tell, and any replica ends the looking."""
    permission_errors(acme, 3)
    await resynced(bench)
    clock.advance(bench.verify_after)
    database = await open_database(config.store)
    try:
        ignorant = Prover(ProofStore(SharedDatabase(database)), {}, bench.metrics, clock)
        assert not await ignorant.look()
        assert (await look(bench, 0))["looks"] == 1
        clock.advance(LONGEST_PROOF)
        assert await ignorant.look()
        assert (await look(bench, 0))["look_at"] is None
    finally:
        await database.close()
