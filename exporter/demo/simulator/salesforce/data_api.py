"""Salesforce's REST API: versions, limits, queries (plain and composite) and event log files.

Each data call needs a session, counts as one call of the monitoring app, and tells the org's use in a header. Which
versions there are is told to anybody.
"""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from exporter.demo.simulator.clock import seconds_of
from exporter.demo.simulator.gate import Gate, Handler, Refusal, bearer, json_refusal, read_object
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.salesforce.event_log import is_newest, log_file_csv
from exporter.demo.simulator.salesforce.soql.query import run_query
from exporter.demo.simulator.salesforce.soql.values import Problem
from exporter.demo.simulator.salesforce.tables import tables_of
from exporter.demo.simulator.spoiled import GONE, LOG_FILES
from exporter.demo.simulator.state.salesforce_records import FIELDS
from exporter.demo.simulator.sync.conditions import quota_used_up
from exporter.demo.simulator.world import World

MAX_SUBREQUESTS = 25
MAX_QUERIES = 5
_VERSIONS = "/{org}/salesforce/services/data"
_DATA = f"{_VERSIONS}/v{{version}}"
_SERVED = range(41, 69)


def routes(world: World) -> list[Route]:
    """The data calls, under `/{org}/salesforce/services/data/vXX.X`."""
    gate = Gate(world, "salesforce", write_refusal, finish=_with_limit_info)
    open_gate = Gate(world, "salesforce", write_refusal)
    log_file = f"{_DATA}/sobjects/EventLogFile/{{file_id}}/LogFile"
    return [
        *(open_gate.route(f"{_VERSIONS}{end}", "versions", versions) for end in ("", "/")),
        *(gate.route(f"{_DATA}/limits{end}", "limits", _data_call(limits)) for end in ("", "/")),
        *(gate.route(f"{_DATA}/query{end}", "query", _data_call(query)) for end in ("", "/")),
        *(gate.route(f"{_DATA}/composite{end}", "composite", _data_call(composite), ("POST",)) for end in ("", "/")),
        gate.route(log_file, "log_file", _data_call(log_file_content)),
        gate.route(f"{_DATA}/sobjects/{{object}}/describe", "describe", _data_call(describe)),
        gate.route(f"{_DATA}/sobjects/{{object}}/{{record_id}}", "update", _data_call(update), ("PATCH",)),
    ]


def write_refusal(refusal: Refusal) -> Response:
    """`[{"message": "…", "errorCode": "…"}]`"""
    return json_refusal(refusal, _errors(refusal.code, refusal.message))


def _errors(code: str, message: str) -> list[dict[str, str]]:
    return [{"message": message, "errorCode": code}]


def _with_limit_info(org: Org, response: Response) -> Response:
    response.headers["Sforce-Limit-Info"] = f"api-usage={org.calls.used()}/{org.daily_limit}"
    return response


def _data_call(handler: Handler) -> Handler:
    """A handler behind session and quota. A refused call does not count."""

    async def guarded(org: Org, request: Request) -> Response:
        if not org.sessions.knows(bearer(request)):
            raise Refusal(401, "INVALID_SESSION_ID", "Session expired or invalid")
        if not org.monitoring.api_scope:
            raise Refusal(401, "INVALID_SESSION_ID", "This session is not valid for use with the REST API")
        if not org.monitoring.api_enabled:
            raise Refusal(403, "API_DISABLED_FOR_ORG", "API is not enabled for this Organization or Partner")
        if quota_used_up(org):
            raise Refusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        org.calls.add(org.settings.monitoring_app)
        return await handler(org, request)

    return guarded


