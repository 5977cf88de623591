import time

import pytest

from exporter.demo.simulator.state.sync_errors import ErrorList, SyncError


def error_of(hubspot_id: str, **changes: object) -> SyncError:
    values: dict[str, object] = {
        "number": 0,
        "category": "picklists",
        "error_type": "restricted_picklist_value",
        "details": "…",
        "cause": "picklist:Industry",
        "object_type": "contacts",
        "hubspot_id": hubspot_id,
        "salesforce_id": None,
        "affected_records": 3,
        "last_seen": 0.0,
    }
    return SyncError(**(values | changes))  # type: ignore[arg-type]


def test_a_record_has_one_error_at_most() -> None:
    """A new error of a record takes the place of its former one, under a new id."""
    errors = ErrorList()
    first = errors.add(error_of("1"))
    second = errors.add(error_of("1", category="other", error_type="unknown"))
    assert errors.of_record("1") == second
    assert errors.get(first.id) is None
    assert errors.counts() == [("other", "unknown", 1, 3)]


def test_counts_follow_what_is_added_and_removed() -> None:
    """Counts are of what is listed now, by pair and by cause."""
    errors = ErrorList()
    kept, gone = errors.add(error_of("1")), errors.add(error_of("2"))
    errors.remove(gone)
    assert errors.counts() == [("picklists", "restricted_picklist_value", 1, 3)]
    assert errors.causes() == {"picklist:Industry": 1}
    assert len(errors) == 1
    assert errors.get(kept.id) == kept


def test_pages_go_on_behind_an_error_that_has_gone() -> None:
    """A cursor is good even after its error was removed."""
    errors = ErrorList()
    added = [errors.add(error_of(str(number))) for number in range(6)]
    first = errors.page(None, None, None, 2)
    errors.remove(first[-1])
    second = errors.page(None, None, first[-1].id, 2)
    assert [error.id for error in first + second] == [error.id for error in added[:4]]


def test_a_page_holds_only_what_was_asked_for() -> None:
    """Category and error type filter."""
    errors = ErrorList()
    errors.add(error_of("1"))
    other = errors.add(error_of("2", category="other", error_type="unknown"))
    assert errors.page("other", None, None, 10) == [other]
    assert errors.page(None, "unknown", None, 10) == [other]
    assert errors.page("other", "restricted_picklist_value", None, 10) == []


@pytest.mark.parametrize("cursor", ["", "x1", "e", "e-1", "12"])
def test_a_cursor_is_an_error_id(cursor: str) -> None:
    """Anything else is refused."""
    with pytest.raises(ValueError, match="cursor"):
        ErrorList().page(None, None, cursor, 10)


def test_ten_thousand_errors_are_cheap() -> None:
    """Adding, paging through and removing 10,000 errors takes no noticeable time."""
    began = time.perf_counter()
    errors = ErrorList()
    for number in range(10_000):
        errors.add(error_of(str(number)))
    seen: list[SyncError] = []
    while page := errors.page("picklists", None, seen[-1].id if seen else None, 100):
        seen.extend(page)
    for error in seen:
        errors.remove(error)
    assert (len(seen), len(errors), errors.counts()) == (10_000, 0, [])
    assert time.perf_counter() - began < 3.0
