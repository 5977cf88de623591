"""The strings behind the stage, without authentication: what an org is like, and what happens to it next.

`GET /control` names the orgs, `GET /control/{org}` shows one, `GET /control/{org}/resyncs` what was resynced,
`GET /control/{org}/outbox?after=` what e-mails HubSpot has written, `/outbox/{number}` one as it goes over the wire,
`POST /control/{org}/{verb}` does something (see `verbs`), `DELETE /control/{org}/fault` ends all faults.
"""

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from exporter.demo.simulator.clock import iso, iso_or_none
from exporter.demo.simulator.control.verbs import VERBS
from exporter.demo.simulator.gate import Refusal, json_refusal, read_object
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.world import World


class Control:
    """The handlers, each for the world it was made with."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        """Everything under `/control`."""
        return [
            Route("/control", self.names, methods=["GET"]),
            Route("/control/{org}", self.state, methods=["GET"]),
            Route("/control/{org}/resyncs", self.resyncs, methods=["GET"]),
            Route("/control/{org}/outbox", self.outbox, methods=["GET"]),
            Route("/control/{org}/outbox/{number:int}", self.mail, methods=["GET"]),
            Route("/control/{org}/fault", self.end_faults, methods=["DELETE"]),
            Route("/control/{org}/clear-suspension", self.clear_suspension, methods=["POST"]),
            Route("/control/{org}/{verb}", self.perform, methods=["POST"]),
        ]

    async def names(self, _request: Request) -> Response:
        """`{"orgs": [{"name": "acme", "instance": "SIM1"}]}`"""
        orgs = self._world.orgs.values()
        return JSONResponse({"orgs": [{"name": org.name, "instance": org.instance} for org in orgs]})

    async def state(self, request: Request) -> Response:
        """Everything worth seeing of an org."""
        org = self._org(request)
        return JSONResponse(state_of(org)) if org else _no_such_org(request)

    async def resyncs(self, request: Request) -> Response:
        """Resyncs by the bridge and, beside them, touches by batch update; a count for each record."""
        org = self._org(request)
        if org is None:
            return _no_such_org(request)
        return JSONResponse({**org.resyncs.as_json(), "touches": org.touches.as_json()})

    async def outbox(self, request: Request) -> Response:
        """`{"mails": [{"number": 1, "sent_at": "2026-11-21T10:00:00.000Z", "subject": "…"}]}`, those behind `after`."""
        org = self._org(request)
        if org is None:
            return _no_such_org(request)
        after = request.query_params.get("after", "0")
        if not after.isdecimal():
            return _error(400, f"after: {after!r} is no number of an e-mail")
        mails = org.outbox.after(int(after))
        return JSONResponse(
            {"mails": [{"number": m.number, "sent_at": iso(m.sent_at), "subject": m.subject} for m in mails]}
        )

    async def mail(self, request: Request) -> Response:
        """An e-mail as the mailbox gets it."""
        org = self._org(request)
        if org is None:
            return _no_such_org(request)
        mail = org.outbox.get(request.path_params["number"])
        if mail is None:
            return _error(404, f"no e-mail {request.path_params['number']}, or not any more")
        return Response(mail.raw, media_type="message/rfc822")

    async def end_faults(self, request: Request) -> Response:
        """All APIs of the org work again."""
        org = self._org(request)
        if org is None:
            return _no_such_org(request)
        org.faults.clear()
        return JSONResponse({"ok": True})

    async def clear_suspension(self, request: Request) -> Response:
        """As the bridge does it: 202, or 409 with the reason."""
        org = self._org(request)
        if org is None:
            return _no_such_org(request)
        reason = org.clear_suspension()
        return JSONResponse({"reason": reason} if reason else {}, status_code=409 if reason else 202)

    async def perform(self, request: Request) -> Response:
        """Do what the verb says. 400 names the verb or key that is wrong."""
        org = self._org(request)
        if org is None:
            return _no_such_org(request)
        verb = VERBS.get(request.path_params["verb"])
        if verb is None:
            known = ", ".join(sorted([*VERBS, "clear-suspension"]))
            return _error(400, f"unknown verb {request.path_params['verb']!r}; known: {known}")
        try:
            result = verb.perform(org, await read_object(request))
        except Refusal as refusal:
            return json_refusal(refusal, {"error": refusal.message})
        except ValueError as error:
            return _error(400, str(error))
        return JSONResponse({"ok": True, **(result or {})})

    def _org(self, request: Request) -> Org | None:
        return self._world.orgs.get(request.path_params["org"])


def _no_such_org(request: Request) -> Response:
    return _error(404, f"no org named {request.path_params['org']!r}")


def _error(status: int, message: str) -> Response:
    return JSONResponse({"error": message}, status_code=status)


def state_of(org: Org) -> dict[str, Any]:
    """An org as JSON; records and error lines only as counts."""
    suspension = org.suspension
    access = org.access
    return {
        "org": org.name,
        "instance": org.instance,
        "now": iso(org.clock()),
        "integration_user": org.integration_user,
        "monitoring_user": org.monitoring_user,
        "api_calls": {
            "limit": org.daily_limit,
            "used": org.calls.used(),
            "by_app": org.calls.by_app(),
            "allocated": org.allocation,
            "overage_allowed": org.overage_allowed,
            "window_seconds": org.calls.seconds,
        },
        "hubspot_calls": {"limit": org.hubspot_day.limit, "used": org.hubspot_day.used},
        "storage": {kind: {"used_mb": s.used_mb, "max_mb": s.max_mb} for kind, s in org.storage.items()},
        "suspension": {
            "suspended": suspension is not None,
            "reason": suspension and suspension.reason,
            "since": suspension and iso(suspension.since),
        },
        "errors": _errors(org),
        "causes": sorted(org.causes),
        "permissions": {
            "user_active": access.user_active,
            "user_frozen": access.user_frozen,
            "password_locked": access.password_locked,
            "api_enabled": access.api_enabled,
            "permission_set_assigned": access.permission_set_assigned,
            "package_installed": access.package_installed,
            "assignment": asdict(access.assignment),
            "missing": [*access.missing_objects(), *access.missing_fields()],
        },
        "records": {name: _records(org, name) for name in org.records.by_type},
        "waiting": len(org.records.waiting),
        "resyncing": len(org.resynced),
        "records_per_second": org.records_per_second,
        "hidden": sorted(org.hidden),
        "trust": org.trust,
        "faults": org.faults.as_json(),
        "requests": dict(org.requests),
        "resyncs": {"requests": org.resyncs.requests, "records": org.resyncs.records.total()},
        "touches": {"requests": org.touches.requests, "records": org.touches.records.total()},
    }


def _errors(org: Org) -> dict[str, Any]:
    return {
        "total": len(org.errors),
        "by_type": [
            {"category": category, "error_type": error_type, "errors": errors, "affected_records": records}
            for category, error_type, errors, records in org.errors.counts()
        ],
    }


def _records(org: Org, object_type: str) -> dict[str, Any]:
    records = org.records.by_type[object_type]
    return {
        "total": len(records),
        "linked": sum(record.salesforce_id is not None for record in records),
        "newest_change": iso_or_none(max((record.changed for record in records), default=None)),
        "newest_sync": iso_or_none(
            max((record.synced for record in records if record.synced is not None), default=None)
        ),
    }
