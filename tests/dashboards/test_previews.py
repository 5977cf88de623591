"""The pictures of the READMEs show the dashboards that are committed."""

from __future__ import annotations

import json
import re
from html import escape
from pathlib import Path

import pytest

from tests.dashboards.boards import FOLDER, NAMES, board, panels
from tests.dashboards.grafana_reading import View
from tests.dashboards.history import PAGES, History
from tests.dashboards.preview.__main__ import PROMETHEUS_PAGES, digest
from tests.dashboards.preview.page import page
from tests.dashboards.preview.png import small, source_of
from tests.dashboards.prometheus import Client
from tests.e2e.test_status_page import chromium, size_of

PREVIEWS = FOLDER / "previews"
PICTURES = {*NAMES, *PROMETHEUS_PAGES, *PAGES}
LARGEST = 240 * 1024


def test_pictures_are_there_and_small() -> None:
    """One for each dashboard, the photographs beside them, none of a size that slows a README."""
    assert {file.stem for file in PREVIEWS.iterdir()} == PICTURES
    assert [file.name for file in PREVIEWS.iterdir() if file.stat().st_size > LARGEST] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_preview_is_of_the_committed_dashboard(name: str) -> None:
    """The picture names what it was drawn from; ``make previews`` draws it anew."""
    assert source_of((PREVIEWS / f"{name}.png").read_bytes()) == f"{name}.json {digest(name)}"


@pytest.mark.binaries
@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_every_panel(prometheus: Client, history: History, name: str) -> None:
    """Each with its title and a place, and on the bad day each with data."""
    html, _ = page(name, board(name), prometheus, View("bad", history.bad), "draw")
    found = re.search(r"DRAWN = (.+)</script><script", html)
    assert found is not None
    drawn = {one["number"]: one for one in json.loads(found[1])}
    for panel in panels(board(name)):
        assert f"<h2>{escape(panel['title'])}" in html
        assert f'id="panel-{panel["id"]}"' in html
        assert any(answer["series"] for answer in drawn[panel["id"]]["answers"].values()), panel["title"]


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
