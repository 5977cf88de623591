"""Several queries in one Salesforce API call."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.clients.salesforce.client import SalesforceClient
from exporter.clients.salesforce.composite import Records, Refused, composite_body, composite_records
from exporter.clients.salesforce.soql import soql_text
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.errors import AuthError, InvalidAnswer, RateLimited, ServerError, UnknownColumn, UpstreamError
from tests.clients.canned import Canned, CannedTransport
from tests.clients.conftest import Client, Sent

LOGIN = Canned(200, {"access_token": "00Dtoken", "instance_url": "https://acme.my.salesforce.com"})
ORGANIZATION = "SELECT InstanceName FROM Organization"
USERS = "SELECT Username FROM User"


def part(name: str, body: Any, status: int = 200) -> dict[str, Any]:
    """A part as the REST API Developer Guide shows it (*Composite Subrequest Result*)."""
    return {"body": body, "httpHeaders": {}, "httpStatusCode": status, "referenceId": name}


def answer(*parts: dict[str, Any]) -> Canned:
    return Canned(200, {"compositeResponse": list(parts)})


def records(*rows: dict[str, Any], done: bool = True) -> dict[str, Any]:
    return {"totalSize": len(rows), "done": done, "records": list(rows)}


def rows(told: Records | Refused) -> tuple[Mapping[str, Any], ...]:
    """All there are."""
    assert isinstance(told, Records)
    assert told.done
    return told.rows


async def test_two_questions_are_one_call(client: SalesforceClient, acme: Org, sent: Sent) -> None:
    """The org counts one API call, and the records come by the names of the queries."""
    told = await client.composite({"where": ORGANIZATION, "who": USERS})
    assert [row["InstanceName"] for row in rows(told["where"])] == ["SIM1"]
    assert [row["Username"] for row in rows(told["who"])] == ["hubspot@acme.example"]
    assert acme.calls.used() == 1
    assert acme.requests == {"token": 1, "salesforce.composite": 1}
    assert sent.count == 2


async def test_the_body(client_over: Client) -> None:
    """Each query goes as a GET with an encoded URL, and one that fails leaves the others alone."""
    transport = CannedTransport(LOGIN, answer(part("a", records())))
    await client_over(transport).composite({"a": "SELECT Id FROM User WHERE Username = 'a+b@{c.d}&q=é'"})
    request = transport.requests[1]
    assert (request.method, request.url.path) == ("POST", "/services/data/v62.0/composite")
    body = json.loads(request.content)
    assert body["allOrNone"] is False
    (sent_part,) = body["compositeRequest"]
    url = urlsplit(sent_part["url"])
    assert (sent_part["method"], sent_part["referenceId"], url.path) == ("GET", "a", "/services/data/v62.0/query/")
    assert parse_qs(url.query) == {"q": ["SELECT Id FROM User WHERE Username = 'a+b@{c.d}&q=é'"]}
    # "@{…}" would be a reference to another part.
    assert "@" not in sent_part["url"]


async def test_more_records_are_said_to_be_there(client_over: Client) -> None:
    """A first batch is given as such; nobody takes it for the whole."""
    transport = CannedTransport(LOGIN, answer(part("a", records({"Id": "1"}, done=False))))
    assert (await client_over(transport).composite({"a": USERS}))["a"] == Records(({"Id": "1"},), done=False)


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (400, "INVALID_FIELD", InvalidAnswer),
        (400, "INVALID_TYPE", InvalidAnswer),
        (400, "UNABLE_TO_LOCK_ROW", ServerError),
        (403, "REQUEST_LIMIT_EXCEEDED", RateLimited),
        (403, "API_DISABLED_FOR_ORG", AuthError),
        (500, "UNKNOWN_EXCEPTION", ServerError),
    ],
)
async def test_a_part_that_failed(client_over: Client, status: int, code: str, error: type[UpstreamError]) -> None:
    """The outer 200 proves nothing: a part that failed has the error of a refusal alone, the other its records."""
    refused = part("b", [{"message": "TotalRequests secret detail", "errorCode": code}], status)
    transport = CannedTransport(LOGIN, answer(part("a", records()), refused))
    told = await client_over(transport).composite({"a": USERS, "b": ORGANIZATION})
    assert told["a"] == Records((), done=True)
    met = told["b"]
    assert isinstance(met, Refused)
    assert isinstance(met.error, error)
    assert met.error.code == code
    assert f"composite, query b: status {status} {code}" in str(met.error)
    assert "secret detail" not in str(met.error)


@pytest.mark.parametrize(
    "broken",
    [
        {"referenceId": "b"},
        part("b", None),
        part("b", {"records": []}),
        part("b", {"records": ["x"], "done": True}),
        part("b", records()) | {"httpStatusCode": "200"},
        part("b", "<html>", 500),
        part("c", records()),
        {"referenceId": None},
    ],
)
async def test_a_part_of_another_shape_costs_itself(client_over: Client, broken: dict[str, Any]) -> None:
    """Or one that is not there: the records of the other are given."""
    told = await client_over(CannedTransport(LOGIN, answer(part("a", records()), broken))).composite(
        {"a": USERS, "b": ORGANIZATION}
    )
    assert told["a"] == Records((), done=True)
    assert isinstance(told["b"], Refused)


async def test_when_all_parts_failed_the_first_is_raised(client_over: Client) -> None:
    """Then it is as if the one question had been asked that has no answer."""
    refused = [part(name, [{"message": "no", "errorCode": "INVALID_TYPE"}], 400) for name in ("a", "b")]
    with pytest.raises(InvalidAnswer, match="composite, query a: status 400 INVALID_TYPE"):
        await client_over(CannedTransport(LOGIN, answer(*refused))).composite({"a": USERS, "b": ORGANIZATION})


async def test_a_query_salesforce_does_not_understand(client: SalesforceClient) -> None:
    """The simulator refuses a part with Salesforce's code; the column that it misses is told."""
    told = await client.composite({"where": ORGANIZATION, "bad": "SELECT Colour FROM User"})
    met = told["bad"]
    assert isinstance(met, Refused)
    assert isinstance(met.error, UnknownColumn)
    assert (met.error.code, met.error.column) == ("INVALID_FIELD", "Colour")


