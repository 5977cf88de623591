"""CSV files inside a zip, read where they are: nothing is unpacked to a disk, and no more than is allowed to memory."""

from __future__ import annotations

import errno
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import IO, BinaryIO, cast

from exporter.errors import BadExport

MAX_MEMBERS = 200
MAX_RATIO = 1_000
"""Unpacked to packed: a table of text comes to 20, a table that says the same in every row to some hundreds."""
_HARMLESS = 1024 * 1024
"""Bytes unpacked, whatever they were packed to."""

_ENCRYPTED = 0x1
_BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, OverflowError, ValueError)

WORKBOOK, SAVE_AS_CSV = "is an Excel workbook", "save it as CSV"

Opener = Callable[[], BinaryIO]


def is_zip(beginning: bytes) -> bool:
    """By its first bytes, whatever it is called."""
    return beginning.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def csv_members(opened: Opener) -> tuple[str, ...]:
    """The names of the CSV files in it, in their order; raises ``BadExport`` for an archive that nobody should read."""
    with opened() as file, broken_archives():
        found = zipfile.ZipFile(file).infolist()
    if any(member.filename.startswith("xl/") for member in found):
        raise BadExport(WORKBOOK, change=SAVE_AS_CSV)
    members = [member for member in found if not _is_beside_the_point(member)]
    for member in members:
        _check(member)
    if len(members) > MAX_MEMBERS:
        raise BadExport(f"holds more than {MAX_MEMBERS} files")
    if not members:
        raise BadExport("holds no CSV file")
    return tuple(member.filename for member in members)


def member_of(opened: Opener, name: str) -> Opener:
    """Opens one of them, anew each time."""

    def open_member() -> BinaryIO:
        file = opened()
        try:
            with broken_archives():
                archive = zipfile.ZipFile(file)
                member = archive.open(name)
        except BaseException:
            file.close()
            raise
        return cast("BinaryIO", _Member(member, file))

    return open_member


def check_second(categories: Iterable[str], as_of: float, taken: Mapping[str, float]) -> None:
    """Raises ``BadExport`` for a file of ``categories`` if one is ``taken`` by another of the same zip and neither is
    newer: it would replace the other's errors."""
    for category in categories:
        if taken.get(category) == as_of:
            raise BadExport(f"is the second file of {category} in this zip", change="make one file of both")


@contextmanager
def broken_archives() -> Iterator[None]:
    """What zipfile raises for bytes that are no zip, said in one way. For bytes that are no bzip2 it is an ``OSError``
    without a number, for a place before the file's beginning one of a wrong argument; others are the disk's own."""
    try:
        yield
    except (*_BROKEN, OSError) as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        raise BadExport(f"is a zip that cannot be read ({type(error).__name__})") from error


class _Member:
    """A file in a zip and the zip itself, closed together; read as ``io.TextIOWrapper`` reads."""

    def __init__(self, member: IO[bytes], file: BinaryIO) -> None:
        self._member = member
        self._file = file
        self.closed = False

    def __enter__(self) -> _Member:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, size: int = -1) -> bytes:
        with broken_archives():
            return self._member.read(size)

    def read1(self, size: int = -1) -> bytes:
        with broken_archives():
            return self._member.read(size if size > 0 else 8192)

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def flush(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True
        self._member.close()
        self._file.close()


def _is_beside_the_point(member: zipfile.ZipInfo) -> bool:
    """Folders, and what file managers add."""
    path = PurePosixPath(member.filename)
    hidden = path.name.startswith(".") or "__MACOSX" in path.parts
    return member.filename.endswith("/") or hidden or path.suffix.lower() != ".csv"


def _check(member: zipfile.ZipInfo) -> None:
    path = PurePosixPath(member.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        raise BadExport("is a zip with a file outside of its own folders")
    if member.flag_bits & _ENCRYPTED:
        raise BadExport("is an encrypted zip")
    if member.file_size > _HARMLESS and member.file_size > MAX_RATIO * max(member.compress_size, 1):
        raise BadExport(f"is a zip that unpacks to more than {MAX_RATIO} times its size")
