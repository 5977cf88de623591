"""Salesforce's token endpoint: client credentials and JWT bearer.

The signature of a JWT is not verified (that would need a cryptography library); its claims are.
"""

import base64
import binascii
import json
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from exporter.demo.simulator.gate import Gate, Refusal, json_refusal
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.world import World

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
MAX_ASSERTION_AGE = 180.0 + 60.0  # three minutes, and a minute for clocks that differ
_JWT_PARTS = 3


def routes(world: World) -> list[Route]:
    """`POST /{org}/salesforce/services/oauth2/token`"""
    gate = Gate(world, "token", write_refusal)
    return [gate.route("/{org}/salesforce/services/oauth2/token", "", token, ("POST",))]


def write_refusal(refusal: Refusal) -> Response:
    """`{"error": "invalid_grant", "error_description": "…"}`"""
    if refusal.code == "INVALID_SESSION_ID":  # where sessions begin there is none to be invalid
        refusal = Refusal(refusal.status, "invalid_client", "invalid client credentials")
    return json_refusal(refusal, {"error": refusal.code.lower(), "error_description": refusal.message})


async def token(org: Org, request: Request) -> Response:
    """A new session for the monitoring user."""
    form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
    grant = form.get("grant_type", "")
    if grant == "client_credentials":
        _check_client(org, form)
    elif grant == JWT_GRANT:
        _check_assertion(org, form.get("assertion", ""))
    else:
        raise Refusal(400, "unsupported_grant_type", "grant type not supported")
    base = f"{request.base_url}{org.name}/salesforce"
    return JSONResponse(
        {
            "access_token": org.sessions.issue(),
            "instance_url": base,
            "id": f"{base}/id/00D000000000001SIM/005000000000002SIM",
            "token_type": "Bearer",
            "issued_at": str(int(org.clock() * 1000)),
            "signature": "simulated",
        }
    )


def _check_client(org: Org, form: dict[str, str]) -> None:
    if form.get("client_id") != org.settings.client_id:
        raise Refusal(400, "invalid_client_id", "client identifier invalid")
    if form.get("client_secret") != org.settings.client_secret:
        raise Refusal(401, "invalid_client", "invalid client credentials")


def _check_assertion(org: Org, assertion: str) -> None:
    claims = _claims(assertion)
    now = org.clock() + org.clock_ahead
    ends = claims.get("exp")
    if claims.get("iss") != org.settings.client_id:
        raise Refusal(400, "invalid_client_id", "client identifier invalid")
    if claims.get("sub") != org.monitoring_user:
        raise Refusal(400, "invalid_grant", "user hasn't approved this consumer")
    if not claims.get("aud"):
        raise Refusal(400, "invalid_grant", "audience is invalid")
    if isinstance(ends, bool) or not isinstance(ends, int | float) or not now < ends <= now + MAX_ASSERTION_AGE:
        raise Refusal(400, "invalid_grant", "expired authorization code")


def _claims(assertion: str) -> dict[str, Any]:
    parts = assertion.split(".")
    if len(parts) != _JWT_PARTS:
        raise Refusal(400, "invalid_grant", "invalid assertion")
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError) as error:
        raise Refusal(400, "invalid_grant", "invalid assertion") from error
    if not isinstance(claims, dict):
        raise Refusal(400, "invalid_grant", "invalid assertion")
    return claims
