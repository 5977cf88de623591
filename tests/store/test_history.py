"""What the remediation did, as people read it."""

from __future__ import annotations

from exporter.store.refusals import RefusalRow
from tests.store.shelf import Shelf, accepted, new_job


async def test_a_listing_is_the_newest_first(store: Shelf) -> None:
    """Of one integration if one is named; at most as many as asked for."""
    await accepted(store, new_job("a"), new_job("b"), new_job("c", integration="beta"))
    for number in range(3):
        await store.refuse(RefusalRow(100.0 + number, "acme", "Alert", "suspended", f"number {number}"))
    listing = await store.listing("acme", 2)
    assert [row["fingerprint"] for row in listing["jobs"]] == ["b", "a"]
    assert [row["detail"] for row in listing["refusals"]] == ["number 2", "number 1"]
    assert (await store.listing("beta", 10))["refusals"] == []
    assert len((await store.listing(None, 10))["jobs"]) == 3
