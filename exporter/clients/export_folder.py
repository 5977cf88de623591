"""Looks into the directory of exported files, and has the newest whole one of each category read.

A look takes some seconds at most: what is not read by then is gone on with at the next look, which comes at once.
So a file of a million rows keeps nobody waiting for what else the directory says.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from exporter.clients.exports import ExportedErrors
from exporter.errors import AuthError, BadExport, ConnectError, StoreError
from exporter.exports import folder
from exporter.exports.archive import Opener, csv_members, member_of
from exporter.exports.folder import Dropped, category_in, dropped_in, still_the_same
from exporter.exports.loading import Export, Loading, Origin

SETTLED = 5.0
"""Seconds that nobody may have written to a file before it is read."""

SLICE = 10.0

log = structlog.get_logger(__name__)

OF_NO_CATEGORY = "files"
"""The part of files whose names speak of no category."""


@dataclass(frozen=True, slots=True)
class Note:
    """What is known of a file with this ``stamp``: since when it has been seen like this, whether it was ``read``, and
    what was wrong with it, each with the part that it is missing from; ``settling``: nobody opens it yet."""

    name: str
    stamp: str
    seen_at: float
    read: bool = False
    problems: tuple[tuple[str, str], ...] = ()
    settling: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """What lies there: a note for each file, the newest first, with when it was changed. ``unfinished``: there is more
    to read at once; ``unsettled``: in some seconds."""

    notes: tuple[Note, ...] = ()
    changed_at: Mapping[str, float] = field(default_factory=dict)
    unfinished: bool = False
    unsettled: bool = False


@dataclass(slots=True)
class _Work:
    """A file that is being read: the CSV files in it that are still to come, the one at hand, and of when the
    categories are that were ``taken`` from those before."""

    file: Dropped
    left: list[tuple[str, str | None, Opener]]
    loading: Loading | None = None
    part: str = OF_NO_CATEGORY
    problems: list[tuple[str, str]] = field(default_factory=list)
    taken: dict[str, float] = field(default_factory=dict)


class ExportFolder:
    """The directory of one integration. What is being read is kept between looks."""

    def __init__(self, directory: Path, exports: ExportedErrors, seconds: float = SLICE) -> None:
        self._directory = directory
        self._seconds = seconds
        self._exports = exports
        self._work: _Work | None = None

    async def look(self, remembered: Iterable[Note]) -> Look:
        """Reads what is new since the look that ``remembered`` is of; raises ``UpstreamError`` if nobody can look."""
        files = await self._files()
        known = {note.name: note for note in remembered}
        ends_at = asyncio.get_running_loop().time() + self._seconds
        now = self._exports.clock.time()
        held = await self._exports.held()
        notes: list[Note] = []
        unfinished = unsettled = False
        for file in files:
            note = self._seen(file, known.get(file.name), now)
            if not note.read and not note.problems and not note.settling and not unfinished:
                if self._is_outdated(file, held):
                    note = Note(file.name, file.stamp, note.seen_at, read=True)
                elif await self._read(file, ends_at):
                    note = self._noted(note)
                    held = await self._exports.held()
                else:
                    unfinished = True
            unsettled = unsettled or note.settling
            notes.append(note)
        return Look(tuple(notes), {file.name: file.changed_at for file in files}, unfinished, unsettled)

    async def _files(self) -> Sequence[Dropped]:
        try:
            return await asyncio.to_thread(dropped_in, self._directory)
        except PermissionError as error:
            raise AuthError(f"the directory cannot be read: {error.strerror}") from error
        except OSError as error:
            raise ConnectError(f"the directory cannot be read: {error.strerror}") from error

    def _seen(self, file: Dropped, before: Note | None, now: float) -> Note:
        """What can be said of a file without opening it."""
        same = before is not None and before.stamp == file.stamp
        if same and before is not None and before.read:
            return before
        note = Note(file.name, file.stamp, before.seen_at if same and before is not None else now)
        part = category_in(file.name, self._exports.manner.titles) or OF_NO_CATEGORY
        if file.trouble:
            return Note(note.name, note.stamp, note.seen_at, problems=((part, f"{file.name}: {file.trouble}"),))
        # A clock that goes ahead elsewhere leaves times yet to come: then it counts since when the file is like this.
        if now - min(file.changed_at, note.seen_at) < SETTLED:
            log.debug("exported file not read yet", file=file.name, changed_at=file.changed_at)
            return Note(note.name, note.stamp, note.seen_at, settling=True)
        return note

    def _is_outdated(self, file: Dropped, held: Mapping[str, Export]) -> bool:
        """Whether a newer export than this holds already, or this very one."""
        if any(export.origin.name == file.name and export.origin.stamp == file.stamp for export in held.values()):
            return not file.is_archive
        category = category_in(file.name, self._exports.manner.titles)
        export = held.get(category or "")
        return export is not None and not file.is_archive and export.origin.as_of >= file.changed_at

    async def _read(self, file: Dropped, ends_at: float) -> bool:
        """Whether it is through; what was wrong is in ``_work`` then."""
        if self._work is None or self._work.file != file:
            await self._give_up()
            self._work = await asyncio.to_thread(self._begun, file)
        work = self._work
        loop = asyncio.get_running_loop()
        try:
            while work.loading or work.left:
                if work.loading is None:
                    self._next(work)
                assert work.loading is not None  # noqa: S101  for the type checker
                try:
                    loaded = await work.loading.go_on(ends_at - loop.time())
                    if loaded is None:
                        return False
                    work.taken |= {export.category: loaded.as_of for export in loaded.exports}
                except BadExport as error:
                    work.problems.append((work.part, f"{work.loading.origin.name}: {error}"))
                    await work.loading.close()
                work.loading = None
        except StoreError as error:
            # What is in the store of it takes room that it may lack, and is read anew.
            await self._give_up()
            raise ConnectError(str(error)) from error
        except BaseException:
            self._work = None  # broken off in the middle of a batch, so it is begun anew
            raise
        return True

    def _noted(self, note: Note) -> Note:
        problems = tuple(self._work.problems) if self._work else ()
        self._work = None
        return Note(note.name, note.stamp, note.seen_at, read=True, problems=problems)

    async def _give_up(self) -> None:
        """What was being read is not there any more."""
        if self._work is not None and self._work.loading is not None:
            with suppress(StoreError):
                await self._work.loading.close()
        self._work = None

    def _begun(self, file: Dropped) -> _Work:
        opener = functools.partial(folder.opened, self._directory, file)
        titles = self._exports.manner.titles
        category = category_in(file.name, titles)
        work = _Work(file, [])
        try:
            if not file.is_archive:
                work.left = [(file.name, category, opener)]
                return work
            for name in csv_members(opener):
                work.left.append((name, category_in(name, titles) or category, member_of(opener, name)))
        except BadExport as error:
            work.problems.append((category or OF_NO_CATEGORY, f"{file.name}: {error}"))
        return work

    def _next(self, work: _Work) -> None:
        name, category, opener = work.left.pop(0)
        file = work.file
        shown = name if name == file.name else f"{file.name}/{name}"
        work.part = category or OF_NO_CATEGORY
        origin = Origin(self._exports.integration, shown, file.stamp, file.changed_at)
        work.loading = self._exports.loading(
            opener, origin, category, lambda: still_the_same(self._directory, file), work.taken
        )
