"""Every row of the benchmark can be measured. What it measures is no test."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import httpx
import pytest

from tests.bench import cost, growth, polling, scrape, start, webhook
from tests.bench.__main__ import main, sizes
from tests.bench.plain import collector, memory
from tests.bench.served import exporter
from tests.bench.table import Row
from tests.pages import Page

FEW = scrape.Size(integrations=(3,), seconds=0.1, fewest=2, ways=(scrape.TEXT, scrape.PROMETHEUS))


def measured(rows: Iterable[Row]) -> list[Row]:
    """All of them have a figure."""
    found = list(rows)
    assert found
    assert [row.what for row in found if row.figure is None] == []
    return found


async def test_the_samples_compared_are_the_same(tmp_path: Path) -> None:
    """Exporter, plain collector and memory serve the page of the same integrations, but for what is one a process."""
    async with exporter(tmp_path, integrations=4, polled=1) as ours:
        whole = await page(ours)
    (tmp_path / "page.txt").write_text(whole)
    assert await page(memory(tmp_path, "zlib")) == whole
    plain = await page(collector(tmp_path, integrations=4, polled=1))
    for number in (1, 2, 3, 4):
        assert of_integration(plain, number) == of_integration(whole, number) != set()


async def page(app: object) -> str:
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://served") as http:
        return (await http.get("/metrics")).raise_for_status().text


def of_integration(text: str, number: int) -> set[object]:
    """Its series."""
    return {series for series in Page(text).samples if ("integration", f"org-{number:04d}") in series[1]}


def test_the_cost_of_half_an_hour() -> None:
    rows = measured(cost.rows(cost.Size(hours=0.5)))
    assert {row.what.split()[0] for row in rows} == {"Salesforce", "HubSpot"}


def test_every_row_of_the_issue_has_a_letter() -> None:
    assert "".join(sizes(integrations=10)) == "abcdef"


def test_the_result_is_a_table_and_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--rows=x"])
    assert "--rows=x: x is none of a, b, c, d, e, f" in capsys.readouterr().err
    main(["--rows=", f"--json={tmp_path / 'results' / 'bench.json'}"])
    assert json.loads((tmp_path / "results" / "bench.json").read_text())["rows"] == []


@pytest.mark.faults
def test_scrapes() -> None:
    measured(scrape.rows(FEW))


@pytest.mark.faults
def test_polls() -> None:
    measured(polling.rows(polling.Size(integrations=3, compression=40.0, seconds=4.0)))


@pytest.mark.faults
def test_webhooks() -> None:
    rows = measured(webhook.rows(webhook.Size(posts=3, seconds=0.4, alerts=20)))
    assert {word for row in rows for word in ("SQLite", "PostgreSQL") if word in row.what} == {"SQLite", "PostgreSQL"}


@pytest.mark.faults
def test_growth() -> None:
    measured(growth.rows(growth.Size(integrations=2, polled=2, compression=35.0, seconds=4.0, scraped=0.1)))


@pytest.mark.faults
def test_starts() -> None:
    measured(start.rows(start.Size(integrations=(1,))))
