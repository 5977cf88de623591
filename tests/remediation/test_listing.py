"""Which errors are meant by what was selected."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from exporter.clients.bridge import ErrorPage
from exporter.model import SyncError
from exporter.remediation.listing import listed

PAIR = ("other", "unknown")


class Lister:
    """Lists these errors."""

    def __init__(self, *errors: SyncError) -> None:
        self._errors = errors

    async def sync_errors(self, category: str, error_type: str | None = None) -> AsyncIterator[SyncError]:
        for each in self._errors:
            yield each

    async def as_of(self, category: str) -> float | None:
        return None

    async def error_page(
        self, category: str | None, error_type: str | None, after: str | None, limit: int
    ) -> ErrorPage:
        raise AssertionError("the list is read whole, not a page of it")


def error(
    error_id: str, record: str = "", hubspot_id: str | None = None, salesforce_id: str | None = None
) -> SyncError:
    return SyncError(error_id, *PAIR, record, hubspot_id=hubspot_id, salesforce_id=salesforce_id)


ERRORS = (
    error("1", record="contact 7", hubspot_id="101"),
    error("2", record="contact 1", hubspot_id="1", salesforce_id="003A"),
    error("3", record="1", salesforce_id="1"),
    error("101"),
    error("4", record="contact 7", salesforce_id="003A"),
)


@pytest.mark.parametrize("errors", [ERRORS, ERRORS[::-1]], ids=["in order", "backwards"])
@pytest.mark.parametrize(
    ("selected", "expected"),
    [
        ({"1"}, {"1"}),
        ({"101"}, {"101"}),
        ({"1", "101"}, {"1", "101"}),
        ({"contact 7"}, {"1", "4"}),
        ({"003A"}, {"2", "4"}),
        ({"1", "003A"}, {"1", "2", "4"}),
        ({"nothing"}, set()),
        (set(), {"1", "2", "3", "4", "101"}),
    ],
    ids=lambda value: " ".join(sorted(value)) or "none",
)
async def test_the_id_of_an_error_selects_that_error_alone(
    errors: tuple[SyncError, ...], selected: set[str], expected: set[str]
) -> None:
    """Not those of a record whose id is the same number, whichever is listed first; other ids are of records."""
    assert {found.id for found in await listed(Lister(*errors), {PAIR}, selected)} == expected


async def test_the_id_of_an_error_of_another_kind_selects_no_record() -> None:
    """Somebody meant that error, of which nothing is asked here."""
    other = SyncError("1", "picklists", "option_limit_exceeded", "contact 9")
    assert await listed(Lister(other, error("2", hubspot_id="1")), {PAIR}, {"1"}) == ()