async def versions(_org: Org, _request: Request) -> Response:
    """`[{"label", "url", "version"}]`, the oldest first."""
    return JSONResponse(
        [
            {"label": f"Release {number}", "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
            for number in _SERVED
        ]
    )


async def limits(org: Org, _request: Request) -> Response:
    """Limits of the org; 0/0 beneath a limit says that an app has no quota of its own."""
    if not org.monitoring.view_setup:
        raise Refusal(403, "FORBIDDEN", "You do not have access to the requested resource")
    used = org.calls.by_app()
    no_quota = {"Max": 0, "Remaining": 0}
    content: dict[str, Any] = {
        "ActiveScratchOrgs": {"Max": 3, "Remaining": 3},
        "DailyApiRequests": {
            "Max": org.daily_limit,
            "Remaining": org.daily_limit - sum(used.values()),
            **dict.fromkeys(used, no_quota),
        },
        "PermissionSets": {"Max": 1500, "Remaining": 1498, "CreateCustom": {"Max": 1000, "Remaining": 998}},
        "SingleEmail": {"Max": 5000, "Remaining": 5000},
    }
    for name, kind in (("DataStorageMB", "data"), ("FileStorageMB", "file")):
        storage = org.storage[kind]
        if storage.used_mb is not None and storage.max_mb is not None:
            content[name] = {"Max": storage.max_mb, "Remaining": storage.max_mb - storage.used_mb}
    return JSONResponse(content)


async def query(org: Org, request: Request) -> Response:
    """`?q=SELECT …`"""
    try:
        return JSONResponse(_query(org, request.query_params.get("q", "")))
    except Problem as problem:
        raise Refusal(400, problem.code, str(problem)) from problem


async def composite(org: Org, request: Request) -> Response:
    """Up to 25 subrequests, up to 5 of them queries, for the price of one call."""
    parts = (await read_object(request)).get("compositeRequest")
    if not isinstance(parts, list) or not parts or not all(isinstance(part, dict) for part in parts):
        raise Refusal(400, "JSON_PARSER_ERROR", "compositeRequest must be a list of subrequests")
    if len(parts) > MAX_SUBREQUESTS:
        raise Refusal(400, "LIMIT_EXCEEDED", f"at most {MAX_SUBREQUESTS} subrequests in a composite request")
    if sum(_is_query(part) for part in parts) > MAX_QUERIES:
        raise Refusal(400, "LIMIT_EXCEEDED", f"at most {MAX_QUERIES} queries in a composite request")
    return JSONResponse({"compositeResponse": [_subresponse(org, part) for part in parts]})


async def log_file_content(org: Org, request: Request) -> Response:
    """The CSV of an event log file."""
    file_id = request.path_params["file_id"]
    content = log_file_csv(org, file_id)
    spoiled = org.spoiled_log_file if is_newest(org, file_id) else None
    if content is None or spoiled == GONE:
        raise Refusal(404, "NOT_FOUND", "The requested resource does not exist")
    if spoiled is not None:
        return LOG_FILES[spoiled](content.encode())
    return Response(content, media_type="text/csv")


async def describe(org: Org, request: Request) -> Response:
    """What the user may do with an object and with each of its fields."""
    name = request.path_params["object"]
    table = tables_of(org).get(name)
    if table is None:
        raise Refusal(404, "NOT_FOUND", "The requested resource does not exist")
    fields = [
        {
            "name": one,
            "calculated": False,
            "updateable": one in FIELDS and f"{name}.{one}" not in org.records.in_salesforce.oddities.uneditable,
        }
        for one in table.fields
    ]
    return JSONResponse(
        {"name": name, "updateable": name not in org.records.in_salesforce.oddities.uneditable, "fields": fields}
    )


async def update(org: Org, request: Request) -> Response:
    """Writes fields of a record: 204 without a body."""
    fields = await read_object(request)
    found = [one for one in org.records.by_id.values() if one.salesforce_id == request.path_params["record_id"]]
    if not found or found[0].salesforce_object != request.path_params["object"]:
        raise Refusal(404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible")
    unknown = [name for name in fields if name not in FIELDS or f"{found[0].salesforce_object}.{name}" in org.hidden]
    if unknown:
        where = f"No such column '{unknown[0]}' on sobject of type {found[0].salesforce_object}"
        raise Refusal(400, "INVALID_FIELD", where)
    fixed = [
        name
        for name in fields
        if f"{found[0].salesforce_object}.{name}" in org.records.in_salesforce.oddities.uneditable
    ]
    if fixed:
        raise Refusal(400, "INVALID_FIELD_FOR_INSERT_UPDATE", f"Unable to create/update fields: {fixed[0]}.")
    try:
        org.write_fields(found[0], {name: seconds_of(str(value)) for name, value in fields.items()})
    except ValueError as error:
        raise Refusal(400, "JSON_PARSER_ERROR", f"Cannot deserialize instance of datetime: {error}") from error
    return Response(status_code=204)


def _query(org: Org, text: str) -> dict[str, Any]:
    records = run_query(text, tables_of(org), org.clock())
    return {"totalSize": len(records), "done": True, "records": records}


def _is_query(part: dict[str, Any]) -> bool:
    return "/query" in urlsplit(str(part.get("url"))).path


def _subresponse(org: Org, part: dict[str, Any]) -> dict[str, Any]:
    status, body = _answer_part(org, part)
    return {
        "body": body,
        "httpHeaders": {},
        "httpStatusCode": status,
        "referenceId": part.get("referenceId"),
    }


def _answer_part(org: Org, part: dict[str, Any]) -> tuple[int, Any]:
    if part.get("method") != "GET" or not _is_query(part):
        return 400, _errors("INVALID_INPUT", f"not allowed in a composite request: {part.get('url')}")
    text = parse_qs(urlsplit(str(part["url"])).query).get("q", [""])[0]
    try:
        return 200, _query(org, text)
    except Problem as problem:
        return 400, _errors(problem.code, str(problem))
