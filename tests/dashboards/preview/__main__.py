"""``make previews`` draws ``dashboards/previews`` anew.

The previews of the dashboards are drawn by Grafana's own components, where it exports one, on a page of ours. Beside
them stand photographs of the exporter's own pages, and of a real Prometheus that holds the same two days and
evaluates the rules.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tests.dashboards.boards import FOLDER, NAMES, board
from tests.dashboards.grafana_reading import View
from tests.dashboards.history import PAGES, History
from tests.dashboards.preview import components
from tests.dashboards.preview.page import WIDTH, page
from tests.dashboards.preview.png import small
from tests.dashboards.prometheus import DEADLINE, prometheus
from tests.dashboards.recordings import RULES
from tests.e2e.test_status_page import chromium

PREVIEWS = FOLDER / "previews"
CHOSEN: Mapping[str, str] = {"sync-health": "acme"}
"""Whose sync health is drawn; the other dashboards show all integrations."""

PROMETHEUS_PAGES = {
    "prometheus-alerts": ("/classic/alerts", 1_150),
    "prometheus-graph": (
        "/classic/graph?g0.tab=0&g0.stacked=0&g0.range_input=1d"
        "&g0.expr=integration_scope%3Ahubspot_salesforce_api_calls%3Aratio%7Bscope%3D%22org%22%7D",
        900,
    ),
}
"""Path and height of each; Debian's Prometheus has these pages alone."""
PAGE_HEIGHT = 1_400
RULES_EVALUATED = 'global: {evaluation_interval: 1s}\nrule_files: ["rules/*.rules.yml"]\n'
BUDGET = "--virtual-time-budget=20000"
"""Milliseconds a page has to draw itself; they pass as fast as it works."""
AT_ONCE = "--rules.alert.for-grace-period=0s"
"""An alert that fired before Prometheus was started fires again without waiting."""


def digest(name: str) -> str:
    """What a preview was drawn from."""
    return hashlib.sha256((FOLDER / f"{name}.json").read_bytes()).hexdigest()


async def draw(history: History, folder: Path) -> None:
    """Every dashboard as it looks at the end of the bad day."""
    components.bundle(folder)
    with history.prometheus() as client:
        for name in NAMES:
            view = View(name, history.bad, CHOSEN.get(name, ".+"))
            html, height = page(name, board(name), client, view, (folder / "draw").as_uri())
            file = folder / f"{name}.html"
            file.write_text(html, encoding="utf-8")
            await photograph(file.as_uri(), name, height, f"{name}.json {digest(name)}", BUDGET)


async def photograph(url: str, name: str, height: int, source: str, *options: str) -> None:
    """A picture of a page, made small."""
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder, "page.png")
        await chromium(url, WIDTH, f"--window-size={WIDTH},{height}", f"--screenshot={picture}", *options)
        (PREVIEWS / f"{name}.png").write_bytes(small(picture.read_bytes(), source))


def copy_rules(folder: Path) -> None:
    """The shipped rules, each group evaluated as often as the others: some wait for minutes, one rests on another."""
    folder.mkdir()
    for file in RULES.glob("*.rules.yml"):
        text = re.sub(r"^ +interval: .*\n", "", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
        (folder / file.name).write_text(text, encoding="utf-8")


async def photograph_prometheus(history: History) -> None:
    """Prometheus' own pages, once its rules find firing what fired at the end of the bad day."""
    copy_rules(history.blocks / "rules")
    with prometheus(history.blocks, AT_ONCE, config=RULES_EVALUATED) as client:
        fired = {one["metric"]["alertname"] for one in client.instant("ALERTS", history.ends)}
        begun = time.monotonic()
        while not fired <= client.firing():
            assert time.monotonic() < begun + DEADLINE, f"not firing again: {fired - client.firing()}"
            await asyncio.sleep(0.1)
        for name, (path, height) in PROMETHEUS_PAGES.items():
            await photograph(client.url + path, name, height, path, BUDGET)


def main() -> None:
    PREVIEWS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        # Rules are evaluated now, so the bad day ends now.
        history = History(Path(folder, "blocks"), float(int(time.time())))
        history.make(Path(folder))
        asyncio.run(photograph_prometheus(history))
        for name, path in PAGES.items():
            asyncio.run(photograph(Path(folder, f"{name}.html").as_uri(), name, PAGE_HEIGHT, path))
        asyncio.run(draw(history, Path(folder)))


if __name__ == "__main__":
    main()
