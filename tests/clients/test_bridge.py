"""The Sync Health bridge: the page, the list of errors, the resync."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.clients.bridge import BridgeClient
from exporter.config.secret import Secret
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import Settings
from exporter.errors import AuthError, InvalidAnswer, RateLimited, ResyncRefused, ServerError, UpstreamError
from exporter.model import SyncError
from exporter.schemas.json_schema import first_problem
from tests.clients.canned import Canned, CannedTransport
from tests.clients.conftest import MakeUpstream, Sent
from tests.examples import examples

URL = "http://127.0.0.1:1/acme/bridge"


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    file = tmp_path / "bridge-token"
    file.write_text(Settings().bridge_token + "\n")
    return file


Client = Callable[[httpx.AsyncBaseTransport], BridgeClient]


@pytest.fixture
def client_over(token_file: Path, upstream_over: MakeUpstream) -> Client:
    """A client of acme's bridge over a transport; it reads at most five pages."""

    def make(transport: httpx.AsyncBaseTransport) -> BridgeClient:
        return BridgeClient(URL, Secret(file=token_file), upstream_over(transport), max_pages=5)

    return make


@pytest.fixture
def client(client_over: Client, transport: httpx.ASGITransport) -> BridgeClient:
    """A client of the simulated bridge."""
    return client_over(transport)


async def listed(client: BridgeClient, category: str = "other", error_type: str | None = None) -> list[SyncError]:
    return [error async for error in client.sync_errors(category, error_type)]


def page(*ids: str, after: Any = None) -> Canned:
    return Canned(200, {"results": [{"id": each, "category": "other"} for each in ids], "next_after": after})


class TestSyncHealth:
    async def test_the_page_is_asked_for_with_the_token(self, client_over: Client) -> None:
        """One GET with a bearer token; what comes back is handed on unchecked."""
        transport = CannedTransport(Canned(200, {"anything": None}))
        assert await client_over(transport).sync_health() == {"anything": None}
        (request,) = transport.requests
        assert (request.method, str(request.url)) == ("GET", f"{URL}/sync-health")
        assert request.headers["Authorization"] == f"Bearer {Settings().bridge_token}"
        assert request.headers["Accept"] == "application/json"

    async def test_a_bridge_may_need_no_token(self, upstream_over: MakeUpstream) -> None:
        """Without one configured none is sent."""
        transport = CannedTransport(Canned(200, {}))
        await BridgeClient(URL, None, upstream_over(transport)).sync_health()
        assert "Authorization" not in transport.requests[0].headers

    @pytest.mark.parametrize("content", [None, b"", b" \n", b"one\ntwo", b"caf\xc3\xa9", b"\xff", b"null\x00byte"])
    async def test_a_token_that_cannot_be_sent(
        self, client: BridgeClient, token_file: Path, sent: Sent, content: bytes | None
    ) -> None:
        """Gone, empty or not fit for a header: an AuthError that does not show it, and nothing is sent."""
        token_file.unlink() if content is None else token_file.write_bytes(content)
        with pytest.raises(AuthError) as caught:
            await client.sync_health()
        assert "one" not in str(caught.value)
        assert "caf" not in str(caught.value)
        assert sent.count == 0

    async def test_a_rotated_token_is_used_at_once(self, client: BridgeClient, token_file: Path) -> None:
        """The file is read for every request."""
        token_file.write_text("not-the-token")
        with pytest.raises(AuthError, match=r"^The bridge .* \(GET /acme/bridge/sync-health: status 401\)$"):
            await client.sync_health()
        token_file.write_text(Settings().bridge_token)
        assert await client.sync_health()

    @pytest.mark.parametrize(
        ("answer", "error", "requests"),
        [
            (Canned(401), AuthError, 1),
            (Canned(403, b"<html>"), AuthError, 1),
            (Canned(404, {}), InvalidAnswer, 1),
            (Canned(204, b""), InvalidAnswer, 1),
            (Canned(200, [1, 2]), InvalidAnswer, 1),
            (Canned(200, None), InvalidAnswer, 1),
            (Canned(200, b"<html>"), InvalidAnswer, 1),
            (Canned(200, b'{"as_of": NaN}'), InvalidAnswer, 1),
            (Canned(503, b"<html>"), ServerError, 3),
        ],
    )
    async def test_refusals(
        self, client_over: Client, sent: Sent, answer: Canned, error: type[UpstreamError], requests: int
    ) -> None:
        """Each is an error of its kind; only a server error is asked again."""
        with pytest.raises(error):
            await client_over(CannedTransport(answer)).sync_health()
        assert sent.count == requests

    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            (Canned(401, b"<html>401 Authorization Required</html>"), "does not take the token"),
            (Canned(403, {}), "does not take the token"),
            (Canned(302, b"", {"Location": "https://login.example/"}), "sends to login.example"),
            (Canned(200, b"<html>Sign in</html>"), "web page"),
            (Canned(200, b""), "an empty body"),
            (Canned(502, b"<html>Bad gateway</html>"), "web page"),
        ],
    )
    async def test_it_is_told_what_answered_instead(self, client_over: Client, answer: Canned, words: str) -> None:
        """A gateway's page, a login, nothing: in the words that every API's failures have."""
        with pytest.raises(UpstreamError, match=words):
            await client_over(CannedTransport(answer)).sync_health()

    @pytest.mark.parametrize("status", [401, 403, 404, 503])
    async def test_a_pause_is_kept_whatever_the_status(self, client_over: Client, status: int) -> None:
        """The next poll waits for it."""
        with pytest.raises(UpstreamError) as caught:
            await client_over(CannedTransport(Canned(status, {}, {"Retry-After": "600"}))).sync_health()
        assert caught.value.retry_after == 600


