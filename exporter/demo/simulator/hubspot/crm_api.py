"""HubSpot's public CRM API: search, batch update and batch read of contacts, companies and deals, and their properties.

It answers under `/crm/v3/objects/…` and under `/crm/objects/2026-09/…`, `/crm/v3/properties/…` likewise.
"""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from exporter.demo.simulator.clock import iso, seconds_of
from exporter.demo.simulator.gate import Gate, Handler, Refusal, fault_refusal, read_object
from exporter.demo.simulator.hubspot.limits import count_for_the_day, limited, with_limits
from exporter.demo.simulator.hubspot.properties import CANARY, definitions
from exporter.demo.simulator.hubspot.refusals import OutOfScope, check_token, scope_of, write_refusal
from exporter.demo.simulator.hubspot.search import BeyondLimit, as_json, read_search, run_search
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.state.records import Record
from exporter.demo.simulator.world import World

MOST_INPUTS = 100
READ = "crm.objects.{}.read"
_SINGULAR = {"contacts": "CONTACT", "companies": "COMPANY", "deals": "DEAL"}
_CRM = "/{org}/hubspot/crm/"
_BASES = (f"{_CRM}v3/objects", f"{_CRM}objects/2026-09")
_PROPERTIES = (f"{_CRM}v3/properties", f"{_CRM}properties/2026-09")


def routes(world: World) -> list[Route]:
    """Under both forms of version. Searches have a limit of their own, of which no header tells."""
    searches = Gate(world, "hubspot", write_refusal)
    calls = Gate(world, "hubspot", write_refusal, finish=with_limits)
    update = _authorized(limited(batch_update), "crm.objects.{}.write")
    read = _authorized(limited(batch_read), READ)
    listed = _authorized(limited(properties), "crm.schemas.{}.read")
    one = _authorized(limited(read_one), READ)
    return [
        *(
            searches.route(f"{base}/{{object_type}}/search", "search", _authorized(search, READ), ("POST",))
            for base in _BASES
        ),
        *(calls.route(f"{base}/{{object_type}}/batch/update", "batch_update", update, ("POST",)) for base in _BASES),
        *(calls.route(f"{base}/{{object_type}}/batch/read", "batch_read", read, ("POST",)) for base in _BASES),
        *(calls.route(f"{base}/{{object_type}}/{{record_id}}", "read", one) for base in _BASES),
        *(calls.route(f"{base}/{{object_type}}", "properties", listed) for base in _PROPERTIES),
    ]


def _authorized(handler: Handler, scope: str) -> Handler:
    """A handler behind the token and its scopes. HubSpot takes one of several for properties; here it is the one that
    was made for them."""

    async def guarded(org: Org, request: Request) -> Response:
        check_token(org, request)
        if request.path_params["object_type"] not in org.records.by_type:
            raise Refusal(400, "VALIDATION_ERROR", f"unknown object type: {request.path_params['object_type']}")
        if request.path_params["object_type"] in org.objects_out_of_scope:
            raise OutOfScope(scope_of(request.path_params["object_type"]))
        needed = scope.format(request.path_params["object_type"])
        if needed in org.missing_scopes:
            raise OutOfScope(needed)
        if request.path_params["object_type"] in org.locked_objects:
            raise fault_refusal("locked")
        return await handler(org, request)

    return guarded


async def properties(org: Org, _request: Request) -> Response:
    """Every property that is not archived; the simulated ones are alike for all object types."""
    return JSONResponse({"results": definitions(org)})


async def search(org: Org, request: Request) -> Response:
    """One page of a search; at most so many searches a second for the account."""
    if not org.searches.admit():
        raise Refusal(429, "SECONDLY", "You have reached your secondly limit.")
    count_for_the_day(org)
    body = await read_object(request)
    records = org.records.by_type[request.path_params["object_type"]]
    if org.settings.search_lag or org.settings.sync_written_late:
        indexed = org.clock() - org.settings.search_lag
        records = [record.as_of(indexed) for record in records if record.created <= indexed]
    try:
        found = run_search(read_search(body, org.absent_properties), records)
    except ValueError as error:
        raise Refusal(400, "VALIDATION_ERROR", f"There was a problem with the request: {error}") from error
    except BeyondLimit as error:
        # HubSpot says no more than this, and names no category.
        raise Refusal(400, "", "There was a problem with the request.") from error
    return JSONResponse(found)


async def batch_update(org: Org, request: Request) -> Response:
    """Write properties of up to 100 records: 200, or 207 when some were refused."""
    inputs = _inputs(await read_object(request))
    if not all(isinstance(one.get("properties"), dict) for one in inputs):
        raise Refusal(400, "VALIDATION_ERROR", "inputs must be a list of objects with id and properties")
    if any(one["id"] in org.batch_spoilers for one in inputs):
        raise Refusal(400, "VALIDATION_ERROR", "A validation rule refuses a record of the batch.")
    object_type = request.path_params["object_type"]
    records = _found(org, object_type, inputs)
    errors = []
    written = []
    for one in inputs:
        refused = _why_refused(org, records, one)
        if refused is not None:
            errors.append(refused)
        else:
            record = records[one["id"]]
            org.write_properties(record, {name: str(value) for name, value in one["properties"].items()})
            written.append(record)
    org.touches.note(len(inputs), [record.hubspot_id for record in written])
    return _batch_answer(org, [as_json(record, tuple(record.written)) for record in written], errors)


