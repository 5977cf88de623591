"""What has ended a suspension stays, over failures, restarts and a store that is away."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from exporter.config.settings import Config
from exporter.errors import StoreError
from exporter.model import Heartbeat, ObjectHeartbeat, Recovery, Suspension
from exporter.polling.recoveries import Recoveries
from exporter.state.facts import facts_of
from exporter.state.reading import Reading
from exporter.state.recovery import AFTER
from exporter.state.snapshots import Snapshots
from exporter.store.database import Database, open_database
from exporter.store.recoveries import RecoveryStore
from tests.clocks import ManualClock

SUSPENDED = Suspension(True, "unknown_error", None)


class Away(RecoveryStore):
    """A store that cannot be written to until it is ``back``."""

    back = False

    async def put(self, integration: str, recovery: Recovery) -> None:
        if not self.back:
            raise StoreError("away")
        await super().put(integration, recovery)


@pytest.fixture
async def database(config: Config) -> AsyncIterator[Database]:
    opened = await open_database(config.store, config.store_password)
    yield opened
    await opened.close()


@pytest.fixture
def snapshots(config: Config, clock: ManualClock) -> Snapshots:
    made = Snapshots(config.integrations)
    made.report("acme", SUSPENDED, clock.time())
    clock.advance(7200)
    return made


def sync_again(snapshots: Snapshots, clock: ManualClock) -> None:
    began = clock.time() - 7200 + AFTER
    syncs = (began + 60, began + 500, began + 900)
    part = Heartbeat((ObjectHeartbeat("contacts", syncs[-1], syncs[-1], None, syncs=syncs),))
    snapshots.put("acme", Reading("hubspot_heartbeat", 120.0, clock.time(), part=part, succeeded_at=clock.time()))


def is_suspended(snapshots: Snapshots, clock: ManualClock) -> bool:
    suspension = facts_of(snapshots["acme"], clock.time()).suspension
    assert suspension is not None
    return suspension.suspended


async def test_it_is_over_at_once_and_for_good(snapshots: Snapshots, database: Database, clock: ManualClock) -> None:
    """Though nothing can be read any more."""
    recoveries = Recoveries(RecoveryStore(database), snapshots, clock)
    sync_again(snapshots, clock)
    assert not is_suspended(snapshots, clock)
    assert await recoveries.keep()
    clock.advance(86400)
    assert not is_suspended(snapshots, clock)


async def test_the_next_process_knows_it(
    snapshots: Snapshots, database: Database, config: Config, clock: ManualClock
) -> None:
    """The report it has from the store as well; what ended it need not be seen again."""
    sync_again(snapshots, clock)
    recoveries = Recoveries(RecoveryStore(database), snapshots, clock)
    assert await recoveries.keep()
    restarted = Snapshots(config.integrations)
    restarted.report("acme", SUSPENDED, clock.time() - 7200)
    assert is_suspended(restarted, clock)
    again = Recoveries(RecoveryStore(database), restarted, clock)
    again.show(await again.read())
    assert not is_suspended(restarted, clock)


async def test_a_store_that_is_away_hides_nothing(snapshots: Snapshots, database: Database, clock: ManualClock) -> None:
    """It is shown all the same, and stored as soon as that is possible."""
    store = Away(database)
    recoveries = Recoveries(store, snapshots, clock)
    sync_again(snapshots, clock)
    assert not await recoveries.keep()
    clock.advance(86400)
    assert not is_suspended(snapshots, clock)
    store.back = True
    assert await recoveries.keep()
    assert (await recoveries.read()).keys() == {"acme"}


async def test_a_later_report_suspends_anew_and_ends_anew(
    snapshots: Snapshots, database: Database, clock: ManualClock
) -> None:
    """What is kept is the newest."""
    recoveries = Recoveries(RecoveryStore(database), snapshots, clock)
    sync_again(snapshots, clock)
    await recoveries.keep()
    first = (await recoveries.read())["acme"]
    snapshots.report("acme", SUSPENDED, clock.time())
    assert is_suspended(snapshots, clock)
    clock.advance(7200)
    sync_again(snapshots, clock)
    assert not is_suspended(snapshots, clock)
    await recoveries.keep()
    assert (await recoveries.read())["acme"].first > first.first
