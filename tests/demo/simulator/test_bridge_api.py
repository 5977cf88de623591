import httpx
import pytest

from exporter.demo.simulator.org import Org


async def test_a_healthy_integration(bridge: httpx.AsyncClient, acme: Org) -> None:
    """Calls, suspension and errors in the contract's form."""
    acme.use_api_calls("HubSpot", 41_200)
    acme.use_api_calls("Backup", 5)
    acme.add_errors("picklists", "restricted_picklist_value", 12, affected_records=2)
    assert (await bridge.get("sync-health")).json() == {
        "as_of": "2026-11-21T12:00:00.000Z",
        "api_calls": {"used_24h": 41_200, "allocated": 60_000, "limited_by_salesforce": 100_000},
        "suspension": {"suspended": False, "reason": None, "since": None},
        "errors": [
            {
                "category": "picklists",
                "error_type": "restricted_picklist_value",
                "errors": 12,
                "affected_records": 24,
            }
        ],
    }


async def test_a_suspended_integration(bridge: httpx.AsyncClient, acme: Org) -> None:
    """The reason and when it began."""
    acme.suspend("missing_field_mappings")
    assert (await bridge.get("sync-health")).json()["suspension"] == {
        "suspended": True,
        "reason": "missing_field_mappings",
        "since": "2026-11-21T12:00:00.000Z",
    }


async def test_parts_may_be_unknown(bridge: httpx.AsyncClient, acme: Org) -> None:
    """A bridge that cannot see a part says null."""
    acme.omitted_parts = frozenset({"api_calls"})
    content = (await bridge.get("sync-health")).json()
    assert content["api_calls"] is None
    assert content["errors"] == []


async def test_the_error_list_comes_in_pages(bridge: httpx.AsyncClient, acme: Org) -> None:
    """Following next_after shows each error once; the last page has none."""
    added = acme.add_errors("other", "unknown", 5)
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = (await bridge.get("sync-errors", params={"after": after, "limit": "2"})).json()
        seen += [error["id"] for error in page["results"]]
        after = page["next_after"]
    assert seen == added


async def test_an_error_line_has_all_the_contract_names(bridge: httpx.AsyncClient, acme: Org) -> None:
    """And only what was asked for is listed."""
    acme.add_errors("other", "unknown", 1)
    acme.add_errors("duplicates", "email_already_in_use", 1, object_type="companies", details="taken")
    query = {"category": "duplicates", "error_type": "email_already_in_use"}
    (line,) = (await bridge.get("sync-errors", params=query)).json()["results"]
    assert line == {
        "id": "e2",
        "category": "duplicates",
        "error_type": "email_already_in_use",
        "details": "taken",
        "object_type": "companies",
        "hubspot_id": "122",
        "salesforce_id": "001000000000122SIM",
        "affected_records": 1,
        "last_seen": "2026-11-21T12:00:00.000Z",
    }


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "many"}, {"after": "here"}])
async def test_a_wrong_page_is_refused(bridge: httpx.AsyncClient, query: dict[str, str]) -> None:
    """400 says which value."""
    answer = await bridge.get("sync-errors", params=query)
    (value,) = query.values()
    assert answer.status_code == 400
    assert repr(value) in answer.json()["error"]


async def test_a_resync_says_what_it_took(bridge: httpx.AsyncClient, acme: Org) -> None:
    """202 with accepted and rejected ids."""
    acme.add_errors("other", "unknown", 2)
    answer = await bridge.post("resync", json={"error_ids": ["e1", "e7"]})
    assert (answer.status_code, answer.json()) == (
        202,
        {"accepted": ["e1"], "rejected": [{"id": "e7", "reason": "not_found"}]},
    )


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"error_ids": "e1"}', b'{"error_ids": [1]}', b'{"error_ids": [' + b'"e1",' * 100 + b'"e1"]}'],
)
async def test_a_wrong_resync_is_refused(bridge: httpx.AsyncClient, acme: Org, body: bytes) -> None:
    """Also one of more than 100 ids; nothing happens."""
    acme.add_errors("other", "unknown", 1)
    answer = await bridge.post("resync", content=body)
    assert answer.status_code == 400
    assert len(acme.errors) == 1


async def test_clearing_works_once_the_cause_has_gone(bridge: httpx.AsyncClient, acme: Org) -> None:
    """409 with the reason before, 202 after, and 202 when there is nothing to clear."""
    acme.suspend("salesforce_org_locked", cause_holds=True)
    refused = await bridge.post("clear-suspension")
    acme.set_cause("salesforce_org_locked", holds=False)
    done = await bridge.post("clear-suspension")
    again = await bridge.post("clear-suspension")
    assert (refused.status_code, refused.json()) == (409, {"reason": "salesforce_org_locked"})
    assert (done.status_code, again.status_code) == (202, 202)


@pytest.mark.parametrize("headers", [{"Authorization": "Bearer else"}, {"Authorization": ""}])
async def test_a_token_is_needed(bridge: httpx.AsyncClient, headers: dict[str, str]) -> None:
    """401 without the bridge's token."""
    assert (await bridge.get("sync-health", headers=headers)).status_code == 401
