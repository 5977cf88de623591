"""What is said of a record after its resync."""

from __future__ import annotations

import pytest

from exporter.model import SyncError
from exporter.remediation.proof import CAME_BACK, UNCHANGED, proofs_of
from exporter.store.proofs import CURED, Sent

AT = 1_800_000_000.0
EARLIER, LATER = "2027-01-15T07:59:59Z", "2027-01-15T08:00:01Z"


def sent(proof: str = "", error_id: str = "e1") -> Sent:
    return Sent(error_id, "contacts/1", "other", "unknown", AT, proof, since=AT - 100)


def error(
    error_id: str = "e1", last_seen: str | None = None, record: str = "contacts/1", kind: str = "odd"
) -> SyncError:
    return SyncError(error_id, "other", kind, record, last_seen=last_seen)


@pytest.mark.parametrize(
    ("errors", "proof"),
    [
        ([], CURED),
        ([error("e2", record="contacts/2")], CURED),
        ([error("e2", kind="picklists")], CAME_BACK),  # of the same pair, as the catalogue names it
        ([SyncError("e2", "picklists", "option_limit_exceeded", "contacts/1")], CURED),
        ([error()], UNCHANGED),
        ([error(last_seen=EARLIER)], UNCHANGED),
        ([error(last_seen="yesterday")], UNCHANGED),
        ([error(last_seen="2027-01-15T08:00:01")], UNCHANGED),  # in no zone, so at no time
        ([error(last_seen=LATER)], CAME_BACK),
        ([error("e2")], CAME_BACK),
    ],
)
def test_a_record_whose_error_is_gone_is_cured(errors: list[SyncError], proof: str) -> None:
    """An error seen since, or a new one of the same kind on the same record, is one that came back."""
    assert proofs_of([sent()], errors, {}) == {"e1": proof}


@pytest.mark.parametrize(
    ("listed_at", "synced", "errors", "proof"),
    [
        (AT - 1, {"e1": AT + 3}, [error()], CURED),
        (AT - 1, {"e1": AT + 3}, [], CURED),
        (AT - 1, {"e1": None}, [error()], UNCHANGED),
        (AT - 1, {}, [error()], None),
        (AT - 1, {}, [], None),
        (0.0, {}, [], None),
        (AT + 1, {"e1": AT + 3}, [error()], UNCHANGED),
        (AT + 1, {"e1": AT + 3}, [], CURED),
        (AT + 1, {}, [error(last_seen=LATER)], CAME_BACK),
    ],
)
def test_a_list_from_before_the_resync_is_no_proof(
    listed_at: float, synced: dict[str, float | None], errors: list[SyncError], proof: str | None
) -> None:
    """An export stays as it is until the next: until then only the record's last sync tells, and else nobody does."""
    assert proofs_of([sent()], errors, synced, {"other": listed_at}).get("e1") == proof


def test_an_error_that_was_gone_and_is_there_again_has_come_back() -> None:
    """Though nobody says when it was seen."""
    assert proofs_of([sent(CURED)], [error()], {}) == {"e1": CAME_BACK}
    assert proofs_of([sent(CURED)], [], {}) == {"e1": CURED}


@pytest.mark.parametrize(
    ("synced", "proof"),
    [
        ({}, CURED),
        ({"e2": None}, CURED),
        ({"e1": AT + 3}, CURED),
        ({"e1": AT - 114}, CURED),
        ({"e1": AT - 116}, UNCHANGED),
        ({"e1": None}, UNCHANGED),
    ],
)
def test_a_record_that_was_not_synced_since_is_not_cured(synced: dict[str, float | None], proof: str) -> None:
    """Its error may be gone for another reason; where nobody tells of syncs the list of errors is all there is. Any
    request of its job may have been what synced it, also one whose answer was lost."""
    assert proofs_of([sent()], [], synced) == {"e1": proof}


@pytest.mark.parametrize(
    ("synced", "proof"),
    [({}, {}), ({"e2": AT}, {}), ({"e1": AT + 3}, {"e1": CURED}), ({"e1": None}, {"e1": UNCHANGED})],
)
def test_a_record_that_no_error_tells_of_is_cured_by_its_sync_alone(
    synced: dict[str, float | None], proof: dict[str, str]
) -> None:
    """It is in no list of errors, before or after; where nobody tells of its sync nothing is seen of it."""
    waiting = Sent("e1", "contacts/1", "unsynced", "stale", AT, "", since=AT - 100)
    assert proofs_of([waiting], [], synced) == proof