async def batch_read(org: Org, request: Request) -> Response:
    """Properties of up to 100 records: 200, or 207 with one error for all ids that there is no record of. A property
    that the account does not have is left out."""
    body = await read_object(request)
    wanted = body.get("properties", [])
    if not isinstance(wanted, list) or not all(isinstance(name, str) for name in wanted):
        raise Refusal(400, "VALIDATION_ERROR", "properties must be a list of names")
    inputs, object_type = _inputs(body), request.path_params["object_type"]
    records = _found(org, object_type, inputs)
    shown = tuple(name for name in wanted if name not in org.absent_properties)
    missing = list(dict.fromkeys(one["id"] for one in inputs if one["id"] not in records))
    kind = _SINGULAR[object_type]
    words = f"Could not get some {kind} objects, they may be deleted or not exist. Check that ids are valid."
    errors = [_batch_error("OBJECT_NOT_FOUND", words, *missing)] if missing else []
    return _batch_answer(org, [as_json(record, shown) for record in records.values()], errors)


async def read_one(org: Org, request: Request) -> Response:
    """A record: datetimes as HubSpot writes them, whatever was sent; earlier values of what is asked for, the newest
    first. One that was merged into another answers as that one."""
    record_id = org.records.in_salesforce.oddities.merged.get(
        request.path_params["record_id"], request.path_params["record_id"]
    )
    record = org.records.by_id.get(record_id)
    gone = record is None or record_id in org.records.in_salesforce.oddities.archived
    if record is None or gone or record.object_type != request.path_params["object_type"]:
        raise Refusal(404, "OBJECT_NOT_FOUND", "Object not found.  objectId are usually numeric.")

    def names(key: str) -> tuple[str, ...]:
        wanted = request.query_params.get(key, "").split(",")
        return tuple(name for name in wanted if name and name not in org.absent_properties)

    shown = as_json(record, names("properties"))
    shown["properties"] |= {name: iso_of(value) for name, value in shown["properties"].items() if name in CANARY}
    earlier = {name: _history(record, name) for name in names("propertiesWithHistory")}
    return JSONResponse({**shown, "propertiesWithHistory": earlier} if earlier else shown)


def _history(record: Record, name: str) -> list[dict[str, Any]]:
    return [
        {"value": iso_of(value), "timestamp": iso(when), "sourceType": source, "sourceId": None}
        for named, value, when, source in reversed(record.history)
        if named == name
    ]


def iso_of(value: str | None) -> str | None:
    """A datetime property as it is shown."""
    return value if value is None else iso(seconds_of(value))


def _inputs(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What a batch is about, each with its id."""
    inputs = body.get("inputs")
    if not isinstance(inputs, list) or not inputs or not all(_has_id(one) for one in inputs):
        raise Refusal(400, "VALIDATION_ERROR", "inputs must be a list of objects with id")
    if len(inputs) > MOST_INPUTS:
        raise Refusal(400, "VALIDATION_ERROR", f"at most {MOST_INPUTS} inputs in a batch")
    return inputs


def _has_id(one: Any) -> bool:
    return isinstance(one, dict) and isinstance(one.get("id"), str)


def _found(org: Org, object_type: str, inputs: list[Mapping[str, Any]]) -> dict[str, Record]:
    found = (org.records.by_id.get(one["id"]) for one in inputs)
    return {one.hubspot_id: one for one in found if one is not None and one.object_type == object_type}


def _batch_answer(org: Org, results: list[dict[str, Any]], errors: list[dict[str, Any]]) -> Response:
    content: dict[str, Any] = {
        "status": "COMPLETE",
        "results": results,
        "startedAt": iso(org.clock()),
        "completedAt": iso(org.clock()),
    }
    if errors:
        content |= {"numErrors": len(errors), "errors": errors}
    return JSONResponse(content, status_code=207 if errors else 200)


def _why_refused(org: Org, records: Mapping[str, Record], one: Mapping[str, Any]) -> dict[str, Any] | None:
    settings = org.settings
    unknown = set(one["properties"]) - (
        (settings.mapped_properties | settings.unmapped_properties) - org.absent_properties - org.read_only_properties
    )
    if one["id"] not in records:
        return _batch_error("OBJECT_NOT_FOUND", "Could not get some objects, they may be deleted.", one["id"])
    if unknown:
        return _batch_error(
            "VALIDATION_ERROR", f'Property "{min(unknown)}" does not exist or cannot be written', one["id"]
        )
    if one["id"] in org.refused_writes:
        return _batch_error("VALIDATION_ERROR", "A validation rule refuses the write.", one["id"])
    if org.locked_writes[one["id"]] > 0:
        org.locked_writes[one["id"]] -= 1
        return _batch_error("LOCKED", "The record is locked by other writes.", one["id"])
    return None


def _batch_error(category: str, message: str, *hubspot_ids: str) -> dict[str, Any]:
    """All that HubSpot's schema requires of an error in a batch, the empty parts too."""
    return {
        "status": "error",
        "category": category,
        "message": message,
        "context": {"ids": list(hubspot_ids)},
        "errors": [],
        "links": {},
    }
