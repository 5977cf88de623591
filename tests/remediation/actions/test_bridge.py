"""Resync through the bridge: which errors are asked for, and what its answers mean."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from exporter.clients.bridge import BridgeClient
from exporter.clients.http.upstream import Upstream
from exporter.demo.simulator.org import Org
from exporter.errors import InvalidAnswer, RateLimited, ServerError, UpstreamError
from exporter.remediation.actions.bridge import BridgeResync
from tests.clocks import ManualClock
from tests.remediation.at_work import A_JOB

Answer = Callable[[httpx.Request], httpx.Response]


class Asked:
    """A bridge that answers as it is told, and remembers what it was asked."""

    def __init__(self, answer: Answer) -> None:
        self.requests: list[httpx.Request] = []
        self._answer = answer

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self._answer(request)


@pytest.fixture
async def action(clock: ManualClock) -> AsyncIterator[Callable[[Answer], BridgeResync]]:
    clients: list[httpx.AsyncClient] = []

    def made(answer: Answer) -> BridgeResync:
        http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
        clients.append(http)
        return BridgeResync(BridgeClient("http://bridge", None, Upstream(http, clock, lambda: None)))

    yield made
    for client in clients:
        await client.aclose()


Make = Callable[[Answer], BridgeResync]


def entry(error_id: str, category: str, error_type: str | None = None, **more: Any) -> dict[str, Any]:
    return {"id": error_id, "category": category, "error_type": error_type, **more}


def page(*entries: dict[str, Any], next_after: str | None = None) -> httpx.Response:
    return httpx.Response(200, json={"results": list(entries), "next_after": next_after})


async def test_a_single_type_is_asked_for_by_its_name(action: Make) -> None:
    """The bridge need not list the rest of the category."""
    bridge = Asked(lambda _request: page(entry("e1", "associations", "waiting_for_account_to_sync")))
    found = await action(bridge).find({("associations", "waiting_for_account_to_sync")})
    (request,) = bridge.requests
    assert dict(request.url.params)["error_type"] == "waiting_for_account_to_sync"
    assert [error.id for error in found] == ["e1"]


async def test_unknown_types_are_found_under_any_name(action: Make) -> None:
    """What is `unknown` here may have a name there: the whole category is asked for, then what counts is chosen."""
    listed = page(entry("e1", "other", "brand_new"), entry("e2", "other"), entry("e3", "other", "unknown"))
    bridge = Asked(lambda _request: listed)
    found = await action(bridge).find({("other", "unknown")})
    (request,) = bridge.requests
    assert "error_type" not in request.url.params
    assert [error.id for error in found] == ["e1", "e2", "e3"]


async def test_one_question_a_category(action: Make) -> None:
    """Types that were not ordered are left out of the answer."""
    listed = {
        "permissions": page(entry("e1", "permissions", "salesforce_field_permissions"), entry("e2", "permissions")),
        "other": page(entry("e3", "other")),
    }
    bridge = Asked(lambda request: listed[request.url.params["category"]])
    ordered = {
        ("permissions", "salesforce_field_permissions"),
        ("permissions", "insufficient_salesforce_access"),
        ("other", "unknown"),
    }
    found = await action(bridge).find(ordered)
    assert len(bridge.requests) == 2
    assert {error.id for error in found} == {"e1", "e3"}


async def test_an_error_on_two_pages_is_one(action: Make) -> None:
    """The list may move while it is read."""
    pages = {None: page(entry("e1", "other"), next_after="e1"), "e1": page(entry("e1", "other"), entry("e2", "other"))}
    bridge = Asked(lambda request: pages[request.url.params.get("after")])
    assert [error.id for error in await action(bridge).find({("other", "unknown")})] == ["e1", "e2"]


async def test_a_record_is_named_by_the_best_id_there_is(action: Make) -> None:
    """HubSpot's, else Salesforce's, else the error's own."""
    bridge = Asked(
        lambda _request: page(
            entry("e1", "other", object_type="contacts", hubspot_id="101", salesforce_id="003"),
            entry("e2", "other", object_type="deals", salesforce_id="006"),
            entry("e3", "other"),
        )
    )
    found = await action(bridge).find({("other", "unknown")})
    assert [error.record for error in found] == ["contacts/101", "deals/006", "record/e3"]


async def test_every_id_asked_for_gets_an_outcome(action: Make) -> None:
    """Accepted, rejected with or without a reason, not answered; ids nobody asked for are left out."""
    answer = {
        "accepted": ["e1", "e9"],
        "rejected": [{"id": "e2", "reason": "locked"}, {"id": "e3"}, {"id": "e8", "reason": "locked"}],
    }
    resync = action(lambda _request: httpx.Response(202, json=answer)).resync
    assert await resync(["e1", "e2", "e3", "e4"], A_JOB) == {
        "e1": None,
        "e2": "locked",
        "e3": "rejected",
        "e4": "not answered",
    }


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(400, json={"error": "too many"}), InvalidAnswer),
        (httpx.Response(429, headers={"Retry-After": "7"}), RateLimited),
        (httpx.Response(503, html="<html>"), ServerError),
        (httpx.Response(202, json={"rejected": []}), InvalidAnswer),
        (httpx.Response(202, json=[]), InvalidAnswer),
        (httpx.Response(202, text="{"), InvalidAnswer),
    ],
)
async def test_a_request_that_failed_is_sent_once(
    action: Make, answer: httpx.Response, error: type[UpstreamError]
) -> None:
    """Whether to send it again is for the job to say, which knows what is still to be done."""
    bridge = Asked(lambda _request: answer)
    with pytest.raises(error):
        await action(bridge).resync(["e1"], A_JOB)
    assert len(bridge.requests) == 1


async def test_no_more_than_the_bridge_takes(acme: Org) -> None:
    """HubSpot's limit is the size of a batch: one more would be refused."""
    with pytest.raises(ValueError, match="at most 100"):
        acme.resync(["e1"] * (BridgeResync.batch_size + 1))
    acme.resync(["e1"] * BridgeResync.batch_size)
