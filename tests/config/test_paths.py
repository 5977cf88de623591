"""Whether directories and files can be used."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.config.paths import why_no_directory, why_no_writable_file
from tests.users import ordinary_user


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that an ordinary user can enter, with a file in it."""
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "old.db").touch()
        yield Path(name)


@pytest.mark.parametrize(
    ("of_folder", "of_file", "name", "reason"),
    [
        (0o777, 0o666, "old.db", None),
        (0o777, 0o666, "new.db", None),
        (0o777, 0o444, "old.db", "Permission denied"),
        (0o777, 0o222, "old.db", "Permission denied"),
        (0o555, 0o666, "old.db", "Permission denied"),
        (0o555, 0o666, "new.db", "Permission denied"),
        (0o600, 0o666, "old.db", "Permission denied"),
    ],
)
def test_file_and_folder_must_be_writable(
    of_folder: int, of_file: int, name: str, reason: str | None, folder: Path
) -> None:
    """SQLite reads and writes its file, and makes further ones beside it."""
    (folder / "old.db").chmod(of_file)
    folder.chmod(of_folder)
    with ordinary_user():
        assert why_no_writable_file(folder / name) == reason
    folder.chmod(0o700)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", None),
        ("missing", "No such file or directory"),
        ("old.db", "Not a directory"),
        ("old.db/below", "Not a directory"),
        ("d" * 256, "File name too long"),
        ("é" * 128, "File name too long"),
        ("a/" * 3000, "File name too long"),
        ("\ud800", "no file can have this name"),
        ("a\0b", "no file can have this name"),
    ],
    ids=range(9),
)
def test_what_is_no_directory(name: str, reason: str | None, folder: Path) -> None:
    """Said, whatever the operating system makes of the name."""
    assert why_no_directory(folder / name) == reason
    if reason is not None:
        assert why_no_writable_file(folder / name / "x.db") == reason


def test_a_directory_that_cannot_be_entered(folder: Path) -> None:
    """What is below cannot be looked at."""
    (folder / "below").mkdir()
    folder.chmod(0o600)
    with ordinary_user():
        assert why_no_directory(folder / "below") == "Permission denied"
    folder.chmod(0o700)


@pytest.mark.parametrize(
    ("leads_to", "reason"),
    [
        ("old.db", None),
        ("new.db", None),
        ("missing/new.db", "No such file or directory"),
        ("link", "Too many levels of symbolic links"),
        ("locked/new.db", "Permission denied"),
        ("pipe", "Not a regular file"),
        ("/dev/null", "Not a regular file"),
    ],
)
def test_a_link_is_as_good_as_where_it_leads(leads_to: str, reason: str | None, folder: Path) -> None:
    """SQLite follows it, and makes its further files there."""
    (folder / "locked").mkdir(0o500)
    os.mkfifo(folder / "pipe")
    (folder / "link").symlink_to(folder / leads_to)
    folder.chmod(0o777)
    (folder / "old.db").chmod(0o666)
    with ordinary_user():
        assert why_no_writable_file(folder / "link") == reason


def test_a_directory_must_let_us_in(folder: Path) -> None:
    """What is in it can be read only then."""
    (folder / "shut").mkdir(0o600)
    folder.chmod(0o755)
    with ordinary_user():
        assert why_no_directory(folder / "shut") == "Permission denied"
