"""A directory that somebody else writes to, looked at again and again."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from exporter.clients.export_folder import ExportFolder, Look
from exporter.clients.exports import ExportedErrors
from exporter.config.settings import SyncHealthFeed
from exporter.errors import AuthError, ConnectError
from tests.clocks import ManualClock
from tests.exports.files import HEADINGS, TWO, zipped
from tests.exports.shelf import MemoryShelf
from tests.users import ordinary_user

ONE = "Error Type,HubSpot ID\nMismatched options,1\n"


@dataclass
class Desk:
    """A directory, and who looks into it."""

    directory: Path
    clock: ManualClock
    shelf: MemoryShelf
    exports: ExportedErrors
    folder: ExportFolder
    last: Look = field(default_factory=Look)

    def drop(self, name: str, text: str | bytes, age: float = 60.0) -> Path:
        file = self.directory / name
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        os.utime(file, (self.clock.time() - age,) * 2)
        return file

    async def look(self) -> list[str]:
        """What is wrong with the files now, the newest first."""
        self.last = await self.folder.look(self.last.notes)
        return [why for note in self.last.notes for _part, why in note.problems]

    def errors(self, category: str = "picklists") -> int | None:
        """How many are known."""
        export = self.shelf.held.get(("acme", category))
        return None if export is None else sum(count.errors for count in export.counts.values())


def desk_at(directory: Path, clock: ManualClock) -> Desk:
    shelf = MemoryShelf()
    exports = ExportedErrors("acme", SyncHealthFeed(None, None, directory), shelf, clock)
    return Desk(directory, clock, shelf, exports, ExportFolder(directory, exports))


@pytest.fixture
def desk(tmp_path: Path, clock: ManualClock) -> Desk:
    return desk_at(tmp_path, clock)


async def test_the_newest_whole_file_of_a_category_wins(desk: Desk) -> None:
    """Not the one that is read last, and not the newest if that is cut off."""
    desk.drop("picklists-1.csv", ONE, age=300)
    desk.drop("picklists-2.csv", HEADINGS + TWO, age=200)
    desk.drop("picklists-3.csv", (HEADINGS + TWO)[:-50], age=100)
    assert [why.partition(": line")[0] for why in await desk.look()] == ["picklists-3.csv"]
    assert desk.errors() == 2
    desk.drop("picklists-4.csv", HEADINGS, age=50)
    await desk.look()
    assert desk.errors() == 0


async def test_a_file_that_is_being_written_is_left_alone(desk: Desk) -> None:
    """That is no trouble: what was known before stays, and once nobody has written to it for some seconds, it is
    read."""
    desk.drop("picklists-1.csv", ONE, age=300)
    await desk.look()
    desk.drop("picklists-2.csv", HEADINGS, age=0)
    assert await desk.look() == []
    assert (desk.last.unsettled, desk.errors()) == (True, 1)
    desk.clock.advance(3)
    desk.drop("picklists-2.csv", HEADINGS + TWO, age=0)
    assert await desk.look() == []
    assert (desk.last.unsettled, desk.errors()) == (True, 1)
    desk.clock.advance(6)
    assert await desk.look() == []
    assert (desk.last.unsettled, desk.errors()) == (False, 2)


async def test_a_clock_that_goes_ahead_elsewhere(desk: Desk) -> None:
    """A time that is yet to come: it counts since when the file has been seen like this, and it was exported now."""
    desk.drop("picklists.csv", ONE, age=-3600)
    assert await desk.look() == []
    assert desk.last.unsettled
    desk.clock.advance(6)
    assert await desk.look() == []
    assert desk.shelf.held["acme", "picklists"].origin.as_of == desk.clock.time()


async def test_a_file_that_is_written_to_while_it_is_read_does_not_hold(desk: Desk) -> None:
    """However whole it looks."""
    file = desk.drop("picklists.csv", ONE)

    class Meddler(MemoryShelf):
        async def begin(self, origin: object, category: str, now: float) -> int:
            with file.open("a") as more:
                more.write("Mismatched options,2\n")
            return await super().begin(origin, category, now)  # type: ignore[arg-type]

    desk.exports.shelf = meddled = Meddler()
    assert await desk.look() == ["picklists.csv: has been written to while it was read"]
    assert meddled.held == {}
    assert meddled.errors == {1: []}


async def test_a_category_that_no_file_speaks_of_is_unknown(desk: Desk) -> None:
    """And a file that is taken away leaves what it has said."""
    desk.drop("picklists.csv", ONE).unlink()
    await desk.look()
    assert desk.errors() is None
    file = desk.drop("picklists.csv", ONE)
    await desk.look()
    file.unlink()
    assert await desk.look() == []
    assert (desk.errors(), desk.errors("duplicates")) == (1, None)


async def test_what_leads_out_of_the_directory_is_not_opened(
    desk: Desk, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Links within are fine, as Kubernetes mounts files; others, pipes and folders are not."""
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "secret.csv"
    elsewhere.write_text(ONE)
    (desk.directory / "duplicates.csv").symlink_to(elsewhere)
    (desk.directory / "nothing.csv").symlink_to(desk.directory / "gone")
    (desk.directory / "round.csv").symlink_to(desk.directory / "round.csv")
    os.mkfifo(desk.directory / "pipe.csv")
    (desk.directory / "folder.csv").mkdir()
    desk.drop("data", ONE)
    (desk.directory / "picklists.csv").symlink_to(desk.directory / "data")
    assert sorted(await desk.look()) == [
        "duplicates.csv: is a link to something outside of the directory",
        "folder.csv: is no plain file",
        "nothing.csv: is a link to nothing",
        "pipe.csv: is no plain file",
        "round.csv: is a link to nothing",
    ]
    assert (desk.errors(), desk.errors("duplicates")) == (1, None)


