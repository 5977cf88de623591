"""What lies in a directory of exported files. Nothing is followed out of it, and nothing but plain files is opened."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from exporter.catalog.catalog import CATALOG
from exporter.catalog.titles import CATEGORY, Titles, folded
from exporter.errors import BadExport
from exporter.exports.archive import SAVE_AS_CSV, WORKBOOK

MAX_FILES = 200
"""The newest so many are looked at."""
MAX_ZIP_BYTES = 512 * 1024 * 1024
_OUTSIDE = "is a link to something outside of the directory"
_WORKBOOKS = (".xlsx", ".xls")
_SUFFIXES = (".csv", ".zip", *_WORKBOOKS)
_HIDDEN = (".", "~$")
"""What the names of files begin with that programs keep for themselves."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A file: its name, size in bytes, when it was changed last, and a ``stamp`` that another content does not have;
    ``trouble`` is why it is not even opened."""

    name: str
    size: int
    changed_at: float
    stamp: str
    trouble: str = ""

    @property
    def is_archive(self) -> bool:
        return self.name.lower().endswith(".zip")


def dropped_in(directory: Path) -> tuple[Dropped, ...]:
    """The newest first; raises ``OSError`` if nobody can look into the directory."""
    found = []
    with os.scandir(directory) as entries:
        for entry in entries:
            if not entry.name.lower().endswith(_SUFFIXES) or entry.name.startswith(_HIDDEN):
                continue
            try:
                found.append(_dropped(entry.name, entry.stat(follow_symlinks=False), directory))
            except FileNotFoundError:  # gone this moment
                continue
    return tuple(sorted(found, key=lambda file: (-file.changed_at, file.name))[:MAX_FILES])


def still_the_same(directory: Path, file: Dropped) -> bool:
    """Whether nobody has written to it since it was seen."""
    try:
        return _dropped(file.name, (directory / file.name).lstat(), directory).stamp == file.stamp
    except OSError:
        return False


def opened(directory: Path, file: Dropped) -> BinaryIO:
    """For reading; raises ``BadExport`` if it is no plain file any more, or may not be read."""
    try:
        path = (directory / file.name).resolve(strict=True)
        if not path.is_relative_to(directory.resolve()):
            raise BadExport(_OUTSIDE)
        # Not blocking: a named pipe would wait for its writer. What was looked at may be something else by now.
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as error:
        raise BadExport(f"cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise BadExport("is no plain file")
    return os.fdopen(number, "rb")


def category_in(name: str, titles: Titles) -> str | None:
    """The category that the name of a file speaks of, in whichever language: the longest that stands in it as words."""
    words = f" {folded(Path(name).stem)} "
    told = [(title.text, title.name) for title in titles.of(CATEGORY)] + [(one, one) for one in CATALOG.category_names]
    standing = [(len(text), category) for text, category in told if f" {folded(text)} " in words]
    return max(standing)[1] if standing else None


def _dropped(name: str, facts: os.stat_result, directory: Path) -> Dropped:
    trouble = ""
    if stat.S_ISLNK(facts.st_mode):
        path = directory / name
        try:
            if path.resolve(strict=True).is_relative_to(directory.resolve()):
                facts = path.stat()
            else:
                trouble = _OUTSIDE
        except (OSError, RuntimeError):
            trouble = "is a link to nothing"
    if not trouble and not stat.S_ISREG(facts.st_mode):
        trouble = "is no plain file"
    elif not trouble and name.lower().endswith(_WORKBOOKS):
        trouble = f"{WORKBOOK}; {SAVE_AS_CSV}"
    elif not trouble and facts.st_size > MAX_ZIP_BYTES:
        trouble = f"is longer than {MAX_ZIP_BYTES} bytes"
    # When it was changed in whichever way: a file that may be read now has the same content as before.
    stamp = f"{facts.st_size}-{facts.st_mtime_ns}-{facts.st_ctime_ns}-{facts.st_ino}"
    return Dropped(name, facts.st_size, facts.st_mtime_ns / 1e9, stamp, trouble)
