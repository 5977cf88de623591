"""What is shown of a job and a refusal."""

from __future__ import annotations

from typing import Any

import pytest

from exporter.web.pages.job_lines import job_line, record_line, refusal_line

NOW = 1_800_000_000.0
ROW: dict[str, Any] = {
    "id": 7,
    "integration": "acme",
    "alert": "HubSpotSalesforceSyncErrors",
    "status": "firing",
    "action": "bridge",
    "state": "done",
    "refused_for": "",
    "created_at": NOW - 600,
    "finished_at": NOW - 30,
    "message": "",
    "records": {"pending": 0, "sending": 0, "succeeded": 1_200, "failed": 2},
    "failed_for": {"record is archived": 2},
}


def row(**changed: object) -> dict[str, Any]:
    return {**ROW, **changed}


def test_a_job_in_words() -> None:
    """Who asked, when, what became of the records and why some failed."""
    line = job_line(ROW, NOW)
    assert (line.id, line.state, line.level, line.is_active) == (7, "done", "good", False)
    assert (line.asked_by, line.action) == ("HubSpotSalesforceSyncErrors (firing)", "bridge")
    assert (line.asked.told, line.ended and line.ended.told) == ("10 min ago", "30 s ago")
    assert (line.records, line.proof) == ("1,200 succeeded, 2 failed", "")
    assert line.reasons == ("2 × record is archived",)


def test_a_job_that_was_asked_for_without_an_alert() -> None:
    """By a person or a program."""
    assert job_line(row(alert="", status="requested"), NOW).asked_by == "an API request"


@pytest.mark.parametrize(
    ("state", "refused_for", "shown", "level", "is_active"),
    [
        ("queued", "", "queued", "unknown", True),
        ("queued", "api_budget", "waits", "trouble", True),
        ("running", "", "running", "unknown", True),
        ("partly_failed", "", "partly failed", "trouble", False),
        ("failed", "", "failed", "suspended", False),
        ("cancelled", "", "cancelled", "unknown", False),
        ("of a later version", "", "of a later version", "unknown", False),
    ],
)
def test_every_state(state: str, refused_for: str, shown: str, level: str, is_active: bool) -> None:
    """In words; what is under way is looked at again."""
    line = job_line(row(state=state, refused_for=refused_for), NOW)
    assert (line.state, line.level, line.is_active) == (shown, level, is_active)


def test_why_it_waits() -> None:
    """In a sentence where there is one, else by its name."""
    waiting = row(state="queued", refused_for="api_budget", failed_for={})
    assert job_line(waiting, NOW).reasons == ("api budget",)
    assert job_line({**waiting, "message": "1,400 of 1,500 calls are used"}, NOW).reasons == (
        "1,400 of 1,500 calls are used",
    )


def test_one_that_waits_for_a_person() -> None:
    """Is told from those that go on by themselves, and says how large it is."""
    line = job_line(row(state="queued", refused_for="needs_approval", records={}, planned_records=12_000), NOW)
    assert (line.needs_approval, line.records) == (True, "12,000 planned")
    assert not job_line(row(state="cancelled", refused_for="needs_approval"), NOW).needs_approval


def test_what_it_cured() -> None:
    """Accepted is not cured."""
    proof = {"cured": 1_190, "came_back": 8, "unchanged": 0, "waiting": 4}
    assert job_line(row(proof=proof), NOW).proof == "1,190 cured, 8 came back, 4 not looked at yet"


def test_a_record_in_words() -> None:
    """Which, what error it had, what became of it and why, and what was seen afterwards."""
    record = {
        "record": "contacts/101",
        "category": "picklists",
        "error_type": "mismatched_options",
        "outcome": "failed",
        "attempts": 3,
        "reason": "record is archived",
        "proof": "",
        "at": NOW - 5,
    }
    line = record_line(record, NOW)
    assert (line.record, line.error_type) == ("contacts 101", "Picklists: Mismatched options")
    assert (line.outcome, line.level, line.attempts) == ("failed", "suspended", "3 requests")
    assert (line.reason, line.proof, line.at.told) == ("record is archived", "", "5 s ago")
    cured = record_line({**record, "outcome": "succeeded", "proof": "came_back", "category": "", "error_type": ""}, NOW)
    assert (cured.level, cured.proof, cured.error_type) == ("good", "came back", "")


def test_a_refusal_in_words() -> None:
    """Of an alert or of a request."""
    refused = {"at": NOW - 5, "alert": "", "reason": "api_budget", "detail": "1,400 of 1,500 calls are used"}
    line = refusal_line(refused, NOW)
    assert (line.asked_by, line.reason, line.at.told) == ("an API request", "api budget", "5 s ago")
    assert refusal_line({**refused, "alert": "A"}, NOW).asked_by == "A"
