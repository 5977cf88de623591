"""Which integrations a scrape asks for."""

from __future__ import annotations

from exporter.exposition.selection import ALL, Selection, Shard

NAMES = [f"integration-{number}" for number in range(1_000)]


def test_shards_part_a_fleet_evenly() -> None:
    """Every integration stands in exactly one, and none has twice the share of another."""
    shards = [[name for name in NAMES if name in Selection(shard=Shard(number, 4))] for number in (1, 2, 3, 4)]
    assert sorted(name for shard in shards for name in shard) == sorted(NAMES)
    assert all(200 < len(shard) < 300 for shard in shards)


def test_the_shard_of_a_name_is_a_contract() -> None:
    """Another one would begin all series of it anew."""
    assert [number for number in range(1, 5) if "acme" in Shard(number, 4)] == [3]


def test_what_the_process_says_of_itself_stands_on_one_page_of_several() -> None:
    """The whole one, or the first shard; never beside named integrations."""
    assert ALL.with_process
    assert [Selection(shard=Shard(number, 3)).with_process for number in (1, 2, 3)] == [True, False, False]
    assert not Selection({"acme"}).with_process
