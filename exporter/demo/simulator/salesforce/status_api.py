"""Salesforce Status (Trust), which needs no login: how the instance of an org is doing."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from exporter.demo.simulator.clock import iso
from exporter.demo.simulator.gate import Gate, Refusal, json_refusal
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.world import World


def routes(world: World) -> list[Route]:
    """`GET /status/v1/instances/{key}/status`"""
    gate = Gate(world, "status", write_refusal, find=_org_on_instance)
    return [gate.route("/status/v1/instances/{key}/status", "", status)]


def write_refusal(refusal: Refusal) -> Response:
    """`{"message": "…"}`"""
    return json_refusal(refusal, {"message": refusal.message})


def _org_on_instance(world: World, request: Request) -> Org | None:
    return world.by_instance.get(request.path_params["key"].upper())


async def status(org: Org, _request: Request) -> Response:
    """The status of the instance; anything but OK comes with an incident or a maintenance."""
    says = org.trust or ""
    event = {"id": 1, "createdAt": iso(org.clock()), "isCore": says.endswith("_CORE"), "message": says}
    maintenance = "MAINTENANCE" in says
    incident = says not in ("", "OK") and not maintenance
    return JSONResponse(
        {
            "key": org.instance,
            "location": "Simulated",
            "environment": "production",
            "status": org.trust,
            "isActive": True,
            "Incidents": [event] if incident else [],
            "Maintenances": [event] if maintenance else [],
        }
    )
