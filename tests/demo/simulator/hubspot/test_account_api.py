from collections.abc import AsyncIterator

import httpx
import pytest

from exporter.demo.simulator.app import build_app
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import SECONDS_PER_DAY
from exporter.demo.simulator.world import World

USAGE = "api-usage/daily/private-apps"
NAMES = ("X-HubSpot-RateLimit-Daily", "X-HubSpot-RateLimit-Daily-Remaining")


@pytest.fixture
async def account(world: World, acme: Org) -> AsyncIterator[httpx.AsyncClient]:
    """A client of acme's HubSpot account information, with the token."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=build_app(world)),
        base_url="http://simulator/acme/hubspot/account-info/2026-09/",
        headers={"Authorization": f"Bearer {acme.settings.hubspot_token}"},
    ) as client:
        yield client


class TestDetails:
    async def test_the_account_is_named(self, account: httpx.AsyncClient, world: World) -> None:
        """Each company has its own."""
        told = (await account.get("details")).json()
        assert (told["portalId"], told["uiDomain"]) == (world.orgs["acme"].portal_id, "app.hubspot.com")
        assert world.orgs["beta"].portal_id != told["portalId"]

    async def test_the_token_is_asked_for(self, account: httpx.AsyncClient) -> None:
        """Any other is refused."""
        refused = await account.get("details", headers={"Authorization": "Bearer another"})
        assert (refused.status_code, refused.json()["category"]) == (401, "INVALID_AUTHENTICATION")


class TestUsage:
    async def test_it_tells_of_the_day(self, account: httpx.AsyncClient, acme: Org) -> None:
        """In the form of HubSpot's guide; the same again comes from a cache, while headers count on."""
        acme.use_hubspot_calls(10, limit=1_000)
        told = await account.get(USAGE)
        (entry,) = told.json()["results"]
        assert entry == {
            "name": "private-apps-api-calls-daily",
            "usageLimit": 1_000,
            "currentUsage": 11,
            "collectedAt": "2026-11-21T12:00:00.000Z",
            "fetchStatus": "SUCCESS",
            "resetsAt": "2026-11-22T00:00:00.000Z",
        }
        assert [told.headers[name] for name in NAMES] == ["1000", "989"]
        again = await account.get(USAGE)
        (entry,) = again.json()["results"]
        assert (entry["currentUsage"], entry["fetchStatus"]) == (11, "CACHED")
        assert [again.headers[name] for name in NAMES] == ["1000", "988"]

    async def test_a_day_ends_when_it_is_used_up(self, account: httpx.AsyncClient, acme: Org) -> None:
        """Searches count too, and are refused as well."""
        acme.use_hubspot_calls(0, limit=2)
        search = "http://simulator/acme/hubspot/crm/objects/2026-09/contacts/search"
        assert (await account.post(search, json={})).status_code == 200
        assert (await account.get(USAGE)).status_code == 200
        for refused in (await account.get(USAGE), await account.post(search, json={})):
            assert (refused.status_code, refused.json()["policyName"]) == (429, "DAILY")
        acme.hubspot_day.limit = 3
        assert (await account.get(USAGE)).json()["results"][0]["usageLimit"] == 3

    async def test_oauth_tokens_get_no_daily_headers(self, account: httpx.AsyncClient, acme: Org) -> None:
        """Only those of the ten seconds."""
        acme.tells_daily_calls = False
        told = await account.get(USAGE)
        assert not any(name in told.headers for name in NAMES)
        assert told.headers["X-HubSpot-RateLimit-Max"] == "190"


async def test_a_resource_out_of_scope(account: httpx.AsyncClient, acme: Org) -> None:
    """Its scope is named, the other answers."""
    acme.account_out_of_scope = frozenset({"api-usage"})
    refused = await account.get(USAGE)
    assert (refused.status_code, refused.json()["category"]) == (403, "MISSING_SCOPES")
    assert refused.json()["errors"][0]["context"] == {"requiredGranularScopes": ["oauth"]}
    assert (await account.get("details")).status_code == 200


def test_a_day_lasts_until_midnight(acme: Org) -> None:
    """Of UTC, in the simulated accounts."""
    assert acme.hubspot_day.resets_at % SECONDS_PER_DAY == 0
