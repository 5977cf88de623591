"""Grafana: folders and dashboards, put there as a service account may.

Facts: HTTP API of Grafana 9 to 13. ``GET /api/health`` → ``{"database": "ok", "version": …}``, without a token.
``GET /api/folders/{uid}`` → ``{"uid", "title"}`` or 404; ``GET /api/folders?limit=1000`` → a list of them;
``POST /api/folders`` ``{"uid", "title"}`` → 200. ``GET /api/dashboards/uid/{uid}`` → ``{"dashboard": {…}, "meta":
{"folderUid", "provisioned", …}}`` or 404; ``POST /api/dashboards/db`` ``{"dashboard", "folderUid", "message",
"overwrite"}`` → 200 ``{"uid", "url", "status", "version"}``, 400 for a bad one or one that files provision, 412 where
another one is in its place. Every refusal has ``{"message"}``. 403 wants ``folders:create``, ``folders:read``,
``dashboards:create``, ``dashboards:read``, ``dashboards:write``: the role *Editor* has them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from exporter.clients.http.answer import Answer
from exporter.clients.http.connect_failure import in_flags
from exporter.clients.http.secrets import sendable_token
from exporter.clients.http.upstream import Upstream
from exporter.config.secret import Secret
from exporter.errors import ConnectError, UpstreamError, UsageError

LONGEST_UID = 40

_NO_GRAFANA = "no Grafana is at {url}: check the address, and the path in front of /api that Grafana is served below"
_MESSAGE_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Placed:
    """A dashboard as Grafana has it: what it holds, and the uid of its folder, empty for none."""

    dashboard: Mapping[str, Any]
    folder: str
    provisioned: bool


class GrafanaClient:
    """``token`` is a service account's. What somebody has to change is a ``UsageError``, the rest ``UpstreamError``."""

    def __init__(self, url: str, token: Secret, upstream: Upstream) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._upstream = upstream

    async def check(self) -> None:
        """That a Grafana is there. The token is not sent before one is."""
        answer = await self._call("GET", "/api/health", None, headers={})
        if answer.status != HTTPStatus.OK or "database" not in answer.object:
            where = f", which sends to {answer.sent_to}" if answer.sent_to else ""
            raise UsageError(f"{_NO_GRAFANA.format(url=self._url)} ({answer.told()}{where})")

    async def folder(self, named: str) -> str:
        """The uid of a folder of this uid or title, which is made where there is none."""
        uid = uid_of(named)
        by_uid = await self._call("GET", f"/api/folders/{quote(uid, safe='')}", "read folders")
        if by_uid.status == HTTPStatus.OK:
            return uid
        if by_uid.status != HTTPStatus.NOT_FOUND:
            raise self._refusal(by_uid, "read folders")
        listed = self._good(await self._call("GET", "/api/folders?limit=1000", "read folders"), "read folders").json()
        for folder in listed if isinstance(listed, list) else []:
            if isinstance(folder, dict) and folder.get("title") == named and isinstance(folder.get("uid"), str):
                return str(folder["uid"])
        # Sent once: of a second one it would say that there is one.
        made = await self._call(
            "POST", "/api/folders", "make a folder", json_body={"uid": uid, "title": named}, retry=False
        )
        return str(self._good(made, "make a folder").object.get("uid") or uid)

    async def dashboard(self, uid: str) -> Placed | None:
        """The one of this uid, ``None`` if there is none."""
        answer = await self._call("GET", f"/api/dashboards/uid/{quote(uid, safe='')}", "read dashboards")
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        told = self._good(answer, "read dashboards").object
        found, meta = told.get("dashboard"), told.get("meta")
        if not isinstance(found, dict) or not isinstance(meta, dict):
            raise UsageError(_NO_GRAFANA.format(url=self._url))
        return Placed(found, str(meta.get("folderUid") or ""), bool(meta.get("provisioned")))

    async def save(self, dashboard: Mapping[str, Any], folder: str, message: str) -> None:
        """Writes it, in the place of whatever has its uid."""
        body = {"dashboard": {**dashboard, "id": None}, "folderUid": folder, "message": message, "overwrite": True}
        what = f"write the dashboard {dashboard['title']}"
        self._good(await self._call("POST", "/api/dashboards/db", what, json_body=body), what)

    async def _call(
        self,
        method: str,
        path: str,
        what: str | None,
        *,
        headers: Mapping[str, str] | None = None,
        json_body: Any = None,
        retry: bool = True,
    ) -> Answer:
        """An answer that may be good; raises for what is the matter whatever was asked."""
        if headers is None:
            headers = {"Authorization": "Bearer " + sendable_token(self._token, "service account's")}
        try:
            return await self._upstream.call(
                method,
                self._url + path,
                self._judge(what),
                headers={"Accept": "application/json", **headers},
                json_body=json_body,
                retry=retry,
            )
        except ConnectError as error:
            raise error.retold(in_flags(str(error))) from error

    def _judge(self, what: str | None) -> Callable[[Answer], Answer]:
        def judged(answer: Answer) -> Answer:
            # What may pass is raised here, so that it is tried again.
            if answer.status == HTTPStatus.TOO_MANY_REQUESTS or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise self._upstream.failure(answer)
            if what is not None and (answer.sent_to or answer.is_web_page):
                raise UsageError(f"{_NO_GRAFANA.format(url=self._url)} ({answer.told()})")
            return answer

        return judged

    def _good(self, answer: Answer, what: str) -> Answer:
        if answer.status != HTTPStatus.OK:
            raise self._refusal(answer, what)
        return answer

    def _refusal(self, answer: Answer, what: str) -> UsageError | UpstreamError:
        says = _message(answer)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            return UsageError(
                f"Grafana does not take the token of {self._token}{says}: make one under Administration → Users and "
                "access → Service accounts"
            )
        if answer.status == HTTPStatus.FORBIDDEN:
            return UsageError(
                f"Grafana's service account may not {what}{says}: give it the role Editor, or the right "
                "to edit the folder"
            )
        if answer.status in (HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED):
            return UsageError(
                f"Grafana does not {what}, as another one is in its place{says}: rename or remove that, or name "
                "another --folder"
            )
        if answer.status == HTTPStatus.BAD_REQUEST:
            return UsageError(f"Grafana does not {what}{says}")
        if answer.status == HTTPStatus.NOT_FOUND:
            return UsageError(f"{_NO_GRAFANA.format(url=self._url)} ({answer.told()})")
        return self._upstream.failure(answer)


def uid_of(named: str) -> str:
    """What a folder of this title is known by; a uid stays what it is."""
    if re.fullmatch(rf"[\w-]{{1,{LONGEST_UID}}}", named, re.ASCII):
        return named
    plain = re.sub(r"[^a-z0-9]+", "-", named.lower()).strip("-")[:LONGEST_UID].strip("-")
    return plain or "folder"


def _message(answer: Answer) -> str:
    """Grafana's own words, as far as they can be printed."""
    said = answer.object.get("message")
    if not isinstance(said, str) or not said.strip():
        return f" ({answer.told()})"
    text = "".join(letter if letter.isprintable() else "\ufffd" for letter in said.strip()[:_MESSAGE_LENGTH])
    return f" (status {answer.status}: {text})"
