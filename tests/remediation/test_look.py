"""Some errors at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from exporter.clients.bridge import ErrorPage
from exporter.model import SyncError
from exporter.remediation.look import MOST_QUESTIONS, MOST_SHOWN, Wanted, look

Question = tuple[str | None, str | None, str | None, int]


def errors(numbers: Iterable[int], category: str = "picklists", error_type: str = "") -> tuple[SyncError, ...]:
    return tuple(SyncError(f"e{number}", category, error_type or None, f"contacts/{number}") for number in numbers)


class Lister:
    """Gives its errors as it is asked to, from a cursor that is a position; or ``at_once`` so many, whatever it is
    asked for."""

    def __init__(self, listed: tuple[SyncError, ...], at_once: int | None = None) -> None:
        self._listed, self._at_once = listed, at_once
        self.questions: list[Question] = []

    async def as_of(self, category: str) -> float | None:
        return None

    async def error_page(
        self, category: str | None, error_type: str | None, after: str | None, limit: int
    ) -> ErrorPage:
        self.questions.append((category, error_type, after, limit))
        start = int(after or 0)
        end = start + (self._at_once or limit)
        return ErrorPage(self._listed[start:end], str(end) if end < len(self._listed) else None)

    def sync_errors(self, category: str, error_type: str | None = None) -> AsyncIterator[SyncError]:
        raise AssertionError("nobody may read all of them")


async def every(lister: Lister, wanted: Wanted) -> list[list[str]]:
    """The ids of page after page, until the last."""
    pages, after, first = [], None, True
    while first or after is not None:
        first = False
        found = await look(lister, wanted, after)
        pages.append([error.id for error in found.errors])
        after = found.next_after
    return pages


async def test_one_question_for_a_hundred() -> None:
    """As many as may be resynced at a time; what is behind them waits."""
    lister = Lister(errors(range(100_000)))
    found = await look(lister, Wanted(), None)
    assert (len(found.errors), found.next_after, found.left_out) == (MOST_SHOWN, "100", 0)
    assert lister.questions == [(None, None, None, MOST_SHOWN)]


async def test_page_by_page_each_error_comes_once() -> None:
    """To the last."""
    pages = await every(Lister(errors(range(230))), Wanted("picklists"))
    assert [len(page) for page in pages] == [100, 100, 30]
    assert [one for page in pages for one in page] == [f"e{number}" for number in range(230)]


async def test_a_named_type_is_asked_for_by_its_name() -> None:
    """With its category."""
    lister = Lister(errors(range(3), error_type="mismatched_options"))
    found = await look(lister, Wanted("picklists", "mismatched_options"), "1")
    assert [error.id for error in found.errors] == ["e1", "e2"]
    assert lister.questions == [("picklists", "mismatched_options", "1", MOST_SHOWN)]


async def test_what_the_lister_gives_beside_what_was_asked_for_is_left_out() -> None:
    """As one that knows no filters."""
    lister = Lister((*errors([1], "other"), *errors([2])))
    assert await every(lister, Wanted("picklists")) == [["e2"]]


async def test_unknown_types_are_looked_for_among_all() -> None:
    """The lister has names of its own for them. None is lost, none comes twice, never more than a page."""
    known, new = errors(range(0, 900), error_type="mismatched_options"), errors(range(900, 1_130), error_type="newest")
    mixed = tuple(sorted((*known, *new), key=lambda error: hash(int(error.id[1:]) * 7919 % 1130)))
    lister = Lister(mixed)
    pages = await every(lister, Wanted("picklists", "unknown"))
    found = [one for page in pages for one in page]
    assert sorted(found) == sorted(error.id for error in new)
    assert max(map(len, pages)) <= MOST_SHOWN
    assert {question[:2] for question in lister.questions} == {("picklists", None)}


async def test_not_looked_through_without_end() -> None:
    """After so many questions the person is asked whether to go on."""
    lister = Lister(errors(range(100_000), error_type="mismatched_options"))
    found = await look(lister, Wanted(None, "unknown"), None)
    assert (found.errors, found.next_after) == ((), str(MOST_QUESTIONS * MOST_SHOWN // 2))
    assert len(lister.questions) == MOST_QUESTIONS


async def test_a_lister_that_gives_more_than_it_is_asked_for() -> None:
    """The page stays as long as it is, and says so."""
    found = await look(Lister(errors(range(5_000)), at_once=5_000), Wanted(), None)
    assert (len(found.errors), found.next_after, found.left_out) == (MOST_SHOWN, None, 4_900)


async def test_a_lister_with_small_pages() -> None:
    """Its pages are the pages."""
    assert [len(page) for page in await every(Lister(errors(range(45)), at_once=20), Wanted())] == [20, 20, 5]


async def test_a_cursor_that_does_not_move_is_the_end() -> None:
    """Else one would go on to the same page for ever."""

    class Stuck(Lister):
        async def error_page(
            self, category: str | None, error_type: str | None, after: str | None, limit: int
        ) -> ErrorPage:
            return ErrorPage(errors([1]), "same")

    assert (await look(Stuck(()), Wanted(), "same")).next_after is None
