"""What the remediation did, as people read it."""

from __future__ import annotations

from exporter.store.batches import FAILED, SUCCEEDED
from exporter.store.refusals import RefusalRow
from exporter.store.tally import MOST_REASONS
from tests.store.shelf import Shelf, a_job_with, accepted, new_job, recorded


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


async def test_a_listing_says_why_records_failed(store: Shelf) -> None:
    """Each reason with its records, the most frequent first and only so many; of a job that failed in nothing, none."""
    reasons = [f"reason {number}" for number in range(MOST_REASONS + 2) for _ in range(number + 1)]
    ids = [f"e{number}" for number in range(len(reasons))]
    job = await a_job_with(store, *ids, "good")
    failed = {error_id: (FAILED, reason) for error_id, reason in zip(ids, reasons, strict=True)}
    await recorded(store, job, {"good": (SUCCEEDED, ""), **failed}, 101.0)
    await accepted(store, new_job("other"))
    other, first = (await store.listing(None, 10))["jobs"]
    assert list(first["failed_for"].items()) == [(f"reason {n}", n + 1) for n in range(MOST_REASONS + 1, 1, -1)]
    assert other["failed_for"] == {}
