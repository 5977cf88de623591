"""The store, opened without making or changing anything: a look at an exporter must leave none of its files behind."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from exporter.config.settings import Config
from exporter.config.store_url import SQLITE
from exporter.errors import StoreError
from exporter.store.database import Database, open_as_it_is


@dataclass(frozen=True, slots=True)
class Store:
    """``database`` is there if it can be used now, ``error`` why it could not be opened; with neither it is not there
    yet, or, if ``outdated``, its tables are of another version."""

    database: Database | None = None
    error: StoreError | None = None
    outdated: bool = False
    is_file: bool = True


@contextlib.asynccontextmanager
async def opened_store(config: Config) -> AsyncIterator[Store]:
    """Raises nothing of its own: what is wrong is in the ``Store``."""
    is_file = config.store.startswith(SQLITE)
    if is_file and not await asyncio.to_thread(Path(config.store.removeprefix(SQLITE)).exists):
        yield Store()
        return
    try:
        database, current = await open_as_it_is(config.store, config.store_password)
    except StoreError as error:
        yield Store(error=error, is_file=is_file)
        return
    try:
        yield Store(database if current else None, outdated=not current, is_file=is_file)
    finally:
        await database.close()