async def test_an_expired_session_is_renewed_once(client: SalesforceClient, acme: Org) -> None:
    """A composite request is asked again after a new login, as any other."""
    await client.composite({"where": ORGANIZATION})
    acme.sessions.expire_all()
    await client.composite({"where": ORGANIZATION})
    assert acme.requests == {"token": 2, "salesforce.composite": 3}


async def test_a_session_that_expires_within(client_over: Client) -> None:
    """The same when it is a part that says so."""
    expired = part("a", [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}], 401)
    read = answer(part("a", records()))
    client = client_over(CannedTransport(LOGIN, read, answer(expired), LOGIN, read))
    for _ in range(2):
        assert (await client.composite({"a": USERS}))["a"] == Records((), done=True)


async def test_a_refusal_of_the_whole(client: SalesforceClient, acme: Org) -> None:
    """A fault of the request itself is one of the usual errors."""
    acme.faults.put(Fault("salesforce", "quota"))
    with pytest.raises(RateLimited):
        await client.composite({"where": ORGANIZATION})


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"compositeResponse": None},
        {"compositeResponse": []},
        {"compositeResponse": [None]},
        {"compositeResponse": [part("b", records())]},
        {"compositeResponse": [part("a", None)]},
        {"compositeResponse": [part("a", {"records": []})]},
        {"compositeResponse": [part("a", {"records": None, "done": True})]},
        {"compositeResponse": [part("a", {"records": ["x"], "done": True})]},
        {"compositeResponse": [part("a", {"records": [], "done": "true"})]},
        {"compositeResponse": [part("a", records()) | {"httpStatusCode": "200"}]},
        {"compositeResponse": [part("a", records()) | {"httpStatusCode": True}]},
        {"compositeResponse": [part("a", None, 400)]},
        {"compositeResponse": [part("a", "<html>", 404)]},
    ],
)
async def test_another_shape_is_refused(client_over: Client, body: Any) -> None:
    """Half an answer, or a part without one, is an InvalidAnswer."""
    with pytest.raises(InvalidAnswer, match="composite"):
        await client_over(CannedTransport(LOGIN, Canned(200, body))).composite({"a": USERS})


@pytest.mark.parametrize("count", [0, 6])
async def test_as_many_queries_as_fit(client: SalesforceClient, acme: Org, count: int) -> None:
    """None or more than five are a mistake of ours, and nothing is sent."""
    with pytest.raises(ValueError, match="from 1 to 5 fit"):
        await client.composite({f"q{number}": USERS for number in range(count)})
    assert acme.requests == {}


def test_half_a_character_can_be_asked_for() -> None:
    """JSON and YAML can name a lone surrogate, which no URL can carry; nothing has such a name."""
    (part,) = composite_body({"a": soql_text("\ud800")}, "62.0")["compositeRequest"]
    assert part["url"].endswith("?q=%27%3F%27")


@given(st.text())
@settings(derandomize=True, deadline=None, max_examples=300)
def test_any_value_stays_within_its_quotes(value: str) -> None:
    """Unescaped, a literal is the value again, and no quote ends it early."""
    literal = soql_text(value)
    assert re.fullmatch(r"'(?:[^'\\]|\\.)*'", literal, re.DOTALL)
    assert re.sub(r"\\(.)", r"\1", literal[1:-1], flags=re.DOTALL) == value
    composite_body({"a": literal}, "62.0")


parts: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "body": st.none()
        | st.fixed_dictionaries({"records": st.lists(st.just({})), "done": st.booleans() | st.none()}),
        "httpStatusCode": st.sampled_from([200, 200.0, 400, 500, 10**30, -1, None, "200"]),
        "referenceId": st.sampled_from(["a", "b", None]),
    }
)


@given(st.fixed_dictionaries({"compositeResponse": st.lists(parts, max_size=3)}) | st.lists(st.text(), max_size=2))
@settings(derandomize=True, deadline=None, max_examples=300)
def test_any_answer_is_read_or_refused(body: Any) -> None:
    """Nothing but an UpstreamError comes out of reading it."""
    try:
        told = composite_records(body, "POST /composite", ["a"], lambda refused: InvalidAnswer(str(refused.status)))
    except UpstreamError:
        return
    assert isinstance(told["a"], Records)
