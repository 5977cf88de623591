"""A Salesforce org whose answers to the queries of a composite call a test says, object by object."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

Row = Mapping[str, Any]


def assigned(
    set_id: str,
    label: str,
    name: str | None = None,
    *,
    api: bool = False,
    profile: bool = False,
    session: bool = False,
    active_user: bool = True,
    **columns: Any,
) -> Row:
    """A row of PermissionSetAssignment; ``columns`` are its own: ``IsActive``, ``ExpirationDate`` …"""
    permission_set = {
        "Label": label,
        "Name": label.replace(" ", "_") if name is None else name,
        "IsOwnedByProfile": profile,
        "HasActivationRequired": session,
        "PermissionsApiEnabled": api,
    }
    row = {"PermissionSetId": set_id, "PermissionSet": permission_set, "Assignee": {"IsActive": active_user}}
    return {
        "PermissionSetGroupId": None,
        "ExpirationDate": None,
        "IsActive": True,
        "IsRevoked": False,
        **row,
        **columns,
    }


PROFILE = assigned("0PS1", "00ex00000018ozT", api=True, profile=True)


def right(set_id: str, name: str, *, read: bool = True, edit: bool = True) -> Row:
    """A row of ObjectPermissions, or for ``Contact.Email`` of FieldPermissions."""
    column = "Field" if "." in name else "SobjectType"
    return {"ParentId": set_id, column: name, "PermissionsRead": read, "PermissionsEdit": edit}


class Refusal(tuple[int, str, str]):
    """Status, code and message of a query that is refused."""


def no_such(table: str) -> Refusal:
    return Refusal((400, "INVALID_TYPE", f"sObject type '{table}' is not supported."))


class OrgAnswers(httpx.AsyncBaseTransport):
    """Rows or a refusal by object; an object that is not named has no rows. ``hidden`` columns are refused by name.

    ``asked`` holds the objects of each composite call; ``queries`` the last query of each. From the composite call of
    number ``fails_from`` on (the first is 0) all fail.
    """

    def __init__(self, hidden: Sequence[str] = (), **answers: Sequence[Row] | Refusal) -> None:
        place = {"InstanceName": "NA1", "IsSandbox": False}
        login = {"IsFrozen": False, "IsPasswordLocked": False}
        self.answers: dict[str, Sequence[Row] | Refusal] = {"Organization": [place], "UserLogin": [login], **answers}
        self.hidden = tuple(hidden)
        self.asked: list[tuple[str, ...]] = []
        self.queries: dict[str, str] = {}
        self.fails_from: float = float("inf")

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            return httpx.Response(200, json={"access_token": "00D", "instance_url": "https://acme.my.salesforce.com"})
        if len(self.asked) >= self.fails_from:
            return httpx.Response(500, json=[{"errorCode": "UNKNOWN_EXCEPTION", "message": "no"}])
        parts = json.loads(await request.aread())["compositeRequest"]
        queries = {part["referenceId"]: parse_qs(urlsplit(part["url"]).query)["q"][0] for part in parts}
        told = {name: self._table(query) for name, query in queries.items()}
        self.asked.append(tuple(told.values()))
        self.queries |= {table: queries[name] for name, table in told.items()}
        answered = [self._part(name, table, queries[name]) for name, table in told.items()]
        return httpx.Response(200, json={"compositeResponse": answered})

    @staticmethod
    def _table(query: str) -> str:
        found = re.search(r" FROM (\w+)", query)
        assert found
        return found[1]

    def _part(self, name: str, table: str, query: str) -> dict[str, Any]:
        answer = self.answers.get(table, ())
        missing = next((one for one in self.hidden if re.search(rf"[ .]{one}\b", query.partition(" FROM ")[0])), None)
        if missing:
            answer = Refusal(
                (400, "INVALID_FIELD", f"No such column '{missing}' on entity '{table}'. Append the '__c'.")
            )
        if isinstance(answer, Refusal):
            status, code, message = answer
            return {"referenceId": name, "httpStatusCode": status, "body": [{"errorCode": code, "message": message}]}
        body = {"totalSize": len(answer), "done": True, "records": list(answer)}
        return {"referenceId": name, "httpStatusCode": 200, "httpHeaders": {}, "body": body}
