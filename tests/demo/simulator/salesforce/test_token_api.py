import base64
import json

import httpx
import pytest

from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.login_faults import LOGIN_FAULTS
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.salesforce.token_api import JWT_GRANT
from tests.demo.simulator.conftest import NOON, QUIET

URL = "/acme/salesforce/services/oauth2/token"
CLIENT = {
    "grant_type": "client_credentials",
    "client_id": QUIET.client_id,
    "client_secret": QUIET.client_secret,
}
CLAIMS = {"iss": QUIET.client_id, "sub": "monitoring@acme.example", "aud": "https://login", "exp": NOON + 180}


def assertion(**changes: object) -> dict[str, str]:
    def part(content: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

    return {"grant_type": JWT_GRANT, "assertion": f"{part({'alg': 'RS256'})}.{part(CLAIMS | changes)}.c2ln"}


@pytest.mark.parametrize("form", [CLIENT, assertion()])
async def test_a_login_opens_the_rest_api(client: httpx.AsyncClient, acme: Org, form: dict[str, str]) -> None:
    """Either grant gives a token and the address to use it at; logging in is no API call."""
    answer = (await client.post(URL, data=form)).json()
    assert (answer["token_type"], answer["instance_url"]) == ("Bearer", "http://simulator/acme/salesforce")
    assert "expires_in" not in answer
    assert acme.calls.used() == 0
    limits = await client.get(
        f"{answer['instance_url']}/services/data/v62.0/limits/",
        headers={"Authorization": f"Bearer {answer['access_token']}"},
    )
    assert limits.status_code == 200


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        (CLIENT | {"client_id": "else"}, 400, "invalid_client_id"),
        (CLIENT | {"client_secret": "else"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({}, 400, "unsupported_grant_type"),
        (assertion(iss="else"), 400, "invalid_client_id"),
        (assertion(sub="else"), 400, "invalid_grant"),
        (assertion(aud=""), 400, "invalid_grant"),
        (assertion(exp=NOON - 1), 400, "invalid_grant"),
        (assertion(exp=NOON + 3_600), 400, "invalid_grant"),
        (assertion(exp="soon"), 400, "invalid_grant"),
        ({"grant_type": JWT_GRANT, "assertion": "a.b"}, 400, "invalid_grant"),
        ({"grant_type": JWT_GRANT, "assertion": "a.!.c"}, 400, "invalid_grant"),
    ],
)
async def test_a_wrong_login_is_refused_with_an_object(
    client: httpx.AsyncClient, form: dict[str, str], status: int, error: str
) -> None:
    """The token endpoint tells errors as an object, unlike the REST API."""
    answer = await client.post(URL, data=form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["error_description"]


@pytest.mark.parametrize("name", LOGIN_FAULTS)
async def test_a_right_login_may_be_refused_for_many_reasons(client: httpx.AsyncClient, acme: Org, name: str) -> None:
    """Each by name, once, in the words Salesforce has for it; then it works again."""
    acme.faults.put(Fault("token", name, count=1))
    status, error, description = LOGIN_FAULTS[name]
    answer = await client.post(URL, data=CLIENT)
    assert (answer.status_code, answer.json()) == (
        status,
        {"error": error.lower(), "error_description": description},
    )
    assert (await client.post(URL, data=CLIENT)).status_code == 200
