"""An exporter that demands a certificate and a user, and what is shown to it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from cryptography import x509

from tests.clients.authority import Authority
from tests.conftest import WEBHOOK_TOKEN
from tests.e2e.secured import process
from tests.serving.conftest import HASHED, PASSWORD

WEB = {
    "tls_server_config": {
        "cert_file": "server.pem",
        "key_file": "server.pem",
        "client_auth_type": "RequireAndVerifyClientCert",
        "client_ca_file": "authority.pem",
    },
    "basic_auth_users": {"somebody": HASHED},
}


@dataclass(frozen=True)
class Secured:
    """Where it is served, and the folder of what is shown to it."""

    url: str
    folder: Path
    process: int

    @property
    def web_config(self) -> Path:
        return self.folder / "web.yml"

    @property
    def pair(self) -> tuple[str, str]:
        return f"--cert-file={self.folder / 'client.pem'}", f"--key-file={self.folder / 'client.pem'}"

    @property
    def token(self) -> str:
        return f"--token-file={self.folder / 'token'}"

    @property
    def user(self) -> tuple[str, str]:
        return "--username=somebody", f"--password-file={self.folder / 'password'}"


@contextlib.asynccontextmanager
async def running_secured(folder: Path) -> AsyncIterator[Secured]:
    """Its integration has a bridge that nobody answers for."""
    authority = Authority(folder)
    (folder / "server.pem").write_bytes(authority.pair("leaf").read_bytes())
    for name in ("client", "self_signed"):
        authority.client(name, x509.DNSName("operator.example"))
    secrets = {"token": WEBHOOK_TOKEN, "username": "somebody", "password": PASSWORD, "wrong": "hunter2"}
    for name, text in secrets.items():
        (folder / name).write_text(f"{text}\n")
    config = folder / "exporter.yml"
    bridge = {"name": "acme", "sync_health": {"url": "http://127.0.0.1:1/acme"}}
    config.write_text(yaml.safe_dump({"integrations": [bridge], "remediation": {"webhook_token_file": "token"}}))
    async with process(folder, "web", config, WEB) as running:
        yield Secured(f"https://{running.address}", folder, running.process)
