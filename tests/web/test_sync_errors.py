"""``GET /api/v1/sync-errors``."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from exporter.config.file import load_config
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from tests.clocks import ManualClock
from tests.conftest import SIMULATOR, Start

URL = "/api/v1/sync-errors"


async def test_the_errors_of_an_integration(http: httpx.AsyncClient, acme: Org) -> None:
    """All of them, more than a page of the bridge; those of the other integration are its own."""
    acme.add_errors("picklists", "option_limit_exceeded", 700)
    acme.add_errors("other", "unknown", 1, affected_records=4)
    errors = (await http.get(URL, params={"integration": "acme"})).json()["errors"]
    assert len(errors) == 701
    assert [error["affected_records"] for error in errors if error["category"] == "other"] == [4]
    assert (await http.get(URL, params={"integration": "beta"})).json() == {"errors": []}


async def test_one_category(http: httpx.AsyncClient, acme: Org) -> None:
    """Only its errors, those without a known type included."""
    acme.add_errors("picklists", "option_limit_exceeded", 2)
    acme.add_errors("picklists", "a_new_type", 1)
    acme.add_errors("other", "unknown", 1)
    answer = await http.get(URL, params={"integration": "acme", "category": "picklists"})
    assert [error["category"] for error in answer.json()["errors"]] == ["picklists"] * 3


async def test_where_to_open_the_records(
    config_data: dict[str, Any],
    write_config: Callable[[dict[str, Any]], Path],
    tmp_path: Path,
    start: Start,
    acme: Org,
    clock: ManualClock,
) -> None:
    """In HubSpot once its account has been read; a stand-in's org has no pages."""
    (tmp_path / "hubspot-token").write_text(acme.settings.hubspot_token)
    account = {"url": f"{SIMULATOR}/acme/hubspot", "token_file": "hubspot-token"}
    entry = config_data["integrations"][0] | {"hubspot": account}
    acme.add_errors("other", "unknown", 1)
    async with start(load_config(write_config(config_data | {"integrations": [entry]}))) as service:
        transport = httpx.ASGITransport(service.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://exporter") as client:
            (before,) = (await client.get(URL, params={"integration": "acme"})).json()["errors"]
            (target,) = (one for one in service.poller.targets if one.source.name == "hubspot_account")
            await clock.pass_during(service.poller.poll(target))
            (after,) = (await client.get(URL, params={"integration": "acme"})).json()["errors"]
            answer = await client.get(URL, params={"integration": "acme", "format": "csv"})
    (row,) = csv.DictReader(io.StringIO(answer.text))
    link = f"https://app.hubspot.com/contacts/{acme.portal_id}/record/0-1/{after['hubspot_id']}"
    assert (before["hubspot_url"], before["salesforce_url"]) == (None, None)
    assert (after["hubspot_url"], after["salesforce_url"]) == (link, None)
    assert (row["hubspot_url"], row["salesforce_url"]) == (link, "")


async def test_the_file_is_kept_by_no_cache(http: httpx.AsyncClient, acme: Org) -> None:
    """It names the records of customers; and no browser may take it for something else than CSV."""
    acme.add_errors("other", "unknown", 1)
    answer = await http.get(URL, params={"integration": "acme", "format": "csv"})
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_one_type(http: httpx.AsyncClient, acme: Org) -> None:
    """Alone, or of its category; those without a known type too."""
    acme.add_errors("picklists", "option_limit_exceeded", 2)
    acme.add_errors("picklists", "a_new_type", 1)
    acme.add_errors("other", "unknown", 1)

    async def found(**named: str) -> list[str]:
        answer = await http.get(URL, params={"integration": "acme", **named})
        return [error["error_type"] for error in answer.json()["errors"]]

    assert await found(error_type="option_limit_exceeded") == ["option_limit_exceeded"] * 2
    assert await found(error_type="unknown", category="picklists") == ["a_new_type"]
    assert sorted(await found(error_type="unknown")) == ["a_new_type", "unknown"]
    assert await found(error_type="option_limit_exceeded", category="other") == []


async def test_as_csv(http: httpx.AsyncClient, acme: Org) -> None:
    """For a spreadsheet, with formulas made harmless."""
    acme.add_errors("picklists", "option_limit_exceeded", 1, details='=cmd|"x"')
    answer = await http.get(URL, params={"integration": "acme", "format": "csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert row["details"] == '\'=cmd|"x"'


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ({}, 400, "integration: missing; expected the name of an integration"),
        ({"integration": "gamma"}, 404, "integration: got 'gamma'"),
        ({"integration": "acme", "category": "weather"}, 400, "category: got 'weather'; expected one of associations"),
        ({"integration": "acme", "error_type": "rain"}, 400, "error_type: got 'rain'; expected unknown or one of"),
        ({"integration": "acme", "format": "xml"}, 400, "format: got 'xml'; expected json or csv"),
    ],
)
async def test_a_bad_question_is_explained(
    http: httpx.AsyncClient, query: dict[str, str], status: int, said: str
) -> None:
    """With the parameter and what was expected."""
    answer = await http.get(URL, params=query)
    assert answer.status_code == status
    assert said in answer.json()["error"]


async def test_a_bridge_that_is_down(http: httpx.AsyncClient, acme: Org) -> None:
    """502 with what it answered."""
    acme.faults.put(Fault("bridge", "server_error"))
    answer = await http.get(URL, params={"integration": "acme"})
    assert answer.status_code == 502
    assert "status 500" in answer.json()["error"]