async def test_a_file_that_may_not_be_read(clock: ManualClock) -> None:
    """Costs itself, and is read as soon as it may be."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        desk = desk_at(Path(name), clock)
        file = desk.drop("picklists.csv", ONE)
        file.chmod(0)
        with ordinary_user():
            assert await desk.look() == ["picklists.csv: cannot be read: Permission denied"]
        file.chmod(0o644)
        assert await desk.look() == []
        assert desk.errors() == 1


async def test_a_directory_that_cannot_be_looked_into(desk: Desk) -> None:
    """Missing, or forbidden: an error of the whole source."""
    desk.directory.chmod(0)
    with ordinary_user(), pytest.raises(AuthError, match="Permission denied"):
        await desk.look()
    desk.directory.chmod(0o755)
    desk.directory.rmdir()
    with pytest.raises(ConnectError, match="No such file"):
        await desk.look()


async def test_a_store_that_is_away_loses_nothing(desk: Desk) -> None:
    """The file is read once it is back."""
    desk.drop("picklists.csv", ONE)
    desk.shelf.away = True
    with pytest.raises(ConnectError, match="store: is away"):
        await desk.look()
    desk.shelf.away = False
    assert await desk.look() == []
    assert desk.errors() == 1


async def test_a_long_file_is_read_over_several_looks(desk: Desk) -> None:
    """Nothing of it holds before its end, and the rest of the directory is looked at meanwhile."""
    rows = "".join(f"Mismatched options,{number}\n" for number in range(3_000))
    desk.drop("picklists.csv", "Error Type,HubSpot ID\n" + rows)
    folder = ExportFolder(desk.directory, desk.exports, seconds=0.0)
    looks = 0
    look = Look(unfinished=True)
    while look.unfinished:
        assert desk.errors() is None
        look = await folder.look(look.notes)
        looks += 1
    assert desk.errors() == 3_000
    assert looks > 3


async def test_the_errors_are_listed_page_by_page(desk: Desk) -> None:
    """In the order of the catalogue and of the files; a type by itself; nothing of an export that is too old."""
    desk.drop(
        "all.zip",
        zipped(
            {"picklists.csv": (HEADINGS + TWO).encode(), "duplicates.csv": b"Error\nx\nSalesforce duplicate rule\n"}
        ),
    )
    await desk.look()
    first = await desk.exports.error_page(None, None, None, 3)
    assert [error.category for error in first.errors] == ["duplicates", "duplicates", "picklists"]
    rest = await desk.exports.error_page(None, None, first.next_after, 3)
    assert [(error.error_type, error.record) for error in rest.errors] == [("inactive_salesforce_owner", "record/102")]
    assert rest.next_after is None
    one = await desk.exports.error_page("picklists", "restricted_picklist_value", None, 3)
    assert [error.hubspot_id for error in one.errors] == ["101"]
    assert await desk.exports.as_of("picklists") == desk.clock.time() - 60
    desk.clock.advance(48 * 3600)
    assert (await desk.exports.error_page(None, None, None, 3)).errors == ()
    assert await desk.exports.as_of("picklists") == 0


@pytest.mark.parametrize("cursor", ["", "picklists", "picklists.x", "nothing.1", "picklists.²", "." * 500])
async def test_a_cursor_that_is_none_begins_at_the_start(desk: Desk, cursor: str) -> None:
    """It comes from an address that anybody may write."""
    desk.drop("picklists.csv", ONE)
    await desk.look()
    assert len((await desk.exports.error_page(None, None, cursor, 10)).errors) == 1


async def test_of_two_files_of_a_category_in_a_zip_the_first_holds(desk: Desk) -> None:
    """Neither is newer, and the second is named; one that says it is newer holds instead."""
    two = (HEADINGS + TWO).encode()
    desk.drop("all.zip", zipped({"a.csv": ONE.encode(), "b.csv": two}))
    why = "is the second file of picklists in this zip; make one file of both"
    assert await desk.look() == [f"all.zip/b.csv: {why}"]
    assert desk.errors() == 1
    newer = b"Error Type,HubSpot ID,As of\n" + b"Mismatched options,%d,2027-01-15T07:59:30Z\n" * 3 % (1, 2, 3)
    desk.drop("all.zip", zipped({"a.csv": two, "b.csv": newer}))
    assert await desk.look() == []
    assert desk.errors() == 3