class TestSyncErrors:
    async def test_every_page_is_read(self, client: BridgeClient, acme: Org) -> None:
        """1,200 errors come in three pages, each once and in the bridge's order."""
        ids = acme.add_errors("other", "unknown", 1_200)
        assert [error.id for error in await listed(client)] == ids
        assert acme.requests == {"bridge.sync_errors": 3}

    async def test_category_and_type_are_asked_for(self, client: BridgeClient, acme: Org) -> None:
        """Errors of other categories and types stay out."""
        acme.add_errors("other", "unknown", 1)
        acme.add_errors("picklists", "mismatched_options", 2)
        (wanted,) = acme.add_errors("picklists", "option_limit_exceeded", 1)
        assert len(await listed(client, "picklists")) == 3
        assert [error.id for error in await listed(client, "picklists", "option_limit_exceeded")] == [wanted]

    async def test_an_error_names_its_record(self, client_over: Client) -> None:
        """By its HubSpot id, else its Salesforce id, else the error's own."""
        base = {"id": "e1", "category": "other", "error_type": None}
        results = [
            {**base, "object_type": "contacts", "hubspot_id": "101", "salesforce_id": "003"},
            {**base, "object_type": "deals", "hubspot_id": None, "salesforce_id": "006"},
            {**base, "object_type": None, "hubspot_id": ""},
            base,
        ]
        found = await listed(client_over(CannedTransport(Canned(200, {"results": results}))))
        assert [error.record for error in found] == ["contacts/101", "deals/006", "record/e1", "record/e1"]

    async def test_one_page(self, client: BridgeClient, acme: Org) -> None:
        """As long as it was asked for, of all categories where none is named, and where the next begins."""
        first, second = acme.add_errors("other", "unknown", 2)
        (third,) = acme.add_errors("picklists", "option_limit_exceeded", 1)
        page = await client.error_page(None, None, None, 2)
        assert ([error.id for error in page.errors], page.next_after) == ([first, second], second)
        page = await client.error_page(None, None, page.next_after, 2)
        assert ([error.id for error in page.errors], page.next_after) == ([third], None)
        assert [error.id for error in (await client.error_page("picklists", None, None, 2)).errors] == [third]

    @pytest.mark.parametrize("end", [None, ""])
    async def test_a_list_ends_without_a_cursor(self, client_over: Client, end: str | None) -> None:
        """Null, absent or empty: there is no next page."""
        transport = CannedTransport(page("e1", after="c1"), page("e2", after=end))
        assert [error.id for error in await listed(client_over(transport))] == ["e1", "e2"]
        assert [request.url.params.get("after") for request in transport.requests] == [None, "c1"]

    async def test_a_cursor_that_comes_back_ends_the_list(self, client_over: Client) -> None:
        """A bridge that goes in circles is not followed round and round."""
        transport = CannedTransport(page("e1", after="a"), page("e2", after="b"), page("e3", after="a"), page("e4"))
        assert [error.id for error in await listed(client_over(transport))] == ["e1", "e2", "e3"]

    async def test_a_list_without_end_is_given_up(self, client_over: Client, sent: Sent) -> None:
        """Always another cursor: after so many pages the answer counts as wrong."""
        pages = [page(f"e{number}", after=f"c{number}") for number in range(100)]
        with pytest.raises(InvalidAnswer, match="no end after 5 pages"):
            await listed(client_over(CannedTransport(*pages)))
        assert sent.count == 5

    @pytest.mark.parametrize(
        "entry",
        [
            {},
            {"id": "e1"},
            {"id": 1, "category": "other"},
            {"id": "", "category": "other"},
            {"id": "e" * 401, "category": "other"},
            {"id": "e\x00", "category": "other"},
            {"id": "\ud800", "category": "other"},
            {"id": "e1", "category": None},
            {"id": "e1", "category": "other", "hubspot_id": 101},
            {"id": "e1", "category": "other", "object_type": "x" * 100},
            [],
            None,
        ],
    )
    async def test_an_error_of_another_shape_is_refused(self, client_over: Client, entry: Any) -> None:
        """Nothing is resynced on a guess: ids that are none, or that no store can keep, are an InvalidAnswer."""
        with pytest.raises(InvalidAnswer, match=r"^GET /sync-errors: results\[0\]"):
            await listed(client_over(CannedTransport(Canned(200, {"results": [entry]}))))

    @pytest.mark.parametrize("body", [{}, {"results": None}, {"results": {}}, {"results": [], "next_after": 5}])
    async def test_a_page_of_another_shape_is_refused(self, client_over: Client, body: Any) -> None:
        """A page without a list, or with a cursor that is no text."""
        with pytest.raises(InvalidAnswer):
            await listed(client_over(CannedTransport(Canned(200, body))))

    @given(st.text(), st.text())
    @settings(derandomize=True, deadline=None, max_examples=examples(300))
    def test_what_is_accepted_can_be_stored_and_sent(self, error_id: str, hubspot_id: str) -> None:
        """Every id that passes fits its column, holds no NUL and is UTF-8."""
        entry = {"id": error_id, "category": "other", "hubspot_id": hubspot_id, "object_type": "x" * 99}
        if first_problem({"results": [entry]}, "bridge_sync_errors") is None:
            record = f"{entry['object_type']}/{hubspot_id or error_id}"
            assert len(record.encode("utf-8").decode()) <= 500
            assert "\x00" not in error_id + record


