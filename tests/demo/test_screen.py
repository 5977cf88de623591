"""One frame of the demo, read as a person reads it."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from exporter.demo.observer import Alert, View
from exporter.demo.permissions import PERMISSIONS
from exporter.demo.screen import Progress, Screen, places
from tests.demo.views import FIRING, STAGE, job, view

SMALL, LARGE = (80, 24), (160, 48)
SIZES = pytest.mark.parametrize("size", [SMALL, (80, 50), LARGE], ids=["80x24", "80x50", "160x48"])

ALERTS = (
    FIRING,
    Alert("HubSpotSalesforceSyncErrors", "warning", "pending", "permissions"),
    Alert("HubSpotSalesforceSourceFailing", "warning", "firing", "sync_health"),
)
REFUSAL = {
    "reason": "not_retryable",
    "alert": "HubSpotSalesforceSyncErrors",
    "detail": "a plain resync cannot cure these errors before somebody acts",
}
FULL = view(
    *ALERTS,
    errors=14,
    suspended="salesforce_field_permissions_missing",
    jobs=(job("running", 2, pending=114, sending=100, succeeded=100, failed=2), job("done", 1, succeeded=10)),
    refusals=(REFUSAL,),
)


def frame(size: tuple[int, int], look: View, progress: Progress | None = None) -> str:
    width, height = size
    console = Console(record=True, width=width, height=height, file=io.StringIO(), force_terminal=True)
    console.print(Screen(PERMISSIONS, STAGE).frame(progress or Progress(), look))
    return console.export_text()


def after(steps: int, failed: str = "") -> Progress:
    return Progress(tuple((f"proof of step {number}", 3.4) for number in range(steps)), failed)


def on_one_line(text: str) -> str:
    """The left half without frames and line breaks."""
    halves = (re.split(r"│[│╭╰]", line)[0].strip("│╭╮╰╯─") for line in text.splitlines())
    return " ".join(" ".join(halves).split())


@SIZES
@pytest.mark.parametrize("look", [View(), FULL], ids=["nothing known", "everything at once"])
@pytest.mark.parametrize("steps", range(len(PERMISSIONS.steps) + 1))
def test_a_frame_fills_the_terminal_and_no_more(size: tuple[int, int], look: View, steps: int) -> None:
    """Whatever there is to show, no line is too long and none falls off the end."""
    lines = frame(size, look, after(steps)).rstrip("\n").splitlines()
    assert len(lines) == size[1]
    assert {len(line) for line in lines} == {size[0]}


@SIZES
def test_what_is_not_known_is_not_zero(size: tuple[int, int]) -> None:
    """Before the first scrape there are question marks, no numbers and no verdict."""
    text = frame(size, View())
    assert text.count("not known") == 3
    assert "Associations" in text
    assert " ? " in text
    assert " 0 " not in text
    assert "not suspended" not in text


@SIZES
def test_what_matters_most_is_always_seen(size: tuple[int, int]) -> None:
    """Calls, suspension, the category with errors, the first alert: on the smallest terminal too."""
    text = frame(size, FULL, after(4))
    for part in (
        "1,130 of 1,500",
        "1,391 of 3,000",
        "■ SUSPENDED: Salesforce field",
        "errors records",
        "Permissions 14 14",
        "▲ FieldPermissionsMissing: ",
    ):
        assert part in " ".join(text.split())


@SIZES
@pytest.mark.parametrize("steps", range(len(PERMISSIONS.steps)))
def test_the_story_follows_the_current_step(size: tuple[int, int], steps: int) -> None:
    """The step being played is on the screen, with the proof of the one before, however long the story is."""
    text = on_one_line(frame(size, FULL, after(steps)))
    assert PERMISSIONS.steps[steps].title in text
    if steps:
        assert f"proof of step {steps - 1} (after 3 s)" in text


@SIZES
def test_a_story_that_is_over_shows_its_end(size: tuple[int, int]) -> None:
    """The last proof stays."""
    last = len(PERMISSIONS.steps) - 1
    assert f"✔ {PERMISSIONS.steps[last].title} proof of step {last}" in on_one_line(frame(size, FULL, after(last + 1)))


@SIZES
def test_a_step_that_failed_says_so(size: tuple[int, int]) -> None:
    """Marked, with the reason below it."""
    text = on_one_line(frame(size, FULL, after(2, "not seen within 30 s")))
    assert f"✘ {PERMISSIONS.steps[2].title} not seen within 30 s" in text


def test_everything_on_a_large_terminal() -> None:
    """All eight categories, the firing and the pending alert, jobs and refusals with their reasons."""
    text = " ".join(frame(LARGE, FULL, after(4)).replace("│", " ").split())
    for part in (
        "Property mappings 0 0",
        "▲ FieldPermissionsMissing: critical, firing",
        "△ SyncErrors (permissions): warning, pending",
        "▲ SourceFailing (sync_health): warning, firing",
        "job 2: FieldPermissionsMissing resolved → resync, running: 100",
        "214 to go",
        "job 1: FieldPermissionsMissing resolved → resync, done: 10 succeeded, 0 failed, 0 to go",
        "refused (not_retryable): SyncErrors, a plain resync cannot cure these",
    ):
        assert part in text


def test_a_healthy_look() -> None:
    """Said in words, not only by the absence of red."""
    text = frame(LARGE, view())
    assert "● not suspended" in text
    assert "● no alert" in text
    assert "nothing remediated yet" in text


def test_a_suspension_without_a_known_reason() -> None:
    """Suspended is what is known then."""
    look = view(suspended="something new")
    assert "■ SUSPENDED: reason not known" in frame(LARGE, look)


@SIZES
def test_every_place_to_look_at_is_named(size: tuple[int, int]) -> None:
    """All of them fit, each on a line of its own."""
    lines = frame(size, FULL).splitlines()
    for place in places(STAGE):
        assert any(place in line for line in lines)
