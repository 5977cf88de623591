"""What somebody in front of an API answers instead of it: maintenance pages, redirects, an edge, a portal.

The forms are those that people report; the texts are made up."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from exporter.demo.simulator.faults import Fault

OUTAGE_PAGE = "<html><head><title>Service unavailable</title></head><body>Try again later.</body></html>"
MAINTENANCE_PAGE = (
    "<!DOCTYPE html>\n<html><head></head>"
    "<body><b>We are down for maintenance.</b><br>We expect to return soon.</body></html>"
)
LOGIN_PAGE = (
    "<!DOCTYPE html>\n<html><head><title>Guest network</title></head>"
    '<body><form>Sign in to go on. <input name="password" type="password"></form></body></html>'
)
EDGE_PAGE = "<!DOCTYPE html>\n<html><head><title>{status}: the origin gave no answer</title></head></html>"
UNKNOWN_TO_THE_EDGE = 520


def _redirected(url: str) -> Response:
    return RedirectResponse(url, status_code=302)


def _edge_page(fault: Fault) -> Response:
    status = UNKNOWN_TO_THE_EDGE if fault.api == "hubspot" else 502
    return HTMLResponse(EDGE_PAGE.format(status=status), status_code=status)


_ANSWERS: dict[str, Callable[[Fault, Request], Response]] = {
    "unavailable_html": lambda _fault, _request: HTMLResponse(OUTAGE_PAGE, status_code=503),
    "maintenance_page": lambda _fault, _request: HTMLResponse(MAINTENANCE_PAGE),
    "maintenance_redirect": lambda _fault, _request: _redirected("https://maintenance.salesforce.com/maintenance.html"),
    "moved_domain": lambda _fault, request: _redirected(
        f"https://{request.path_params.get('org', 'org')}--moved.my.salesforce.com{request.url.path}"
    ),
    "edge_without_routing": lambda _fault, _request: Response(status_code=420),
    "edge_html": lambda fault, _request: _edge_page(fault),
    "web_page": lambda _fault, _request: HTMLResponse(LOGIN_PAGE),
}


def answer_in_between(fault: Fault, request: Request) -> Response | None:
    """The answer of whoever stands in front, `None` if the API itself may go on."""
    write = _ANSWERS.get(fault.fault)
    if write is None:
        return None
    response = write(fault, request)
    if fault.retry_after is not None:
        response.headers["Retry-After"] = str(fault.retry_after)
    return response