class TestResync:
    async def test_accepted_and_rejected(self, client: BridgeClient, acme: Org) -> None:
        """The bridge says which ids it took, and why not the others."""
        ids = acme.add_errors("other", "unknown", 2)
        answer = await client.resync([*ids, "e999"])
        assert answer.accepted == frozenset(ids)
        assert answer.rejected == {"e999": "not_found"}
        assert acme.resyncs.requests == 1

    async def test_the_request(self, client_over: Client) -> None:
        """A POST of the ids as JSON."""
        transport = CannedTransport(Canned(202, {"accepted": ["é"], "rejected": None}))
        await client_over(transport).resync(["é"])
        assert transport.requests[0].method == "POST"
        assert json.loads(transport.requests[0].content) == {"error_ids": ["é"]}

    async def test_a_rejection_without_a_reason(self, client_over: Client) -> None:
        """It is a rejection all the same."""
        body = {"accepted": [], "rejected": [{"id": "e1", "reason": None}, {"id": "e2"}]}
        answer = await client_over(CannedTransport(Canned(202, body))).resync(["e1", "e2"])
        assert answer.rejected == {"e1": "rejected", "e2": "rejected"}

    async def test_more_than_a_hundred_are_refused_by_the_bridge(self, client: BridgeClient, sent: Sent) -> None:
        """HubSpot's own limit; such a request is not repeated."""
        with pytest.raises(InvalidAnswer, match="status 400"):
            await client.resync([f"e{number}" for number in range(101)])
        assert sent.count == 1

    @pytest.mark.parametrize("fault", ["server_error", "unavailable_html", "rate_limited", "unauthorized", "cut_json"])
    async def test_it_is_never_retried_here(self, client: BridgeClient, acme: Org, sent: Sent, fault: str) -> None:
        """A resync whose answer was lost may have happened: the job behind it decides, not the client."""
        acme.faults.put(Fault("bridge", fault, retry_after=1))
        with pytest.raises(UpstreamError):
            await client.resync(["e1"])
        assert sent.count == 1

    @pytest.mark.parametrize(
        "body", [{}, {"accepted": "e1"}, {"accepted": [1]}, {"accepted": [], "rejected": ["e1"]}, []]
    )
    async def test_an_answer_of_another_shape(self, client_over: Client, body: Any) -> None:
        """What was taken is not guessed."""
        with pytest.raises(InvalidAnswer):
            await client_over(CannedTransport(Canned(202, body))).resync(["e1"])


