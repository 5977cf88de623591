"""HubSpot's limits on calls other than searches: so many in ten seconds, so many a day; and the headers that tell."""

from starlette.requests import Request
from starlette.responses import Response

from exporter.demo.simulator.gate import Handler, fault_refusal
from exporter.demo.simulator.org import Org


def limited(handler: Handler) -> Handler:
    """Searches have a limit of their own, and none of these headers."""

    async def admitted(org: Org, request: Request) -> Response:
        if not org.hubspot_calls.admit():
            raise fault_refusal("ten_secondly_limit")
        count_for_the_day(org)
        return await handler(org, request)

    return admitted


def count_for_the_day(org: Org) -> None:
    """One call of the account more; refusal 429 when it has none left today."""
    if not org.hubspot_day.admit():
        raise fault_refusal("daily_limit")


def with_limits(org: Org, response: Response) -> Response:
    """As private apps and service keys are told."""
    limit, day = org.hubspot_calls, org.hubspot_day
    response.headers["X-HubSpot-RateLimit-Max"] = str(limit.most)
    response.headers["X-HubSpot-RateLimit-Interval-Milliseconds"] = str(round(limit.seconds * 1000))
    response.headers["X-HubSpot-RateLimit-Remaining"] = str(limit.left)
    if org.tells_daily_calls:
        response.headers["X-HubSpot-RateLimit-Daily"] = str(day.limit)
        response.headers["X-HubSpot-RateLimit-Daily-Remaining"] = str(day.left)
    return response
