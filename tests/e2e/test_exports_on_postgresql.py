"""Exported errors that several replicas share, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import io

import pytest

from exporter.catalog.titles import TITLES
from exporter.exports.loading import Loading, Origin
from exporter.exports.reader import ExportReader, Manner
from exporter.store.database import Database, open_database
from exporter.store.exports import KEPT_FOR, ExportStore

ROWS = 5_000
NOW = 1_800_000_000.0
ORIGIN = Origin("acme", "picklists.csv", "1", NOW - 60)


def loading(store: ExportStore, rows: int, origin: Origin = ORIGIN) -> Loading:
    lines = "".join(f"Mismatched options,{number},\N{SNOWMAN} \\0\n" for number in range(rows))
    content = f"Error Type,HubSpot ID,Details\n{lines}".encode()
    reader = ExportReader(lambda: io.BytesIO(content), Manner({}, TITLES), "picklists")
    return Loading(reader, origin, store, lambda: NOW, "picklists")


async def test_what_one_replica_has_read_the_others_list(database: Database, url: str) -> None:
    """All of it or nothing, page by page."""
    store = ExportStore(database)
    other = await open_database(url)
    try:
        (export,) = (await loading(store, ROWS).whole()).exports
        assert await ExportStore(other).current("acme") == (export,)
        page = await ExportStore(other).page(export.id, "mismatched_options", ROWS - 1, 10)
        assert [(number, error.hubspot_id) for number, error in page] == [(ROWS, str(ROWS - 1))]
    finally:
        await other.close()


async def test_two_replicas_that_read_the_same_file_end_with_one_export(database: Database, url: str) -> None:
    """Whoever is last; the other's rows are gone after a while."""
    other = await open_database(url)
    try:
        store = ExportStore(database)
        await asyncio.gather(*(loading(ExportStore(one), 2_000).whole() for one in (database, other)))
        (export,) = await store.current("acme")
        await store.sweep(NOW + KEPT_FOR + 1)
        assert len(await store.page(export.id, None, 0, 10_000)) == 2_000
        for gone in {1, 2} - {export.id}:
            assert await store.page(gone, None, 0, 10) == []
    finally:
        await other.close()


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "x" * 5_000], ids=["zero", "half a letter", "long"])
async def test_whatever_stands_in_a_cell_can_be_stored(database: Database, text: str) -> None:
    """PostgreSQL takes no zeros, and no half letters."""
    content = f"Error Type,HubSpot ID,Object type,Record,Details\n{text},{text},{text},{text},{text}\n"
    reader = ExportReader(lambda: io.BytesIO(content.encode(errors="surrogatepass")), Manner({}, TITLES), "other")
    loaded = await Loading(reader, ORIGIN, ExportStore(database), lambda: NOW, "other").whole()
    assert [export.counts["unknown"].errors for export in loaded.exports] == [1]
