"""Secrets that are unlike anything else, in every place that takes one, and everything that the program says."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import sys
from collections.abc import Awaitable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from exporter.demo.processes import Program, free_port, running
from tests.e2e.echo import MODES, Echo, echoing

pytestmark = pytest.mark.faults

MARK = "c4n4ry"
"""In every secret, and in nothing else."""
FILES = (
    *("client-secret", "hubspot-token", "bridge-token", "hook-secret", "old-hook-secret", "webhook-token", "api-token"),
    *("mailbox-password", "access-token", "store-password"),
)
PATHS = (
    *("/", "/integrations/acme", "/integrations/mail", "/metrics", "/-/healthy", "/-/ready", "/-/reload", "/nowhere"),
    *("/api/v1/integrations", "/api/v1/resyncs", "/api/v1/resyncs/1", "/api/v1/refusals", "/api/v1/notifications"),
    *("/api/v1/sync-errors?integration=acme", "/api/v1/sync-errors?integration=acme&format=csv"),
    *("/api/v1/openapi.json", "/alertmanager/webhook", "/api/v1/suspensions"),
)


def secret(name: str) -> str:
    return f"{MARK}-{name}-5e7a"


@dataclass
class Search:
    """Looks for the mark in all that is brought, as it is and in the ways it might be written."""

    key: str
    outputs: int = 0
    size: int = 0
    findings: list[str] = field(default_factory=list)

    def look(self, where: str, what: str | bytes) -> None:
        text = what.encode() if isinstance(what, str) else what
        self.outputs, self.size = self.outputs + 1, self.size + len(text)
        for form in self._forms():
            place = text.find(form)
            if place >= 0:
                self.findings.append(f"{where}: {text[max(0, place - 120) : place + 60]!r}")

    @property
    def told(self) -> str:
        return f"{self.outputs} outputs, {self.size} bytes, {len(self.findings)} findings"

    def _forms(self) -> Iterator[bytes]:
        yield from (MARK.encode(), MARK[::-1].encode(), MARK.encode("utf-16-le"), self.key.encode(), b"PRIVATE KEY")
        # Base64 of text that holds it, wherever in it.
        for shift in range(3):
            yield base64.b64encode(b"x" * shift + MARK.encode())[4 if shift else 0 : 7]
        yield quote(MARK.encode().hex()).encode()


def configuration(echo: Echo, **more: Any) -> dict[str, Any]:
    """Every place that takes a secret, three integrations that fail, one behind a proxy that wants a password."""
    url = f"http://127.0.0.1:{echo.port}"
    every = dict.fromkeys(
        ("salesforce_limits", "salesforce_access", "salesforce_status", "sync_health", "mailbox"), "1s"
    )
    acme = {
        "name": "acme",
        "salesforce": {
            "url": url,
            "auth": {"client_credentials": {"client_id": "an-id", "client_secret_file": "client-secret"}},
            "integration_user": "hubspot@acme.example",
            "status": {"url": url},
        },
        "hubspot": {"url": url, "token_file": "hubspot-token"},
        "sync_health": {"url": url, "token_file": "bridge-token"},
        "remediation": {
            "action": "hook",
            "hook": {"url": f"{url}/hook", "secret_file": ["hook-secret", "old-hook-secret"]},
        },
        "intervals": {**every, "hubspot_account": "1s", "hubspot_heartbeat": "1s", "salesforce_heartbeat": "1s"},
    }
    jwt = {"client_id": "an-id", "username": "u@acme.example", "private_key_file": "key.pem", "audience": url}
    mailbox = {"host": "127.0.0.1", "port": echo.imap_port, "tls": "off", "username": "u@acme.example"}
    return {
        "store": "sqlite:///exporter.db",
        "http": {"proxy": f"http://user:{secret('proxy')}@127.0.0.1:{echo.port}", "no_proxy": ["127.0.0.1"]},
        "integrations": [
            acme,
            {
                "name": "mail",
                "salesforce": {
                    "url": "https://acme.my.salesforce.com",
                    "auth": {"jwt_bearer": {**jwt, "audience": "https://login.salesforce.com"}},
                },
                "mailbox": {**mailbox, "password_file": "mailbox-password"},
            },
            {"name": "token", "mailbox": {**mailbox, "folder": "Other", "access_token_env": "ACCESS_TOKEN"}},
            {
                "name": "direct",
                "salesforce": {"url": url, "auth": {"jwt_bearer": jwt}, "status": "off"},
                "intervals": every,
            },
        ],
        "remediation": {"webhook_token_file": "webhook-token", "api_token_file": "api-token"},
        **more,
    }


MISTAKES: Mapping[str, dict[str, Any]] = {
    "store password in the URL": {"store": f"postgresql://user:{secret('store')}@127.0.0.1:1/db"},
    "store password in the query": {"store": f"postgresql://user@127.0.0.1:1/db?password={secret('store')}"},
    "store of another kind": {"store": f"mysql://user:{secret('store')}@127.0.0.1:1/db"},
    "inline webhook token": {"remediation": {"webhook_token": secret("inline")}},
    "token in the place of a file": {"remediation": {"webhook_token_file": "missing"}},
    "unknown key": {"password": secret("inline")},
    "proxy without a scheme": {"http": {"proxy": f"user:{secret('proxy')}@127.0.0.1:1"}},
    "proxy of another kind": {"http": {"proxy": f"socks5://user:{secret('proxy')}@127.0.0.1:1"}},
    "bridge with a password": {
        "integrations": [{"name": "acme", "sync_health": {"url": f"http://user:{secret('url')}@127.0.0.1:1/"}}]
    },
    "bridge with a token": {
        "integrations": [{"name": "acme", "sync_health": {"url": "http://127.0.0.1:1/", "token": secret("inline")}}]
    },
    "token in a query": {
        "integrations": [{"name": "acme", "sync_health": {"url": f"http://127.0.0.1:1/?token={secret('url')}"}}]
    },
}


def program(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "exporter", *arguments)


async def said_by(folder: Path, *arguments: str) -> bytes:
    """Standard output and error of a command."""
    process = await asyncio.create_subprocess_exec(
        *program(*arguments),
        cwd=folder,
        env=environment(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(90):
        said, _ = await process.communicate()
    return said


def environment() -> dict[str, str]:
    return {
        **os.environ,
        "ACCESS_TOKEN": secret("access-token"),
        "HTTPS_PROXY": f"http://user:{secret('environment')}@127.0.0.1:1",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }


@pytest.fixture
def search(tmp_path: Path) -> Search:
    """After the secrets are written."""
    for name in FILES:
        (tmp_path / name).write_text(secret(name))
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "key.pem").write_bytes(key)
    return Search(key.decode().splitlines()[3])


async def test_no_mistake_in_the_configuration_shows_a_secret(tmp_path: Path, search: Search) -> None:
    """Whatever is wrong with a value that holds one."""

    async def check(number: int, name: str) -> None:
        file = tmp_path / f"{number}.yml"
        file.write_text(json.dumps(configuration(echo, **MISTAKES[name])))
        for command in (("check-config", file.name), ("poll", f"--config.file={file.name}")):
            search.look(f"{name}: {command[0]}", await said_by(tmp_path, *command))

    async with echoing("unauthorized") as echo:
        await _few_at_a_time(check(*both) for both in enumerate(MISTAKES))
    print(search.told)  # noqa: T201
    assert not search.findings


async def test_no_command_shows_a_secret(tmp_path: Path, search: Search) -> None:
    """Every API fails, each time in another way, and repeats what it was sent."""

    async def tried(mode: str) -> None:
        name = mode.replace(" ", "-")
        file = tmp_path / f"{name}.yml"
        async with echoing(mode) as echo:
            file.write_text(json.dumps(configuration(echo, store=f"sqlite:///{name}.db")))
            for command in COMMANDS:
                said = await said_by(tmp_path, *(part.format(file=file.name) for part in command))
                search.look(f"{command[0]}, {mode}", said)
            assert echo.heard

    await _few_at_a_time(map(tried, MODES))
    for file in tmp_path.glob("*.db*"):
        search.look(file.name, file.read_bytes())
    print(search.told)  # noqa: T201
    assert not search.findings


COMMANDS = (
    ("poll", "--config.file={file}"),
    ("doctor", "--config.file={file}"),
    ("errors", "--config.file={file}", "acme"),
    ("resync", "--config.file={file}", "acme", "--dry-run", "--yes"),
)


async def _few_at_a_time(tasks: Iterable[Awaitable[None]]) -> None:
    room = asyncio.Semaphore(4)

    async def one(task: Awaitable[None]) -> None:
        async with room:
            await task

    await asyncio.gather(*map(one, tasks))


async def test_nothing_that_is_served_or_logged_holds_a_secret(tmp_path: Path, search: Search) -> None:
    """The same while it runs, at level debug; strangers bring tokens of their own, and who has the right one sends
    nonsense. Log, pages, answers, the store."""
    async with echoing() as echo:
        (tmp_path / "exporter.yml").write_text(json.dumps(configuration(echo)))
        port = free_port()
        url, log = f"http://127.0.0.1:{port}", tmp_path / "serve.log"
        arguments = ("serve", "--config.file=exporter.yml", f"--web.listen-address=127.0.0.1:{port}")
        command = ("env", *(f"{key}={value}" for key, value in environment().items()), *program(*arguments))
        served = Program(
            "serve", (*command, "--log.level=debug", "--web.enable-lifecycle"), f"{url}/-/healthy", start_seconds=60
        )
        async with running(served, log), httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http:
            async with asyncio.timeout(60):
                while echo.heard < 2 * len(MODES):  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
            await _asked_by_everybody(http, search)
        search.look("the log", log.read_bytes())
        for file in tmp_path.glob("exporter.db*"):
            search.look(file.name, file.read_bytes())
    print(f"{search.told}, {echo.heard} requests were repeated")  # noqa: T201
    assert not search.findings


async def _asked_by_everybody(http: httpx.AsyncClient, search: Search) -> None:
    """By strangers with tokens of their own, by who has the token and sends nonsense."""
    stranger = {"Authorization": f"Bearer {secret('stranger')}", "Cookie": secret("cookie"), "X-Api-Key": secret("key")}
    for path in PATHS:
        for method in ("GET", "POST"):
            answer = await http.request(
                method, path, headers=stranger, content=secret("body") if method == "POST" else None
            )
            search.look(f"{method} {path}", f"{answer.status_code} {answer.headers}\n{answer.text}")
        basic = await http.post(path, auth=("user", secret("basic")))
        search.look(f"{path}, Basic", f"{basic.headers}\n{basic.text}")
    for token in ("webhook-token", "api-token"):
        for path in ("/alertmanager/webhook", "/api/v1/suspensions", "/api/v1/resyncs", "/api/v1/resyncs/1/approve"):
            sent = {"Authorization": f"Bearer {secret(token)}"}
            for body in (b"{", b'{"version": "4"}', b'{"integration": "acme", "everything": true}'):
                answer = await http.post(path, content=body, headers=sent)
                search.look(f"{path} with {token}", f"{answer.headers}\n{answer.text}")


def test_what_is_searched_for_would_be_found() -> None:
    """A search that finds nothing in what holds it would prove nothing."""
    for text in (
        secret("x"),
        f"Bearer {secret('x')}",
        base64.b64encode(f"u:{secret('x')}".encode()).decode(),
        MARK.encode().hex(),
    ):
        search = Search("a-line-of-the-key")
        search.look("here", text)
        assert search.findings, text
    assert re.search(MARK, secret("x"))
