"""``GET /api/v1/openapi.json``: the document says what the API does, and the API does what it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from schemathesis.checks import CheckFunction
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks
from starlette.routing import Route

from exporter import __version__
from exporter.catalog.catalog import CATALOG
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.service import Service
from exporter.store.job import QUEUED, RUNNING
from exporter.web.api.openapi import document
from exporter.web.api.resyncs import STATES
from tests.conftest import WEBHOOK_TOKEN
from tests.examples import examples
from tests.remediation.at_work import permission_errors
from tests.remediation.bench import Bench
from tests.remediation.payloads import alert, notification, sync_errors
from tests.web.conftest import bearer, post_to
from tests.web.described import METHODS, strict

SCHEMA = schemathesis.openapi.from_dict(strict())
OPERATIONS = {read.ok().label: read.ok() for read in SCHEMA.get_all_operations() if isinstance(read, Ok)}
GUARDED = [name for name, operation in OPERATIONS.items() if "401" in operation.definition.raw["responses"]]
SENDS_SOMETHING = [
    name for name, each in OPERATIONS.items() if each.body or each.query or each.headers or each.path_parameters
]
TAKES_MORE_WORDS = (
    *("POST /api/v1/suspensions", "POST /alertmanager/webhook", "POST /alertmanager/webhook/"),
    "GET /metrics",
)
"""What else is asked of times, reasons and shards no schema can say."""

CHECKS: list[CheckFunction] = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.missing_required_header,
]


@pytest.fixture
async def lived(bench: Bench, api: httpx.AsyncClient, acme: Org) -> httpx.AsyncClient:
    """An exporter that has jobs of every kind: cured, partly failed, cancelled, waiting, running; and the rest of a
    ledger."""
    permission_errors(acme, 3)
    acme.add_errors("other", "unknown", 3)
    await post_to(api, notification(alert(), sync_errors("picklists"), alert(integration="gamma")))
    await bench.work()
    await bench.later(bench.verify_after)
    await bench.crew.prover.look()
    for body in ({"error_ids": ["e4"]}, {"categories": ["other"]}, {"everything": True}):
        await api.post("/api/v1/resyncs", json={"integration": "acme", **body}, headers=bearer(WEBHOOK_TOKEN))
    acme.faults.put(Fault("bridge", "server_error"))
    await bench.work()
    acme.faults.clear()
    await api.post("/api/v1/resyncs/2/cancel", headers=bearer(WEBHOOK_TOKEN))
    acme.suspend("salesforce_org_locked")
    await bench.poll()
    await post_to(api, notification(alert(integration="beta", fingerprint="b")))
    await bench.claim()
    return api


async def send(http: httpx.AsyncClient, case: schemathesis.Case[Any], token: str | None) -> httpx.Response:
    """As the case stands, with the right token or none."""
    prepared = requests.Request(**case.as_transport_kwargs(base_url="http://exporter")).prepare()
    headers = {name: str(value) for name, value in prepared.headers.items() if name.lower() != "authorization"}
    headers |= {} if token is None else bearer(token)
    return await http.send(
        httpx.Request(str(prepared.method), str(prepared.url), content=_body(prepared), headers=headers)
    )


def _body(prepared: requests.PreparedRequest) -> bytes | None:
    assert prepared.body is None or isinstance(prepared.body, str | bytes)
    return prepared.body.encode() if isinstance(prepared.body, str) else prepared.body


def known(data: st.DataObject, case: schemathesis.Case[Any]) -> None:
    """Every other time what is named is something that there is: by chance nobody would hit it."""
    if not data.draw(st.booleans(), label="named by its name"):
        return
    if isinstance(case.body, dict) and "integration" in case.body:
        case.body["integration"] = "acme"
    if "integration" in (case.query or {}):
        case.query["integration"] = "acme"
    if "id" in (case.path_parameters or {}):
        case.path_parameters["id"] = data.draw(st.integers(1, 5), label="id")


SETTINGS = settings(
    max_examples=examples(160),
    suppress_health_check=list(HealthCheck),
    # A case names itself; to make a smaller one of it takes minutes.
    phases=(Phase.explicit, Phase.generate),
)


@SETTINGS
@given(data=st.data())
async def test_every_answer_is_as_described(lived: httpx.AsyncClient, data: st.DataObject) -> None:
    """Status, type, headers and body, whatever is asked; what is described is taken."""
    for name, operation in OPERATIONS.items():
        case = data.draw(operation.as_strategy(), label=name)
        known(data, case)
        answer = await send(lived, case, WEBHOOK_TOKEN)
        assert answer.status_code < 500 or name == "GET /-/ready"
        assert answer.status_code != 400 or name in TAKES_MORE_WORDS, answer.text
        case.validate_response(answer, checks=CHECKS)


@settings(SETTINGS, max_examples=examples(80))
@given(data=st.data())
async def test_nothing_else_is_taken(lived: httpx.AsyncClient, data: st.DataObject) -> None:
    """And the answer to it is as described too."""
    for name in SENDS_SOMETHING:
        case = data.draw(OPERATIONS[name].as_strategy(GenerationMode.NEGATIVE), label=name)
        answer = await send(lived, case, WEBHOOK_TOKEN)
        assert answer.status_code < 500
        case.validate_response(answer, checks=CHECKS)


@SETTINGS
@given(data=st.data())
async def test_without_the_token_there_is_one_answer(lived: httpx.AsyncClient, data: st.DataObject) -> None:
    """401 as it is described, and nothing that would tell what there is."""
    token = data.draw(st.sampled_from([None, "hunter2"]))
    for name in GUARDED:
        case = data.draw(OPERATIONS[name].as_strategy(), label=name)
        known(data, case)
        answer = await send(lived, case, token)
        assert (answer.status_code, answer.json()) == (401, {"error": "a valid bearer token is needed"})
        case.validate_response(answer, checks=CHECKS[:4])


def routes(service: Service) -> Iterator[tuple[str, str]]:
    """Path and method; whoever answers GET answers HEAD too."""
    for route in service.app.routes:
        assert isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}:
            yield re.sub(r":\w+}", "}", route.path), method.lower()


def test_every_route_is_described_and_nothing_else(service: Service) -> None:
    """Of the whole HTTP side."""
    described = {(path, method) for path, item in document()["paths"].items() for method in METHODS & item.keys()}
    assert set(routes(service)) == described
    assert len(OPERATIONS) == len(described)


async def test_it_is_served(http: httpx.AsyncClient) -> None:
    """In one piece: every reference leads to something in it, and the version is the exporter's."""
    answer = await http.get("/api/v1/openapi.json")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    served = answer.json()
    assert (served["openapi"], served["info"]["version"]) == ("3.1.0", __version__)
    for reference in re.findall(r'"\$ref": ?"([^"]+)"', answer.text):
        place: Any = served
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def test_its_schemas_are_json_schemas() -> None:
    """Of the version that OpenAPI 3.1 names; what each requires it describes."""
    for name, schema in document()["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert set(schema.get("required", ())) <= set(schema.get("properties", ())), name


def test_only_what_needs_a_token_says_so() -> None:
    """Reading does not; and who writes is told what else can happen."""
    for path, item in document()["paths"].items():
        for method in METHODS & item.keys():
            operation, writes = item[method], method != "get" and path != "/-/reload"
            assert bool(operation.get("security")) == writes, (method, path)
            assert ("401" in operation["responses"]) == writes, (method, path)


def test_its_names_are_those_of_the_catalogue() -> None:
    """Categories, types, states."""
    schemas = document()["components"]["schemas"]
    order = schemas["ResyncRequest"]["properties"]
    assert schemas["Category"]["enum"] == list(CATALOG.category_names)
    assert order["categories"]["items"]["enum"] == list(CATALOG.selectable_categories)
    assert order["error_types"]["items"]["enum"] == list(CATALOG.selectable_types)
    assert schemas["State"]["enum"] == list(STATES)
    assert {QUEUED, RUNNING} <= set(STATES)
