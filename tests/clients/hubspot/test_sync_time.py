"""When HubSpot says that a record was synced last."""

from __future__ import annotations

from typing import Any

import pytest

from exporter.clients.hubspot.sync_time import SYNCED, last_syncs_in, time_of
from exporter.errors import InvalidAnswer


def record(hubspot_id: str, **properties: str | None) -> dict[str, Any]:
    return {"id": hubspot_id, "properties": {"hs_object_id": hubspot_id, **properties}}


@pytest.mark.parametrize(
    "text",
    ["1795262400000", "2026-11-21T12:00:00Z", "2026-11-21T12:00:00.000Z", "2026-11-21T13:00:00+01:00"],
)
def test_both_forms_of_a_time_are_read(text: str) -> None:
    """Epoch milliseconds and ISO 8601."""
    assert time_of(text, "x") == 1_795_262_400.0


@pytest.mark.parametrize(
    "text", ["soon", "2026-11-21T12:00:00", "9" * 15, "9" * 16, "-5", "1969-12-31T23:59:59Z", "１２", "1e3", "nan"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    """Also one without a zone, or far out of this world."""
    with pytest.raises(InvalidAnswer, match=r"^contacts: changed"):
        time_of(text, "contacts: changed")


def test_a_record_has_a_time_or_none_or_is_not_told_of() -> None:
    """Null is never synced; one without the property, and one that another was merged into, say nothing."""
    body = {
        "results": [
            record("1", **{SYNCED: "2026-11-21T12:00:00Z"}),
            record("2", **{SYNCED: None}),
            record("3", **{SYNCED: ""}),
            record("4"),
            record("99", **{SYNCED: "2026-11-21T12:00:00Z"}),
        ],
    }
    assert last_syncs_in(body, "deals", ["1", "2", "3", "4", "5"]) == {"1": 1_795_262_400.0, "2": None, "3": None}
    assert last_syncs_in({}, "deals", ["1"]) == {}
