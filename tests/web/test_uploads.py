"""``PUT /api/v1/sync-errors/{integration}/{category}``."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
import structlog
from starlette.applications import Starlette
from starlette.routing import Route

from exporter.catalog.catalog import CATALOG
from exporter.clients.connection import connect
from exporter.clients.exports import ExportedErrors
from exporter.config.file import load_config
from exporter.config.secret import Secret
from exporter.config.settings import Integration, SyncHealthFeed
from exporter.service import Service
from exporter.store.database import open_database
from exporter.store.exports import KEPT_FOR
from exporter.store.tables import exported_errors
from exporter.web.api.uploads import uploads_endpoint
from tests.clocks import ManualClock
from tests.conftest import WEBHOOK_TOKEN, Start, client_of
from tests.exports.files import HEADINGS, TWO, zipped
from tests.exports.shelf import MemoryShelf
from tests.pages import look
from tests.web.conftest import bearer, poll_all

URL = "/api/v1/sync-errors/acme/picklists"
CSV = {"Content-Type": "text/csv", **bearer(WEBHOOK_TOKEN)}


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with structlog.testing.capture_logs():
        yield


@pytest.fixture
async def service(
    config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path], start: Start
) -> AsyncIterator[Service]:
    """Acme, whose errors are uploaded, and beta with a bridge."""
    acme, beta = config_data["integrations"]
    entries = [{**acme, "sync_health": {"uploads": True}}, beta]
    async with start(load_config(write_config({**config_data, "integrations": entries}))) as running:
        yield running


async def put(http: httpx.AsyncClient, content: str | bytes, url: str = URL, **headers: str) -> httpx.Response:
    return await http.put(url, content=content, headers={**CSV, **headers})


async def test_what_is_uploaded_is_shown_and_listed(
    http: httpx.AsyncClient, service: Service, clock: ManualClock
) -> None:
    """Counted by type, with 0 for the other types of the category; nothing of the other categories."""
    answer = await put(http, HEADINGS + TWO + "short\n" + TWO)
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "integration": "acme",
            "category": "picklists",
            "as_of": "2027-01-15T08:00:00.000Z",
            "rows": 5,
            "errors": {"restricted_picklist_value": 1, "inactive_salesforce_owner": 1},
            "duplicates": 2,
            "odd": 1,
            "odd_rows": ["line 4 has 1 of 6 cells"],
            "unknown_titles": [],
            "advice": None,
            "ignored_columns": [],
            "encoding": "utf-8",
            "delimiter": ",",
        },
    )
    await poll_all(service)
    page = await look(http)
    common = {"integration": "acme", "category": "picklists"}
    assert page.value("sync_errors", error_type="restricted_picklist_value", **common) == 1
    assert page.value("sync_error_affected_records", error_type="inactive_salesforce_owner", **common) == 2
    assert page.value("sync_errors", error_type="option_limit_exceeded", **common) == 0
    assert page.value("sync_errors", integration="acme", category="other", error_type="unknown") is None
    assert page.value("source_part_up", integration="acme", source="sync_health", part="picklists") == 1
    listed = (await http.get("/api/v1/sync-errors", params={"integration": "acme"})).json()["errors"]
    assert [(error["error_type"], error["hubspot_id"]) for error in listed] == [
        ("restricted_picklist_value", "101"),
        ("inactive_salesforce_owner", "102"),
    ]
    shown = (await http.get("/integrations/acme")).text
    assert "Industry: bad value" in shown
    clock.advance(3600)
    await poll_all(service)
    assert "exported: picklists 60 min ago" in (await http.get("/")).text


async def test_what_nothing_can_resync_has_no_buttons(http: httpx.AsyncClient) -> None:
    """The page says what it would take."""
    await put(http, HEADINGS + TWO)
    alone = (await http.get("/integrations/acme")).text
    assert "Industry: bad value" in alone
    assert "None of them can be resynced; nothing to resync with: it takes a bridge (sync_health.url)" in alone
    assert 'id="resync"' not in alone


async def test_ids_that_excel_has_shortened(http: httpx.AsyncClient) -> None:
    """They are of no record, so they are told of and not taken."""
    answer = await put(http, "Error Type,HubSpot ID\nMismatched options,1.23457E+11\nMismatched options,2\n")
    told = answer.json()
    assert (told["rows"], told["odd"]) == (2, 1)
    assert told["odd_rows"] == ["line 2 HubSpot ID is no number; Excel has shortened it"]


async def test_rows_that_are_left_out_are_shown(http: httpx.AsyncClient, service: Service) -> None:
    """What is counted is not all there is. Where most are left out nothing is taken."""
    await put(http, "Error Type,HubSpot ID\nMismatched options,1.23457E+11\nMismatched options,2\n")
    await poll_all(service)
    assert "picklists: 1 row of upload could not be read and is left out" in (await http.get("/")).text
    answer = await put(http, "Error Type,HubSpot ID\nMismatched options,1.23457E+11\n")
    assert (answer.status_code, answer.json()) == (
        400,
        {
            "error": "the file has 1 row of 1 that is not as the headings say: line 2 HubSpot ID is no number; Excel "
            "has shortened it"
        },
    )


async def test_what_no_export_speaks_of_is_not_none(http: httpx.AsyncClient, service: Service) -> None:
    """The pages and the list name the categories that nobody knows anything of."""
    await put(http, HEADINGS)
    await poll_all(service)
    others = "Associations, Custom code, Duplicates, Permissions, Property mappings, Property values, Other"
    assert (
        f'<p>none of those that are known</p>\n      <p class="dim">not known: {others}</p>'
        in (await http.get("/")).text
    )
    shown = (await http.get("/integrations/acme")).text
    assert f"Not known, as no export speaks of them: {others}." in shown
    assert "<p>None listed of what was exported.</p>" in shown
    listed = (await http.get("/api/v1/sync-errors", params={"integration": "acme"})).json()
    assert listed == {"errors": [], "not_known": [name for name in CATALOG.category_names if name != "picklists"]}


async def test_titles_that_nobody_knows_are_named(http: httpx.AsyncClient) -> None:
    """The first few, with where to name them."""
    rows = "".join(f"Strange thing {number % 7},{number}\n" for number in range(14))
    told = (await put(http, f"Error Type,HubSpot ID\n{rows}Unknown,99\nMismatched options,100\n")).json()
    assert told["unknown_titles"] == [f"Strange thing {number}" for number in range(5)]
    assert told["advice"] == "name the titles that are not known in sync_health.titles_file"


async def test_what_is_exported_can_be_uploaded(http: httpx.AsyncClient) -> None:
    """It changes nothing."""
    await put(http, zipped({"errors.csv": (HEADINGS + TWO).encode()}), **{"Content-Type": "application/zip"})
    listed = {"integration": "acme", "category": "picklists"}
    before = (await http.get("/api/v1/sync-errors", params=listed)).json()
    written = (await http.get("/api/v1/sync-errors", params={**listed, "format": "csv"})).text
    assert (await put(http, written)).status_code == 200
    assert (await http.get("/api/v1/sync-errors", params=listed)).json() == before


async def test_a_long_list_is_written_as_it_is_read(http: httpx.AsyncClient) -> None:
    """Every error of it, under one line of headings."""
    rows = "".join(f"Mismatched options,{number}\n" for number in range(2_500))
    await put(http, "Error type,HubSpot ID\n" + rows)
    answer = await http.get("/api/v1/sync-errors", params={"integration": "acme", "format": "csv"})
    written = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["hubspot_id"] for row in written] == [str(number) for number in range(2_500)]
    one = {"integration": "acme", "error_type": "option_limit_exceeded", "format": "csv"}
    assert len((await http.get("/api/v1/sync-errors", params=one)).text.splitlines()) == 1


async def test_it_holds_after_a_restart_and_until_it_is_too_old(
    http: httpx.AsyncClient, service: Service, start: Start, clock: ManualClock
) -> None:
    """Two days unless configured otherwise; then it is a part that is missing."""
    await put(http, HEADINGS)
    async with start(service_config(service)) as again:
        await poll_all(again)
        async with client_of(again) as client:
            page = await look(client)
            common = {"integration": "acme", "category": "picklists", "error_type": "mismatched_options"}
            assert page.value("sync_errors", **common) == 0
            clock.advance(48 * 3600 + 1)
            await poll_all(again)
            page = await look(client)
            assert page.value("sync_errors", **common) is None
            assert page.value("source_up", integration="acme", source="sync_health") == 0


def service_config(service: Service) -> Any:
    return service._config


async def test_what_was_replaced_is_deleted(http: httpx.AsyncClient, service: Service, clock: ManualClock) -> None:
    """Also where nobody drops files: some time after another upload holds."""
    await put(http, HEADINGS + TWO)
    await put(http, HEADINGS + TWO)
    clock.advance(KEPT_FOR + 1)
    await poll_all(service)
    database = await open_database(service_config(service).store)
    try:
        async with database.transaction() as connection:
            rows = await connection.execute(sa.select(sa.func.count()).select_from(exported_errors))
        assert rows.scalar_one() == 2
    finally:
        await database.close()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (HEADINGS + TWO[:-30], "line 3, column 3: the file is cut off: the last row has 3 of 6 cells"),
        ("", "the file is empty"),
        ("<html><title>Log in</title>", "the file is a web page; download the CSV itself, logged in to HubSpot"),
        ('{"errors": []}', "the file is JSON; export the errors as CSV"),
        (zipped({"xl/workbook.xml": b"<workbook/>"}), "the file is an Excel workbook; save it as CSV"),
        ("a,b\n1,2\n", "line 1: no heading tells the error type: got 'a, b'; name it in sync_health.mapping"),
        (zipped({"a.csv": b"x", "b.csv": b"y"}), "the file holds 2 CSV files; expected one, of picklists"),
        (
            "Category,Error Type\nDuplicates,x\nDuplicates,y\n",
            "the file has 2 rows of 2 that are not as the headings say: line 2 is of another category; "
            "line 3 is of another category",
        ),
    ],
    ids=["cut off", "empty", "web page", "JSON", "workbook", "no heading", "two in a zip", "another category"],
)
async def test_what_is_not_whole_changes_nothing(http: httpx.AsyncClient, content: str | bytes, problem: str) -> None:
    """400 with line and column; what was known before stays."""
    await put(http, HEADINGS + TWO)
    answer = await put(http, content)
    assert (answer.status_code, answer.json()) == (400, {"error": problem})
    listed = (await http.get("/api/v1/sync-errors", params={"integration": "acme"})).json()["errors"]
    assert len(listed) == 2


@pytest.mark.parametrize(
    ("url", "headers", "status", "problem"),
    [
        (URL, {"Authorization": "Bearer wrong"}, 401, "a valid bearer token is needed"),
        (URL.replace("acme", "gamma"), {}, 404, "integration: got 'gamma'; no integration has this name"),
        (
            URL.replace("picklists", "cards"),
            {},
            404,
            "category: got 'cards'; expected one of associations, custom_code",
        ),
        (URL.replace("acme", "beta"), {}, 409, "beta takes no exported errors"),
        (URL, {"Content-Type": "application/json"}, 415, "Content-Type: got 'application/json'"),
        (URL, {"Content-Encoding": "gzip"}, 415, "Content-Encoding: expected none"),
    ],
    ids=["token", "integration", "category", "bridge", "type", "encoding"],
)
async def test_what_is_not_taken(
    http: httpx.AsyncClient, url: str, headers: dict[str, str], status: int, problem: str
) -> None:
    """With the reason, before the body is read."""
    answer = await put(http, HEADINGS, url, **headers)
    assert answer.status_code == status
    assert answer.json()["error"].startswith(problem)


async def test_an_older_export_does_not_replace_a_newer(http: httpx.AsyncClient, clock: ManualClock) -> None:
    """By the column that says when it was exported."""
    await put(http, HEADINGS)
    old = "Error Type,As of\nMismatched options,2027-01-14T08:00:00Z\n"
    answer = await put(http, old)
    assert answer.status_code == 409
    assert answer.json() == {"error": "newer errors of picklists hold than those of 2027-01-14T08:00:00.000Z"}


async def test_a_store_that_is_away(http: httpx.AsyncClient, service: Service) -> None:
    """503, which says why: the same upload works later."""
    database = await open_database(service_config(service).store)
    try:
        async with database.transaction() as connection:
            await connection.execute(sa.text("ALTER TABLE exported_errors RENAME TO elsewhere"))
        answer = await put(http, HEADINGS + TWO)
        assert answer.status_code == 503
        said = "the export could not be stored, send it again: store: OperationalError: no such table: exported_errors"
        assert answer.json() == {"error": said}
        async with database.transaction() as connection:
            await connection.execute(sa.text("ALTER TABLE elsewhere RENAME TO exported_errors"))
        assert (await put(http, HEADINGS + TWO)).status_code == 200
    finally:
        await database.close()


async def test_a_body_that_is_too_long(clock: ManualClock, tmp_path: Path) -> None:
    """413, and it is not read to its end; what came of it is gone."""
    token = tmp_path / "token"
    token.write_text(WEBHOOK_TOKEN)
    exported = ExportedErrors("acme", SyncHealthFeed(None, None, None), MemoryShelf(), clock)
    acme = Integration("acme", None, None, exported.feed, "off", {})
    connection = replace(connect(acme, httpx.AsyncClient(), clock, lambda _name, _api: None), exported=exported)
    endpoint = uploads_endpoint({"acme": connection}, lambda: (Secret(file=token),), lambda _name, _source: None, 100)
    app = Starlette(routes=[Route("/{integration}/{category}", endpoint, methods=["PUT"])])

    async def body() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield b"x" * 60

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://exporter") as client:
        answer = await client.put("/acme/picklists", content=body(), headers=CSV)
    assert (answer.status_code, answer.text) == (413, "more than 100 bytes")
