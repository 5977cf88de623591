"""The exported errors of one integration: from files that are dropped, or that somebody uploads. They list the single
errors where there is no bridge."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import MappingProxyType

from exporter.catalog.catalog import CATALOG
from exporter.clients.bridge import ErrorPage
from exporter.clock import Clock
from exporter.config.settings import SyncHealthFeed
from exporter.errors import BadExport, ConnectError, StoreError
from exporter.exports.archive import Opener, csv_members, is_zip, member_of
from exporter.exports.loading import Export, Loaded, Loading, Origin, Shelf
from exporter.exports.reader import ExportReader, Manner
from exporter.model import SyncError

LIMIT = 1_000
"""Errors that are read from the store at a time."""

UPLOAD = "upload"
"""What an export is called that no file of a directory brought."""


class ExportedErrors:
    """Lists the errors of the newest exports that are still good, and takes new ones."""

    def __init__(self, integration: str, feed: SyncHealthFeed, shelf: Shelf, clock: Clock) -> None:
        self.integration = integration
        self.feed = feed
        self.manner = Manner(dict(feed.mapping), feed.titles)
        self.shelf = shelf
        self.clock = clock

    async def good(self) -> dict[str, Export]:
        """The exports that hold and are not too old, by category in the order of the catalogue; raises
        ``UpstreamError``."""
        exports = await self.held()
        oldest = self.clock.time() - self.feed.good_for
        return {category: export for category, export in exports.items() if export.origin.as_of >= oldest}

    async def held(self) -> dict[str, Export]:
        """Those too that are too old."""
        with as_upstream():
            exports = {export.category: export for export in await self.shelf.current(self.integration)}
        return {category: exports[category] for category in CATALOG.category_names if category in exports}

    async def not_known(self) -> tuple[str, ...]:
        """The categories of whose errors nobody knows anything, which is not that there are none."""
        good = await self.good()
        return tuple(category for category in CATALOG.category_names if category not in good)

    async def as_of(self, category: str) -> float:
        """Of when the list of this category is; 0 if there is none."""
        export = (await self.good()).get(category)
        return export.origin.as_of if export else 0.0

    async def sync_errors(self, category: str, error_type: str | None = None) -> AsyncIterator[SyncError]:
        """Every error of a category, of all types or of this one."""
        after: str | None = None
        while True:
            page = await self.error_page(category, error_type, after, LIMIT)
            for error in page.errors:
                yield error
            after = page.next_after
            if after is None:
                return

    async def error_page(
        self, category: str | None, error_type: str | None, after: str | None, limit: int
    ) -> ErrorPage:
        """The errors behind a cursor, of all categories in the order of the catalogue or of this one."""
        begun, _, number = (after or "").partition(".")
        exports = await self.good()
        wanted = [name for name in exports if category in (None, name)]
        if begun in wanted:
            wanted = wanted[wanted.index(begun) :]
        found: list[SyncError] = []
        for name in wanted:
            behind = int(number[:12]) if name == begun and number.isdecimal() and number.isascii() else 0
            with as_upstream():
                rows = await self.shelf.page(exports[name].id, error_type, behind, limit - len(found))
            found += [error for _number, error in rows]
            if len(found) >= limit:
                return ErrorPage(tuple(found), f"{name}.{rows[-1][0]}")
        return ErrorPage(tuple(found), None)

    async def sweep(self) -> None:
        """Deletes some of what does not hold any more, or was begun and left, whoever it is of; raises
        ``UpstreamError``."""
        with as_upstream():
            await self.shelf.sweep(self.clock.time())

    async def put(self, category: str, opened: Opener, stamp: str) -> Loaded:
        """Takes an export of one category that somebody has brought; raises ``BadExport`` and ``StoreError``."""
        with opened() as file:
            beginning = file.read(4)
        if is_zip(beginning):
            members = csv_members(opened)
            if len(members) > 1:
                raise BadExport(f"holds {len(members)} CSV files; expected one, of {category}")
            opened = member_of(opened, members[0])
        loading = self.loading(
            opened, Origin(self.integration, UPLOAD, stamp, self.clock.time()), category, strict=True
        )
        try:
            return await loading.whole()
        finally:
            with suppress(StoreError):  # what is left of it is swept some time
                await loading.close()

    def loading(
        self,
        opened: Opener,
        origin: Origin,
        category: str | None,
        still_the_same: Callable[[], bool] = lambda: True,
        taken: Mapping[str, float] = MappingProxyType({}),
        *,
        strict: bool = False,
    ) -> Loading:
        """Of one CSV file; ``still_the_same`` is asked at its end; ``taken`` as in ``Loading``."""
        reader = ExportReader(opened, self.manner, category, strict=strict)
        return Loading(reader, origin, self.shelf, self.clock.time, category, still_the_same, taken)


@contextmanager
def as_upstream() -> Iterator[None]:
    """A store that is away is to who asks for errors what a bridge is that is away."""
    try:
        yield
    except StoreError as error:
        raise ConnectError(str(error)) from error
