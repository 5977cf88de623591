"""The source ``sync_health``."""

from __future__ import annotations

from typing import Any

import pytest

from exporter.catalog.catalog import CATALOG
from exporter.clock import parse_timestamp
from exporter.errors import InvalidAnswer
from exporter.model import ErrorCount, Suspension, SyncHealth
from exporter.sources.sync_health import SOURCE

AS_OF = "2026-11-21T10:00:00Z"
NOON = "2026-11-21T12:00:00+02:00"

# The example of the bridge's contract; synthetic, since HubSpot has no API for the page.
RECORDED: dict[str, Any] = {
    "as_of": AS_OF,
    "api_calls": {"used_24h": 41200, "allocated": 60000, "limited_by_salesforce": 100000},
    "suspension": {"suspended": False, "reason": None, "since": None},
    "errors": [
        {"category": "picklists", "error_type": "restricted_picklist_value", "errors": 12, "affected_records": 40}
    ],
}


def parsed(**parts: Any) -> SyncHealth:
    part = SOURCE.parse({"as_of": AS_OF, **parts}, 0.0)
    assert isinstance(part, SyncHealth)
    return part


def counted(*entries: dict[str, Any]) -> list[tuple[str, str, int | None, int | None]]:
    errors = parsed(errors=list(entries)).errors
    assert errors is not None
    return [(count.category, count.error_type, count.errors, count.affected_records) for count in errors]


def test_a_recorded_answer() -> None:
    """Calls, suspension and errors as the page shows them, at the time the page was seen."""
    assert SOURCE.parse(RECORDED, 0.0) == SyncHealth(
        as_of=parse_timestamp(AS_OF),
        api_calls_used=41200,
        api_calls_allocated=60000,
        limited_by_salesforce=100000,
        suspension=Suspension(suspended=False, reason=None, since=None),
        errors=(ErrorCount("picklists", "restricted_picklist_value", 12, 40),),
    )


UNKNOWN = SyncHealth(parse_timestamp(AS_OF), None, None, None, None, None)


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"api_calls": None, "suspension": None, "errors": None},
        {"api_calls": {}, "suspension": {}},
        {"api_calls": {"used_24h": None, "allocated": None, "limited_by_salesforce": None}},
        {"suspension": {"suspended": None, "reason": "unknown_error", "since": AS_OF}},
        {"something": {"new": [1, None]}},
    ],
)
def test_what_is_null_or_absent_is_unknown(parts: dict[str, Any]) -> None:
    """Every part but ``as_of`` may be missing, and nothing is put in its place."""
    assert parsed(**parts) == UNKNOWN


def test_parts_are_known_one_by_one() -> None:
    """A page without an allocation still states the use."""
    assert parsed(api_calls={"used_24h": 0, "allocated": None}).api_calls_used == 0


def test_no_errors_is_known() -> None:
    """An empty list says that there are none; that is not the same as no list."""
    assert parsed(errors=[]).errors == ()


class TestSuspension:
    @pytest.mark.parametrize("reason", CATALOG.reason_names)
    def test_every_reason(self, reason: str) -> None:
        """By its name, and since when."""
        suspension = parsed(suspension={"suspended": True, "reason": reason, "since": NOON}).suspension
        assert suspension == Suspension(True, reason, parse_timestamp(NOON))

    @pytest.mark.parametrize("reason", CATALOG.suspension_reasons, ids=lambda reason: str(reason.name))
    def test_a_title_will_do(self, reason: Any) -> None:
        """A bridge that repeats what HubSpot prints is understood, whatever the case."""
        assert parsed(suspension={"suspended": True, "reason": reason.title}).suspension == Suspension(
            True, reason.name, None
        )
        assert parsed(suspension={"suspended": True, "reason": reason.title.upper()}).suspension == Suspension(
            True, reason.name, None
        )

    @pytest.mark.parametrize("reason", [None, "", "Something new", "salesforce_org", "\ud800"])
    def test_an_unknown_reason_is_still_a_suspension(self, reason: str | None) -> None:
        """That it is suspended is known, why is not."""
        assert parsed(suspension={"suspended": True, "reason": reason}).suspension == Suspension(True, None, None)

    def test_what_ended_has_no_reason(self) -> None:
        """A bridge that leaves the last reason standing does not make it one, and its zero time does no harm."""
        ended = {"suspended": False, "reason": "unknown_error", "since": "0001-01-01T00:00:00Z"}
        assert parsed(suspension=ended).suspension == Suspension(False, None, None)