# --- Clear Suspension


async def test_the_button_is_pressed(client: BridgeClient, acme: Org) -> None:
    """Nothing is said where it was taken, also when there was nothing to clear."""
    acme.suspend("salesforce_org_locked")
    assert await client.clear_suspension() is None
    assert acme.suspension is None
    assert await client.clear_suspension() is None


async def test_hubspots_reason_is_told_while_the_cause_holds(client: BridgeClient, acme: Org) -> None:
    """And the suspension stays."""
    acme.suspend("missing_field_mappings", cause_holds=True)
    assert await client.clear_suspension() == "missing_field_mappings"
    assert acme.suspension is not None


@pytest.mark.parametrize("body", [{}, [], {"reason": None}, b"no", {"reason": ""}])
async def test_a_conflict_without_a_reason_is_one(client_over: Client, body: Any) -> None:
    """The cause holds, whatever it is."""
    client = client_over(CannedTransport(Canned(409, body)))
    assert await client.clear_suspension() == "the cause still holds"


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_a_bridge_without_the_button_says_so(client_over: Client, status: int) -> None:
    """Asking again would not help: a person has to press it in HubSpot."""
    client = client_over(CannedTransport(Canned(status, {})))
    with pytest.raises(ResyncRefused, match="the bridge cannot clear suspensions"):
        await client.clear_suspension()


@pytest.mark.parametrize(("status", "error"), [(401, AuthError), (500, ServerError), (429, RateLimited)])
async def test_other_failures_of_the_button_are_those_of_any_call(
    client_over: Client, status: int, error: type[UpstreamError]
) -> None:
    """And it is pressed once."""
    transport = CannedTransport(Canned(status, {}))
    with pytest.raises(error):
        await client_over(transport).clear_suspension()
    assert len(transport.requests) == 1


async def test_a_wrong_path_is_told_with_its_key(client_over: Client) -> None:
    """Whose it is, and where it is configured."""
    with pytest.raises(InvalidAnswer, match=r"^127\.0\.0\.1 has nothing at this path: check sync_health\.url \(GET /"):
        await client_over(CannedTransport(Canned(404, {}))).sync_health()
