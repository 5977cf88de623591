"""Users, headers and the rate limit, in front of whatever is served."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
import yaml

from exporter.self_metrics import SelfMetrics
from exporter.serving.guard import Guard
from exporter.serving.live import LiveWebConfig
from exporter.serving.queues import EACH
from tests.serving.conftest import HASHED, PAGE, PASSWORD, Serve, Served, Write

USERS = {"basic_auth_users": {"alice": HASHED}}


class Seconds:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def client(file: Path, clock: Seconds | None = None, metrics: SelfMetrics | None = None) -> httpx.AsyncClient:
    config, metrics = LiveWebConfig(file).current, metrics or SelfMetrics()
    guard = Guard(PAGE, config, lambda request: request.method == "POST", metrics, clock or Seconds())
    return httpx.AsyncClient(transport=httpx.ASGITransport(guard), base_url="http://exporter")


def refused(metrics: SelfMetrics, reason: str) -> float | None:
    return metrics.registry.get_sample_value("hubspot_salesforce_http_requests_refused_total", {"reason": reason})


async def statuses(http: httpx.AsyncClient, count: int, path: str = "/") -> list[int]:
    return [(await http.get(path)).status_code for _ in range(count)]


class TestUsers:
    """Who is let in where there are any."""

    @pytest.mark.parametrize(
        "auth", [None, ("alice", "wrong"), ("alice", ""), ("bob", PASSWORD), ("", PASSWORD), ("ALICE", PASSWORD)]
    )
    async def test_nobody_else_is(self, write: Write, auth: tuple[str, str] | None) -> None:
        """At no path, whether there is such a page or not."""
        async with client(write(USERS)) as http:
            for path in ("/", "/metrics", "/-/healthy", "/api/v1/resyncs", "/nowhere"):
                answer = await http.get(path, auth=auth or httpx.USE_CLIENT_DEFAULT)
                assert answer.status_code == 401
                assert answer.headers["www-authenticate"].startswith("Basic realm=")

    @pytest.mark.parametrize("header", ["Basic", "Basic !", "Basic YWxpY2U=", "Bearer x", "basic"])
    async def test_what_is_no_basic_authentication_is_refused(self, write: Write, header: str) -> None:
        """Without an error."""
        async with client(write(USERS)) as http:
            assert (await http.get("/", headers={"Authorization": header})).status_code == 401

    async def test_a_user_is(self, write: Write) -> None:
        """Also by the prefixes that other programs write in front of a hash."""
        for prefix in ("$2a$", "$2b$", "$2y$"):
            async with client(write({"basic_auth_users": {"alice": HASHED.replace("$2b$", prefix)}})) as http:
                assert (await http.get("/", auth=("alice", PASSWORD))).text == "a page"

    async def test_who_needs_none_is(self, write: Write) -> None:
        """As the application says."""
        async with client(write(USERS)) as http:
            assert (await http.post("/api/v1/resyncs")).status_code == 200

    async def test_a_refusal_under_the_api_is_json(self, write: Write) -> None:
        """As all else there."""
        async with client(write(USERS)) as http:
            assert (await http.get("/api/v1/resyncs")).json() == {"error": "a user name and its password are needed"}

    async def test_who_is_refused_is_logged_and_counted(self, write: Write) -> None:
        """By name only where it is a user's: people type their passwords into the wrong field. Who sends nothing is a
        browser that has not asked yet."""
        metrics = SelfMetrics()
        async with client(write(USERS), metrics=metrics) as http:
            with structlog.testing.capture_logs() as logs:
                for auth in (("alice", "hunter2"), ("hunter2", "alice")):
                    await http.get("/", auth=auth)
                await http.get("/", headers={"Authorization": "Bearer hunter2"})
                await http.get("/")
        assert [(line["cause"], line.get("user")) for line in logs] == [
            ("wrong password", "alice"),
            ("no such user", None),
            ("something else than a user name and a password was sent", None),
        ]
        assert {line["sender"] for line in logs} == {"127.0.0.1"}
        assert "hunter2" not in str(logs)
        assert refused(metrics, "unauthorized") == 4

    async def test_a_sender_is_who_connects(self, serve: Serve) -> None:
        """Not who is said to have sent it, which on the same machine anybody can say."""
        async with serve(USERS) as served:
            with structlog.testing.capture_logs() as logs:
                await served.status(auth=("alice", "wrong"), headers={"X-Forwarded-For": "192.0.2.1"})
        assert [line["sender"] for line in logs] == ["127.0.0.1"]

    async def test_who_guesses_is_put_off(self, write: Write) -> None:
        """Where too many wait already; who is known waits for nobody."""
        metrics = SelfMetrics()
        async with client(write(USERS), metrics=metrics) as http:
            assert (await http.get("/", auth=("alice", PASSWORD))).status_code == 200
            guesses = [http.get("/", auth=("alice", f"{number}")) for number in range(EACH + 5)]
            answers = await asyncio.gather(*guesses, http.get("/", auth=("alice", PASSWORD)))
        assert [answer.status_code for answer in answers] == [401] * EACH + [503] * 5 + [200]
        assert answers[EACH].headers["retry-after"] == "5"
        assert (refused(metrics, "unauthorized"), refused(metrics, "busy")) == (EACH, 5)

    async def test_users_are_those_of_the_file_as_it_is_now(self, write: Write) -> None:
        """A new one comes in, one that is gone does not, and a broken file changes nothing."""
        file = write(USERS)
        async with client(file) as http:
            assert (await http.get("/", auth=("alice", PASSWORD))).status_code == 200
            file.write_text(yaml.safe_dump({"basic_auth_users": {"bob": HASHED}}))
            assert (await http.get("/", auth=("alice", PASSWORD))).status_code == 401
            assert (await http.get("/", auth=("bob", PASSWORD))).status_code == 200
            with structlog.testing.capture_logs() as logs:
                file.write_text("basic_auth_users: {carol: in the clear}")
                assert (await http.get("/", auth=("bob", PASSWORD))).status_code == 200
                assert (await http.get("/")).status_code == 401
            assert len(logs) == 1
            assert "basic_auth_users.carol" in logs[0]["error"]
            assert "in the clear" not in str(logs)

    @pytest.mark.parametrize("text", ["", "# users: later", "{}"])
    async def test_a_file_that_is_empty_for_a_moment_lets_nobody_in(self, write: Write, text: str) -> None:
        """As it is while an editor writes it."""
        file = write(USERS)
        async with client(file) as http:
            file.write_text(text)
            assert (await http.get("/")).status_code == 401


class TestHeaders:
    """Added to every answer."""

    async def test_every_answer_has_them(self, write: Write) -> None:
        """Refusals too; a blank one is left out; what a page says itself stays."""
        headers = {"X-Frame-Options": "deny", "X-XSS-Protection": 1, "Content-Security-Policy": ""}
        data: dict[str, Any] = {"http_server_config": {"headers": headers}, **USERS}
        async with client(write(data)) as http:
            for auth, path, frame in (
                (None, "/", "deny"),
                ("alice", "/nowhere", "deny"),
                ("alice", "/own", "sameorigin"),
            ):
                told = (auth, PASSWORD) if auth else httpx.USE_CLIENT_DEFAULT
                sent = (await http.get(path, auth=told)).headers
                assert (sent["x-frame-options"], sent["x-xss-protection"]) == (frame, "1")
                assert "content-security-policy" not in sent


ID = re.compile(r"[0-9a-f]{16}")


class TestEveryAnswer:
    """Over a socket, whoever gives it."""

    async def test_has_an_id_and_is_not_sniffed(self, serve: Serve) -> None:
        """Also that of the guard: no user, and too many."""
        config = {"rate_limit": {"interval": "1h", "burst": 1}, **USERS}
        async with serve(config) as served, httpx.AsyncClient(trust_env=False) as http:
            for status in (401, 429):
                answer = await http.get(served.url)
                assert answer.status_code == status
                assert answer.headers["x-content-type-options"] == "nosniff"
                assert ID.fullmatch(answer.headers["x-request-id"])
            told = await http.get(served.url, headers={"X-Request-ID": "from-a-proxy"})
            assert told.headers["x-request-id"] == "from-a-proxy"

    async def test_has_the_headers_also_where_it_is_to_no_request(self, serve: Serve) -> None:
        """What is no HTTP at all gets 400."""
        headers = {"X-Frame-Options": "deny", "X-Content-Type-Options": "nosniff"}
        async with serve({"http_server_config": {"headers": headers}}) as served:
            reader, writer = await asyncio.open_connection(*served.place)
            writer.write(b"no HTTP\r\n\r\n")
            said = (await reader.read()).lower().split(b"\r\n")
            writer.close()
        assert said[0] == b"http/1.1 400 bad request"
        assert [said.count(line) for line in (b"x-content-type-options: nosniff", b"x-frame-options: deny")] == [1, 1]


class TestAbsoluteTargets:
    """``GET http://host/path``, over a socket."""

    async def test_are_answered_as_their_path(self, serve: Serve) -> None:
        """Whatever host they name."""
        async with serve({}) as served:
            for host in ("http://x", "HTTP://other:9951", "https://[::1]:1", "http://"):
                said = [await status_of(served, "GET", host + path) for path in ("/own", "", "?q", "/nowhere")]
                assert said == [200, 200, 200, 404], host

    async def test_are_let_in_as_their_path(self, serve: Serve) -> None:
        """And not as a path that stands in their host."""
        async with serve(USERS) as served:
            for target in ("http://x/own", "http://x%2Fapi%2Fv1%2F", "http://x/http://y/"):
                assert await status_of(served, "GET", target) == 401


