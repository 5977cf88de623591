"""The schedule of every source and what it last said, as the store keeps them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.model import Failure, OrgUsage, PartState
from exporter.store.database import open_database
from exporter.store.polls import PollRow, PollStore, payload_text

DONE = PollRow(
    integration="acme",
    source="sync_health",
    round=1,
    due_at=160.0,
    attempted_at=100.5,
    succeeded_at=100.5,
    payload='{"as_of":"2026-11-21T10:00:00Z"}',
    usage=OrgUsage(10**12, 10**12 + 1, 100.25),
    parts=(PartState("objects"), PartState("fields", Failure("invalid", None, "sObject type 'É' is not supported"))),
    failures=3,
)
FAILURE = Failure("server", "UNKNOWN_EXCEPTION", "GET /limits: status 500")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[PollStore]:
    database = await open_database(f"sqlite:///{tmp_path / 'exporter.db'}")
    yield PollStore(database)
    await database.close()


async def begin(store: PollStore, seen_round: int = 0, due_at: float = 160.0, source: str = "sync_health") -> bool:
    return await store.begin("acme", source, seen_round, due_at, 30.0)


async def row(store: PollStore) -> PollRow:
    found = await store.one("acme", "sync_health")
    assert found is not None
    return found


async def test_a_new_store_knows_nothing(store: PollStore) -> None:
    """No row, and no invented one."""
    assert await store.all() == ()
    assert await store.one("acme", "sync_health") is None


async def test_a_poll_is_claimed_before_it_is_made(store: PollStore) -> None:
    """When the next is due stands in the store from the moment one begins; nothing was tried yet."""
    assert await begin(store)
    assert await row(store) == PollRow("acme", "sync_health", 1, 160.0)


async def test_an_outcome_is_kept(store: PollStore) -> None:
    """Every field comes back as it was written."""
    await begin(store)
    await store.finish(DONE)
    assert await row(store) == DONE


async def test_a_failure_keeps_the_last_good_answer(store: PollStore) -> None:
    """With its time and the usage; the next success takes the failure away."""
    await begin(store)
    await store.finish(DONE)
    await begin(store, 1)
    failed = replace(DONE, round=2, attempted_at=170.0, failure=FAILURE, due_at=220.0)
    await store.finish(replace(failed, payload=None, succeeded_at=None, usage=None))
    assert await row(store) == failed
    await begin(store, 2)
    again = replace(DONE, round=3, attempted_at=230.0, succeeded_at=230.0, payload="2")
    await store.finish(again)
    assert await row(store) == again


async def test_a_round_is_claimed_once(store: PollStore) -> None:
    """Of twenty who have seen the same round one gets it, the first round and every later one."""
    for seen in range(4):
        claims = await asyncio.gather(*(begin(store, seen) for _ in range(20)))
        assert sum(claims) == 1
    assert (await row(store)).round == 4


@pytest.mark.parametrize("seen_round", [0, 1, 3])
async def test_who_has_seen_another_round_gets_nothing(store: PollStore, seen_round: int) -> None:
    """Neither too old nor too new; the schedule stays."""
    await begin(store)
    await begin(store, 1, 220.0)
    assert not await begin(store, seen_round, 999.0)
    assert (await row(store)).due_at == 220.0


async def test_an_outcome_of_an_old_round_is_dropped(store: PollStore) -> None:
    """A poll that took so long that somebody else began the next one does not overwrite it."""
    await begin(store)
    await begin(store, 1, 220.0)
    await store.finish(DONE)
    assert await row(store) == PollRow("acme", "sync_health", 2, 220.0)


async def test_sources_and_integrations_are_kept_apart(store: PollStore) -> None:
    """A row each."""
    await begin(store)
    await begin(store, source="salesforce_limits")
    await store.begin("beta", "sync_health", 0, 5.0, 30.0)
    await store.finish(DONE)
    rows = {(found.integration, found.source): found for found in await store.all()}
    assert rows["acme", "sync_health"] == DONE
    assert rows["acme", "salesforce_limits"].payload is None
    assert rows["beta", "sync_health"].due_at == 5.0
    assert len(rows) == 3


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(st.characters()),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    )
)
@settings(derandomize=True, deadline=None, max_examples=200)
def test_any_payload_is_plain_ascii_text(payload: object) -> None:
    """So every database takes it: no NUL, no half of a surrogate pair."""
    text = payload_text(payload)
    assert text.isascii()
    assert "\x00" not in text
