"""A complete configuration for one simulated company in which nothing is missing, and a doctor who looks at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import yaml
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from exporter.clients.http.client import ClientOpener
from exporter.config.file import load_config
from exporter.config.problem import ConfigError
from exporter.demo.simulator.app import build_app
from exporter.demo.simulator.imap.server import serving_mail
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import Settings
from exporter.demo.simulator.world import World
from exporter.doctor.finding import Outcome
from exporter.doctor.refused_file import sheet_of
from exporter.doctor.sheet import Line, Sheet
from exporter.doctor.visit import Visit
from tests.canaries import CANARY
from tests.clocks import ManualClock

SETTINGS = Settings(records_per_second=0, records=10)
SIMULATOR = "http://127.0.0.1:1"
TOUCH = "salesforce_resync_requested_at"
TOKENS = {"webhook-token": "vK3mPq8sT1xZ7bLw", "api-token": "Jd5nRf2hYc9gAe4u"}


class WorkingClock(ManualClock):
    """While somebody sleeps, the company goes on: HubSpot does a round."""

    def __init__(self) -> None:
        super().__init__()
        self.world: World | None = None

    async def sleep(self, seconds: float) -> None:
        self.advance(max(0.0, seconds))
        # The pace of requests leaves no time for a round.
        if self.world is not None and seconds >= 1.0:
            self.world.tick()


@dataclass
class PatientRoom:
    """``data`` is the configuration; ``prove`` the record whose touch is to be proved."""

    folder: Path
    clock: WorkingClock
    world: World
    org: Org
    transport: httpx.AsyncBaseTransport
    data: dict[str, Any] = field(default_factory=dict)
    prove: str | None = None

    @property
    def entry(self) -> dict[str, Any]:
        """The integration's part of the configuration."""
        entry: dict[str, Any] = self.data["integrations"][0]
        return entry

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    async def look(self) -> tuple[Sheet, ...]:
        """As the command does it."""
        async with serving_mail(self.world) as port:
            if "mailbox" in self.entry:
                self.entry["mailbox"]["port"] = port
            file = self.folder / "exporter.yml"
            file.write_text(yaml.safe_dump(self.data))
            try:
                config = load_config(file)
            except ConfigError as error:
                return (sheet_of(error),)
            visit = Visit(config, config.integrations, ClientOpener(self.transport), self.clock, self.prove)
            return await visit.sheets(lambda _integration, _check: None)


def furnished(folder: Path) -> PatientRoom:
    """All is well."""
    clock = WorkingClock()
    clock.world = world = World(["acme"], clock.time, SETTINGS)
    org = world.orgs["acme"]
    org.use_api_calls("HubSpot", 5)
    _suspended_once(world, org)
    room = PatientRoom(folder, clock, world, org, httpx.ASGITransport(build_app(world, sync_interval=None)))
    secrets = {
        "client-secret": SETTINGS.client_secret,
        "hubspot-token": SETTINGS.hubspot_token,
        "bridge-token": SETTINGS.bridge_token,
        "mailbox-password": SETTINGS.mailbox_password,
        "key.pem": private_key(),
        **TOKENS,
    }
    for name, secret in secrets.items():
        room.write(name, secret)
    room.data = _configuration()
    return room


def _suspended_once(world: World, org: Org) -> None:
    """So that there are e-mails."""
    org.suspend("unknown_error")
    world.tick()
    org.clear_suspension()
    world.tick()


def _configuration() -> dict[str, Any]:
    base = f"{SIMULATOR}/acme"
    return {
        "store": "sqlite:///exporter.db",
        "integrations": [
            {
                "name": "acme",
                "salesforce": {
                    "url": f"{base}/salesforce",
                    "auth": {
                        "client_credentials": {
                            "client_id": SETTINGS.client_id,
                            "client_secret_file": "client-secret",
                        }
                    },
                    "integration_user": "hubspot@acme.example",
                    "objects": ["Lead", "Contact", "Account"],
                    "fields": {"Contact": ["Email"]},
                    "status": {"url": f"{SIMULATOR}/status"},
                },
                "hubspot": {"url": f"{base}/hubspot", "token_file": "hubspot-token"},
                "sync_health": {"url": f"{base}/bridge", "token_file": "bridge-token"},
                "mailbox": {
                    "host": "127.0.0.1",
                    "tls": "off",
                    "username": "crm-alerts@acme.example",
                    "password_file": "mailbox-password",
                },
                "canary": dict(CANARY),
                "remediation": {"touch": {"property": TOUCH}},
            }
        ],
        "remediation": {"webhook_token_file": "webhook-token", "api_token_file": "api-token"},
    }


def jwt_login() -> dict[str, Any]:
    """Instead of client credentials."""
    user = "monitoring@acme.example"
    return {"jwt_bearer": {"client_id": SETTINGS.client_id, "username": user, "private_key_file": "key.pem"}}


@cache
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def lines_of(sheets: Sequence[Sheet], outcome: Outcome) -> list[Line]:
    return [line for sheet in sheets for line in sheet.lines if line.finding.outcome is outcome]


def failures(sheets: Sequence[Sheet]) -> list[Line]:
    return lines_of(sheets, Outcome.FAILED)


def line(sheets: Sequence[Sheet], check: str) -> Line:
    """The last line of this check."""
    return [one for sheet in sheets for one in sheet.lines if one.check == check][-1]


def outcome(sheets: Sequence[Sheet], check: str) -> tuple[Outcome, str]:
    finding = line(sheets, check).finding
    return finding.outcome, finding.says