class TestErrors:
    @pytest.mark.parametrize("pair", CATALOG.pairs)
    def test_every_pair_of_the_catalogue(self, pair: tuple[str, str]) -> None:
        """Counted under its own names."""
        category, error_type = pair
        entry = {"category": category, "error_type": error_type, "errors": 1, "affected_records": 2}
        assert counted(entry) == [(category, error_type, 1, 2)]

    def test_titles_will_do(self) -> None:
        """As HubSpot prints them."""
        entry = {
            "category": "Property mappings",
            "error_type": "Missing Salesforce ID",
            "errors": 3,
            "affected_records": 3,
        }
        assert counted(entry) == [("property_mappings", "missing_salesforce_id", 3, 3)]

    @pytest.mark.parametrize("error_type", [None, "", "Something new", "email_already_in_use", "日本語"])
    def test_an_unknown_type_keeps_its_category(self, error_type: str | None) -> None:
        """New, unnamed, or one that belongs to another category: counted as unknown, not dropped."""
        entry = {"category": "picklists", "error_type": error_type, "errors": 4, "affected_records": 5}
        assert counted(entry) == [("picklists", "unknown", 4, 5)]

    @pytest.mark.parametrize("category", ["Something new", "", "日本語"])
    def test_an_unknown_category_is_other(self, category: str) -> None:
        """Even with a type we know."""
        entry = {"category": category, "error_type": "option_limit_exceeded", "errors": 4, "affected_records": 5}
        assert counted(entry) == [("other", "unknown", 4, 5)]

    def test_what_falls_together_adds_up(self) -> None:
        """Two new types of a category are one series, with both counts in it."""
        assert counted(
            {"category": "picklists", "error_type": "New one", "errors": 4, "affected_records": 10},
            {"category": "Picklists", "error_type": "New two", "errors": 5, "affected_records": 20},
            {"category": "new", "error_type": "a", "errors": 1, "affected_records": 1},
            {"category": "other", "error_type": "unknown", "errors": 1, "affected_records": 1},
        ) == [("picklists", "unknown", 9, 30), ("other", "unknown", 2, 2)]

    def test_a_sum_with_an_unknown_part_is_unknown(self) -> None:
        """Of two counts, one null: the errors add up, the records do not."""
        assert counted(
            {"category": "other", "errors": 4, "affected_records": None},
            {"category": "other", "errors": 5, "affected_records": 20},
            {"category": "other", "errors": 6, "affected_records": 30},
        ) == [("other", "unknown", 15, None)]

    def test_counts_may_be_unknown(self) -> None:
        """An error that is listed without numbers."""
        assert counted({"category": "duplicates", "error_type": "email_already_in_use"}) == [
            ("duplicates", "email_already_in_use", None, None)
        ]


@pytest.mark.parametrize(
    "as_of",
    [
        "2026-11-21T10:00:00Z",
        "2026-11-21t10:00:00Z",
        "2026-11-21T11:00:00+01:00",
        "2026-11-21T10:00:00.000Z",
        "2026-11-21T10:00:00.000000+00:00",
    ],
)
def test_times_are_rfc_3339(as_of: str) -> None:
    """Any zone and any fraction of a second."""
    part = SOURCE.parse({"as_of": as_of}, 0.0)
    assert isinstance(part, SyncHealth)
    assert part.as_of == parse_timestamp(AS_OF)


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        {},
        {"as_of": None},
        {"as_of": 1_795_255_200},
        {"as_of": ""},
        {"as_of": "yesterday"},
        {"as_of": "2026-11-21"},
        {"as_of": "2026-11-21T10:00:00"},
        {"as_of": "2026-13-21T10:00:00Z"},
        {"as_of": "0001-01-01T00:00:00+14:00"},
        {"as_of": "9999-12-31T23:59:59-14:00"},
        {"as_of": AS_OF + " " * 40},
        {"as_of": AS_OF, "api_calls": []},
        {"as_of": AS_OF, "api_calls": {"used_24h": "41200"}},
        {"as_of": AS_OF, "api_calls": {"used_24h": -1}},
        {"as_of": AS_OF, "api_calls": {"used_24h": 1.5}},
        {"as_of": AS_OF, "api_calls": {"used_24h": True}},
        {"as_of": AS_OF, "api_calls": {"used_24h": float("inf")}},
        {"as_of": AS_OF, "suspension": True},
        {"as_of": AS_OF, "suspension": {"suspended": 1}},
        {"as_of": AS_OF, "suspension": {"suspended": True, "since": "soon"}},
        {"as_of": AS_OF, "suspension": {"suspended": True, "since": "0001-01-01T00:00:00+14:00"}},
        {"as_of": AS_OF, "suspension": {"suspended": True, "reason": 7}},
        {"as_of": AS_OF, "errors": {}},
        {"as_of": AS_OF, "errors": [None]},
        {"as_of": AS_OF, "errors": [{"errors": 1}]},
        {"as_of": AS_OF, "errors": [{"category": None, "errors": 1}]},
        {"as_of": AS_OF, "errors": [{"category": "other", "errors": "12"}]},
        {"as_of": AS_OF, "errors": [{"category": "other"}] * 10_001},
    ],
    ids=lambda payload: repr(payload)[:60],
)
def test_another_shape_is_refused(payload: Any) -> None:
    """A page that is wrong anywhere is believed nowhere."""
    with pytest.raises(InvalidAnswer, match=r"^sync-health: "):
        SOURCE.parse(payload, 0.0)
