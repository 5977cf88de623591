"""A Grafana on loopback, as far as its HTTP API is documented: folders and dashboards, tokens with a role.

It is stricter than the real one: a path, a header or a key that the documentation does not have is refused.
"""

from __future__ import annotations

import contextlib
import json
import re
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

EDITOR, VIEWER = "Editor", "Viewer"
_UID = re.compile(r"[A-Za-z0-9_-]{1,40}")

Answer = tuple[int, Any]


@dataclass
class Grafana:
    """``asked`` are method and path with the body, ``provisioned`` uids of dashboards that files hold; ``says``
    answers these paths whatever is asked, as something in between would."""

    tokens: dict[str, str] = field(default_factory=lambda: {"a-token": EDITOR})
    folders: dict[str, str] = field(default_factory=dict)
    dashboards: dict[str, dict[str, Any]] = field(default_factory=dict)
    where: dict[str, str] = field(default_factory=dict)
    provisioned: set[str] = field(default_factory=set)
    says: dict[str, tuple[int, str, bytes]] = field(default_factory=dict)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    tokens_seen: list[tuple[str, str | None]] = field(default_factory=list)
    url: str = ""

    @property
    def written(self) -> list[Any]:
        """The bodies of what was written."""
        return [body for method, _, body in self.asked if method == "POST"]

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        parts = urlsplit(target)
        self.tokens_seen.append((parts.path, headers.get("authorization")))
        if (method, parts.path) == ("GET", "/api/health"):
            return 200, {"commit": "3b5de9d", "database": "ok", "version": "11.6.0"}
        role = self.tokens.get(headers.get("authorization", "").removeprefix("Bearer "))
        if role is None:
            return 401, {"message": "Invalid API key", "messageId": "api-key.invalid", "statusCode": 401}
        sent = self._body(method, headers, body)
        self.asked.append((method, target, sent))
        if method == "POST" and not isinstance(sent, dict):
            return 400, {"message": "bad request data"}
        if method == "POST" and role != EDITOR:
            return 403, {"message": "You'll need additional permissions to perform this action."}
        return self._route(method, parts.path, parse_qs(parts.query), sent)

    def _body(self, method: str, headers: dict[str, str], body: bytes) -> Any:
        if headers.get("accept") != "application/json":
            raise AssertionError(f"accepts {headers.get('accept')}")
        if method == "GET":
            assert not body
            return None
        assert headers.get("content-type") == "application/json"
        return json.loads(body)

    def _route(self, method: str, path: str, query: dict[str, list[str]], sent: Any) -> Answer:
        answer: Answer = (404, {"message": "Not found"})
        match method, path.removeprefix("/api/").split("/"):
            case "GET", ["folders"]:
                assert set(query) <= {"limit", "page", "parentUid", "permission"}
                answer = 200, [{"id": 1, "uid": uid, "title": title} for uid, title in self.folders.items()]
            case "GET", ["folders", uid] if uid in self.folders:
                answer = 200, {"id": 1, "uid": uid, "title": self.folders[uid], "version": 1}
            case "POST", ["folders"]:
                answer = self._make_folder(sent)
            case "GET", ["dashboards", "uid", uid] if uid in self.dashboards:
                answer = 200, self._dashboard(uid)
            case "POST", ["dashboards", "db"]:
                answer = self._save(sent)
        return answer

    def _make_folder(self, sent: dict[str, Any]) -> Answer:
        if not set(sent) <= {"uid", "title", "description", "parentUid"} or not sent.get("title"):
            return 400, {"message": "bad request data"}
        if not _UID.fullmatch(sent["uid"]):
            return 400, {"message": "uid contains illegal characters"}
        if sent["uid"] in self.folders:
            return 412, {"message": "the folder has been changed by someone else"}
        if sent["title"] in self.folders.values():
            return 409, {"message": "a folder with the same name already exists"}
        self.folders[sent["uid"]] = sent["title"]
        return 200, {"id": 1, "uid": sent["uid"], "title": sent["title"], "version": 1}

    def _dashboard(self, uid: str) -> dict[str, Any]:
        meta = {
            "folderUid": self.where[uid],
            "provisioned": uid in self.provisioned,
            "version": self.dashboards[uid]["version"],
        }
        return {"dashboard": self.dashboards[uid], "meta": meta}

    def _save(self, sent: dict[str, Any]) -> Answer:
        board = sent.get("dashboard")
        if not set(sent) <= {"dashboard", "folderUid", "message", "overwrite"} or not isinstance(board, dict):
            return 400, {"message": "bad request data"}
        uid = board["uid"]
        assert _UID.fullmatch(uid)
        assert board["title"]
        assert board["id"] is None
        if uid in self.provisioned:
            return 400, {"message": "Cannot save provisioned dashboard"}
        if sent["folderUid"] not in self.folders:
            return 400, {"message": "folder not found"}
        return self._conflict(sent) or self._saved(sent)

    def _conflict(self, sent: dict[str, Any]) -> Answer | None:
        """With one of the same uid that may not be replaced, or of the same title in the folder."""
        board = sent["dashboard"]
        if board["uid"] in self.dashboards and not sent.get("overwrite"):
            return 412, {"message": "The dashboard has been changed by someone else", "status": "version-mismatch"}
        beside = [
            known["title"]
            for uid, known in self.dashboards.items()
            if uid != board["uid"] and self.where[uid] == sent["folderUid"]
        ]
        if board["title"] in beside:
            message = "A dashboard with the same name in the folder already exists"
            return 412, {"message": message, "status": "name-exists"}
        return None

    def _saved(self, sent: dict[str, Any]) -> Answer:
        uid = sent["dashboard"]["uid"]
        version = self.dashboards[uid]["version"] + 1 if uid in self.dashboards else 1
        self.dashboards[uid] = {**sent["dashboard"], "id": len(self.dashboards) + 1, "version": version}
        self.where[uid] = sent["folderUid"]
        return 200, {"id": 1, "uid": uid, "url": f"/d/{uid}/x", "status": "success", "version": version}


@contextlib.contextmanager
def serving(grafana: Grafana, tls: ssl.SSLContext | None = None, path: str = "") -> Iterator[Grafana]:
    """On loopback, perhaps below a ``path``; what is asked elsewhere is asserted against."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            target = self.path.removeprefix(path)
            said = grafana.says.get(urlsplit(target).path)
            if said is None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                status, told = grafana.answer(self.command, target, headers, body)
                said = status, "application/json", json.dumps(told).encode()
            status, kind, content = said
            self.send_response(status)
            self.send_header("Content-Type", kind)
            if 300 <= status < 400:
                self.send_header("Location", "https://login.example/")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _handle  # noqa: N815  as http.server has it

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        grafana.url = f"http{'s' if tls else ''}://{'localhost' if tls else '127.0.0.1'}:{server.server_port}{path}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield grafana
        finally:
            server.shutdown()
            thread.join()
