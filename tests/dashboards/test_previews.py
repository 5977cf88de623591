"""The pictures of the READMEs show the dashboards that are committed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dashboards.boards import FOLDER, NAMES, board, panels
from tests.dashboards.history import History
from tests.dashboards.preview.__main__ import PROMETHEUS_PAGES, digest
from tests.dashboards.preview.axes import nice_step
from tests.dashboards.preview.frames import Answers
from tests.dashboards.preview.page import page
from tests.dashboards.preview.png import small, source_of
from tests.dashboards.preview.values import number
from tests.dashboards.prometheus import Client
from tests.e2e.test_status_page import chromium, size_of

PREVIEWS = FOLDER / "previews"
PICTURES = {*NAMES, *PROMETHEUS_PAGES, "status-page"}
LARGEST = 200 * 1024


def test_pictures_are_there_and_small() -> None:
    """One for each dashboard, the photographs beside them, none of a size that slows a README."""
    assert {file.stem for file in PREVIEWS.iterdir()} == PICTURES
    assert [file.name for file in PREVIEWS.iterdir() if file.stat().st_size > LARGEST] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_preview_is_of_the_committed_dashboard(name: str) -> None:
    """The picture names what it was drawn from; ``make previews`` draws it anew."""
    assert source_of((PREVIEWS / f"{name}.png").read_bytes()) == f"{name}.json {digest(name)}"


@pytest.mark.parametrize("name", NAMES)
def test_a_preview_has_every_panel(prometheus: Client, history: History, name: str) -> None:
    """Each with its title, and on the bad day each with data: what says that there is none stands nowhere."""
    html, _ = page(name, board(name), Answers(prometheus, history.bad, ".+"))
    for panel in panels(board(name)):
        assert f"<h2>{panel['title'].replace(chr(39), '&#x27;')}</h2>" in html
    assert 'class="none"' not in html


def test_a_preview_says_why_there_is_nothing(prometheus: Client, history: History) -> None:
    """Of an integration nobody has, every panel shows its text."""
    name = "remediation"
    html, _ = page(name, board(name), Answers(prometheus, history.bad, "nobody"))
    assert "none known to wait" in html
    assert html.count('class="none"') == len(panels(board(name))) - 1  # notifications are of no integration


async def test_a_picture_made_small_is_the_same_picture(tmp_path: Path) -> None:
    """Of a page of few colours nothing is lost, and it can be made small again."""
    file = tmp_path / "page.html"
    file.write_text("<body style='margin:0; background:#123456'><div style='width:9px; height:9px; background:#fff'>")
    picture = tmp_path / "page.png"
    await chromium(file.as_uri(), 500, "--window-size=500,60", f"--screenshot={picture}")
    once = small(picture.read_bytes(), "a page")
    assert size_of(once) == size_of(picture.read_bytes())
    assert source_of(once) == "a page"
    assert bytes.fromhex("123456") in once
    assert len(once) < len(picture.read_bytes())


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.839, "percentunit", "83.9%"),
        (41_200, "locale", "41,200"),
        (5_400, "s", "1.5 hours"),
        (0.0024, "s", "2.4 ms"),
        (90, "m", "1.5 hours"),
        (1_610_612_736, "bytes", "1.5 GiB"),
        (7_200_000, "dateTimeFromNow", "in 2 hours"),
        (-60_000, "dateTimeFromNow", "1 minute ago"),
    ],
)
def test_values_read_as_in_grafana(value: float, unit: str, text: str) -> None:
    """By the formats Grafana documents for its units."""
    assert number(value, unit) == text


@pytest.mark.parametrize(
    ("least", "unit", "step"), [(0.3, "none", 0.5), (7, "none", 10), (70, "s", 120), (1_500, "bytes", 2_048)]
)
def test_axes_have_round_numbers(least: float, unit: str, step: float) -> None:
    """Round in the unit's own sense."""
    assert nice_step(least, unit) == step