async def status_of(served: Served, method: str, target: str) -> int:
    reader, writer = await asyncio.open_connection(*served.place)
    writer.write(f"{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    said = await reader.read()
    writer.close()
    return int(said.split()[1])


class TestRateLimit:
    """A bucket of tokens."""

    async def test_so_many_at_once_and_then_one_an_interval(self, write: Write) -> None:
        """Who comes too soon is told when to come again."""
        clock = Seconds()
        async with client(write({"rate_limit": {"interval": "2s", "burst": 3}}), clock) as http:
            assert await statuses(http, 4) == [200, 200, 200, 429]
            clock.now = 1.9
            refused = await http.get("/")
            assert (refused.status_code, refused.headers["retry-after"]) == (429, "2")
            clock.now = 4.0
            assert await statuses(http, 3) == [200, 200, 429]
            clock.now = 1000.0
            assert await statuses(http, 4) == [200, 200, 200, 429]

    async def test_alertmanager_is_asked_to_send_again(self, write: Write) -> None:
        """It drops what is answered with any 4xx. Logged and counted as what the webhook itself answers."""
        metrics = SelfMetrics()
        async with client(write({"rate_limit": {"interval": "1s", "burst": 0}}), metrics=metrics) as http:
            with structlog.testing.capture_logs() as logs:
                assert (await http.post("/alertmanager/webhook")).status_code == 503
                assert (await http.get("/")).status_code == 429
        assert refused(metrics, "rate_limit") == 2
        assert [(line["event"], line["status"], line["cause"]) for line in logs] == [
            ("webhook rejected", 503, "rate_limit")
        ]
        unavailable = {"result": "unavailable"}
        assert metrics.registry.get_sample_value("hubspot_salesforce_webhook_notifications_total", unavailable) == 1

    async def test_without_an_interval_there_is_none(self, write: Write) -> None:
        """As other components have it."""
        async with client(write({"rate_limit": {"interval": 0, "burst": 0}})) as http:
            assert await statuses(http, 5) == [200] * 5
