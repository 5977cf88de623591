"""HubSpot's account information: which account it is, and the API calls of its day.

It answers under `/account-info/v3/…` and under `/account-info/2026-09/…`, and `2026-03` likewise.
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from exporter.demo.simulator.clock import iso
from exporter.demo.simulator.gate import Gate, Handler
from exporter.demo.simulator.hubspot.limits import limited, with_limits
from exporter.demo.simulator.hubspot.refusals import OutOfScope, check_token, write_refusal
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.state.org_state import ACCOUNT_RESOURCES
from exporter.demo.simulator.world import World

DETAILS, API_USAGE = ACCOUNT_RESOURCES
_BASES = tuple(f"/{{org}}/hubspot/account-info/{version}" for version in ("v3", "2026-03", "2026-09"))


def routes(world: World) -> list[Route]:
    """Both resources, under each version."""
    gate = Gate(world, "hubspot", write_refusal, finish=with_limits)
    details, usage = _guarded(DETAILS, account_details), _guarded(API_USAGE, api_usage)
    return [
        *(gate.route(f"{base}/details", "account", details) for base in _BASES),
        *(gate.route(f"{base}/api-usage/daily/private-apps", "account", usage) for base in _BASES),
    ]


def _guarded(resource: str, handler: Handler) -> Handler:
    admitted = limited(handler)

    async def guarded(org: Org, request: Request) -> Response:
        check_token(org, request)
        if resource in org.account_out_of_scope:
            raise OutOfScope("oauth")
        return await admitted(org, request)

    return guarded


async def account_details(org: Org, _request: Request) -> Response:
    """All that HubSpot's schema requires."""
    return JSONResponse(
        {
            "portalId": org.portal_id,
            "accountType": "DEVELOPER_TEST",
            "timeZone": "UTC",
            "companyCurrency": "EUR",
            "additionalCurrencies": [],
            "utcOffset": "+00:00",
            "utcOffsetMilliseconds": 0,
            "uiDomain": "app.hubspot.com",
            "dataHostingLocation": "na1",
        }
    )


async def api_usage(org: Org, _request: Request) -> Response:
    """The one limit there is: of all private apps together, as it was when it was last counted."""
    day = org.hubspot_day
    collected = day.collected()
    entry = {
        "name": "private-apps-api-calls-daily",
        "usageLimit": day.limit,
        "currentUsage": collected.used,
        "collectedAt": iso(collected.at),
        "fetchStatus": "SUCCESS" if collected.fresh else "CACHED",
        "resetsAt": iso(day.resets_at),
    }
    return JSONResponse({"results": [entry]})
