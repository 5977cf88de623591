"""How HubSpot's API says no: the form of its errors, and the scopes that a token lacks."""

import hmac
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from exporter.demo.simulator.gate import Refusal, bearer, json_refusal
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.state.records import OBJECT_TYPES

_CORRELATION_ID = "00000000-0000-4000-8000-000000000000"
_POLICIES = {code: code for code in ("DAILY", "TEN_SECONDLY_ROLLING", "SECONDLY")} | {"RATE_LIMIT": "SECONDLY"}
_CATEGORIES = dict.fromkeys(_POLICIES, "RATE_LIMIT") | {
    "INVALID_SESSION_ID": "INVALID_AUTHENTICATION",
    "JSON_PARSER_ERROR": "VALIDATION_ERROR",
}


class OutOfScope(Refusal):
    """The token lacks these scopes."""

    def __init__(self, *scopes: str) -> None:
        super().__init__(403, "MISSING_SCOPES", "This app hasn't been granted all required scopes.")
        self.scopes = scopes


def scope_of(object_type: str) -> str:
    """Which scope lets a token read objects of this type."""
    return f"crm.objects.{object_type}.read"


def check_token(org: Org, request: Request) -> None:
    """Refusal 401 for any token but the account's."""
    if not hmac.compare_digest(bearer(request).encode(), org.settings.hubspot_token.encode()):
        raise Refusal(401, "INVALID_AUTHENTICATION", "Authentication credentials not found or invalid.")


def write_refusal(refusal: Refusal) -> Response:
    """`{"status": "error", "message": "…", "correlationId": "…", "category": "…"}`, more for some categories."""
    category = _CATEGORIES.get(refusal.code, refusal.code)
    content: dict[str, Any] = {
        "status": "error",
        "message": refusal.message,
        "correlationId": _CORRELATION_ID,
        "category": category,
    }
    if not category:
        del content["category"]
    if category == "RATE_LIMIT":
        content |= {"errorType": "RATE_LIMIT", "policyName": _POLICIES[refusal.code]}
    if category == "MISSING_SCOPES":
        scopes: Sequence[str] = refusal.scopes if isinstance(refusal, OutOfScope) else list(map(scope_of, OBJECT_TYPES))
        asked = "One or more of the following scopes are required."
        content["errors"] = [{"message": asked, "context": {"requiredGranularScopes": list(scopes)}}]
        content["links"] = {"scopes": "https://developers.hubspot.com/scopes"}
    return json_refusal(refusal, content)
