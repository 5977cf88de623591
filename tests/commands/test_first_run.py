"""What a newcomer is told: wrong settings that only the network shows, and the sentence for each.

One configuration holds an integration a wrong setting, each with a simulated company of its own. ``check-config``,
``poll`` and ``serve`` are run on it once, as real processes; then each sentence is looked for.
"""

from __future__ import annotations

import asyncio
import html
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from exporter.demo.processes import Program, free_port, running
from exporter.demo.simulator.settings import Settings
from tests.clients.authority import Authority
from tests.commands.program import COMMAND, SECONDS

SETTINGS = Settings()
TOKEN_ENDPOINT = "POST /{name}/salesforce/services/oauth2/token"
APP = "the app (Setup → External Client App Manager, or App Manager for a connected app)"
TRUST = (
    " If it is your own, put the authority's certificate (PEM) into a file and name that in http.ca_file "
    "(GET /acme/sync-health)"
)
HUBSPOT_SCOPES = (
    "of the token in hubspot.token_file or token_env: HubSpot, Settings → Development → Keys (a service key), or "
    "Integrations → Private Apps."
)


@dataclass(frozen=True)
class Wrong:
    """A wrong setting: what is configured differently, what the simulated company says to it, what a person reads.

    ``fault`` is an API and what it does; ``entry`` replaces sections of the integration. In ``told`` ``{simulator}``,
    ``{tls}`` and ``{closed}`` stand for host and port.
    """

    name: str
    told: str
    fault: tuple[str, str] | None = None
    section: str = "client_credentials"
    change: tuple[str, str] | None = None
    source: str = "salesforce_limits"


NEWCOMER = (
    Wrong(
        "wrong-client-secret",
        "The client secret does not belong to the client id. Put the Consumer Secret of " + APP + " into the file or "
        "variable that salesforce.auth.client_credentials names, and check "
        "salesforce.auth.client_credentials.client_id. (" + TOKEN_ENDPOINT + ": status 401 invalid_client)",
        change=("client_secret_file", "wrong"),
    ),
    Wrong(
        "wrong-client-id",
        "The org knows no app with this client id. Set salesforce.auth.client_credentials.client_id to the Consumer "
        "Key of " + APP + "; check that salesforce.url is of the org that has the app. A new app is known after some "
        "ten minutes. (" + TOKEN_ENDPOINT + ": status 400 invalid_client_id)",
        change=("client_id", "another"),
    ),
    Wrong(
        "login-url-instead-of-my-domain",
        "This kind of login works only on the org's own My Domain. Set salesforce.url to https://….my.salesforce.com "
        "as Setup → My Domain shows it; login.salesforce.com, test.salesforce.com, Lightning and setup addresses are "
        "refused. (" + TOKEN_ENDPOINT + ": status 400 invalid_grant)",
        fault=("token", "domain_not_supported"),
    ),
    Wrong(
        "no-run-as-user",
        "The app has no user it could run as. Choose one in the policies of " + APP + ": Client Credentials Flow → "
        "Run As; a user with API access. (" + TOKEN_ENDPOINT + ": status 400 invalid_grant)",
        fault=("token", "no_run_as_user"),
    ),
    Wrong(
        "flow-not-enabled",
        "The app does not offer this kind of login. In the OAuth settings of " + APP + " enable the Client Credentials "
        "Flow, or for a JWT the use of digital signatures; the org may also switch off flows under Setup → OAuth and "
        "OpenID Connect Settings. (" + TOKEN_ENDPOINT + ": status 400 unsupported_grant_type)",
        fault=("token", "flow_not_enabled"),
    ),
    Wrong(
        "jwt-user-not-admin-approved",
        "No administrator has approved the user in salesforce.auth.jwt_bearer.username for the app. Give a profile or "
        "permission set of that user to the app: policies of " + APP + " → Permitted Users are admin approved → "
        "Manage Profiles or Permission Sets. (" + TOKEN_ENDPOINT + ": status 400 invalid_app_access)",
        fault=("token", "user_not_admin_approved"),
        section="jwt_bearer",
    ),
    Wrong(
        "wrong-audience",
        "The audience of the login is not one that this org takes. Set salesforce.auth.jwt_bearer.audience to "
        "https://test.salesforce.com for a sandbox, to https://login.salesforce.com for production, or to the org's "
        "My Domain URL. (" + TOKEN_ENDPOINT + ": status 400 invalid_grant)",
        fault=("token", "audience_invalid"),
        section="jwt_bearer",
    ),
    Wrong(
        "consumer-not-approved",
        "The user in salesforce.auth.jwt_bearer.username has not approved the app, or is no user of this org. Set "
        "Permitted Users to admin approved in the policies of " + APP + " and give a profile or permission set of that "
        "user to it; check the username, and that salesforce.url is of the org where it exists. (" + TOKEN_ENDPOINT
        + ": status 400 invalid_grant)",
        section="jwt_bearer",
        change=("username", "somebody@else.example"),
    ),
    Wrong(
        "inactive-user",
        "The app's run-as user is inactive, frozen or locked out. Activate, unfreeze or unlock it under Setup → Users, "
        "or let the app run as another user. (" + TOKEN_ENDPOINT + ": status 400 invalid_grant)",
        fault=("token", "user_inactive"),
    ),
    Wrong(
        "app-not-installed",
        "The org does not have the app that salesforce.auth names. Create or install it in this org (Setup → External "
        "Client App Manager); if it exists in another one, salesforce.url is of the wrong org, such as production "
        "instead of the sandbox. A new app is known after some ten minutes. (" + TOKEN_ENDPOINT
        + ": status 400 invalid_grant)",
        fault=("token", "app_not_installed"),
    ),
    Wrong(
        "address-not-allowed",
        "Salesforce refuses logins of the app's run-as user from this address or at this hour. Add the exporter's "
        "address to the login IP ranges of the user's profile, or relax IP restrictions in the policies of " + APP
        + "; check the profile's login hours too. (" + TOKEN_ENDPOINT + ": status 400 invalid_grant)",
        fault=("token", "ip_restricted"),
    ),
    Wrong(
        "something-new",
        "Salesforce refused the login with a description this version does not know. With --log.level=debug the log "
        "has its plain words; the login history of the app's run-as user may say more: Setup → Login History. ("
        + TOKEN_ENDPOINT
        + ": status 400 invalid_grant)",
        fault=("token", "unknown_login_error"),
    ),
    Wrong(
        "session-without-scope-api",
        "Salesforce took the login but refuses the new session. Check in Setup that the app has the scope \"Manage "
        "user data via APIs (api)\", that no IP restriction keeps the exporter's address out (the app's IP relaxation, "
        "the login IP ranges of the user's profile), that API Access Control lets the app and its user in, and that "
        "the user has API Enabled. (GET /{name}/salesforce/services/data/v62.0/limits/: status 401 "
        "INVALID_SESSION_ID)",
        fault=("salesforce", "session_refused"),
    ),
    Wrong(
        "wrong-hubspot-token",
        "HubSpot does not take the token. Put a valid one into the file or variable that hubspot.token_file or "
        "token_env names: a service key (HubSpot, Settings → Development → Keys) or a private app's token; it may have "
        "been rotated or deleted, or be of another account's data centre. "
        "(POST /{name}/hubspot/crm/objects/2026-09/contacts/search: status 401 INVALID_AUTHENTICATION)",
        section="hubspot",
        change=("token_file", "wrong"),
        source="hubspot_heartbeat",
    ),
    Wrong(
        "hubspot-scope-missing",
        "A scope is missing: crm.objects.companies.read, crm.objects.contacts.read, crm.objects.deals.read. Add it to "
        "the scopes " + HUBSPOT_SCOPES
        + " (POST /{name}/hubspot/crm/objects/2026-09/contacts/search: status 403 MISSING_SCOPES)",
        fault=("hubspot", "missing_scopes"),
        section="hubspot",
        source="hubspot_heartbeat",
    ),
    Wrong(
        "wrong-bridge-token",
        "The bridge does not take the token. Put the one it expects into the file or variable that "
        "sync_health.token_file or token_env names. (GET /{name}/bridge/sync-health: status 401)",
        section="sync_health",
        change=("token_file", "wrong"),
        source="sync_health",
    ),
    Wrong(
        "bridge-certificate-not-trusted",
        "{tls}: its certificate is not trusted: the authority that signed it is not known here, or the server sends "
        "half a chain (issued by “An authority of our own”)." + TRUST,
        section="sync_health",
        change=("url", "https://{tls}/acme"),
        source="sync_health",
    ),
    Wrong(
        "bridge-certificate-of-its-own",
        "{self_signed}: its certificate is not trusted: it is self-signed." + TRUST,
        section="sync_health",
        change=("url", "https://{self_signed}/acme"),
        source="sync_health",
    ),
    Wrong(
        "bridge-port-without-tls",
        "{simulator}: it does not speak TLS on this port: check port and https:// in the URL (GET /acme/sync-health)",
        section="sync_health",
        change=("url", "https://{simulator}/acme"),
        source="sync_health",
    ),
    Wrong(
        "port-closed",
        "{closed}: the connection is refused: nothing listens there, or a firewall forbids it; check the port "
        "(GET /acme/sync-health)",
        section="sync_health",
        change=("url", "http://{closed}/acme"),
        source="sync_health",
    ),
    Wrong(
        "name-not-resolved",
        # A machine without any name server is told so.
        "no-such-host.invalid: (its name cannot be resolved: check the host name in the URL, and the name server of "
        "this machine|the name server does not answer, so its name cannot be resolved for now) "
        "(GET /acme/sync-health)",
        section="sync_health",
        change=("url", "https://no-such-host.invalid/acme"),
        source="sync_health",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Said:
    """What the three ways to look said, and which addresses were meant."""

    checked: tuple[int | None, str]
    polled: tuple[int | None, str]
    page: str
    places: dict[str, str]

    def wanted(self, wrong: Wrong) -> str:
        """The sentence as a pattern."""
        if wrong.name == "name-not-resolved":
            return re.sub(r"\(GET .*\)$", lambda where: re.escape(where[0]), wrong.told)
        return re.escape(wrong.told.format(name=wrong.name, **self.places))

    def poll_errors(self, wrong: Wrong) -> list[str]:
        """The errors that ``poll`` logged of the integration's own source."""
        lines = re.findall(r'integration=(\S+) source=(\S+) .*?error="((?:[^"\\]|\\.)*)"', self.polled[1])
        return [
            error.replace('\\"', '"') for name, source, error in lines if (name, source) == (wrong.name, wrong.source)
        ]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Said:
    return asyncio.run(_first_run(tmp_path_factory.mktemp("first-run")))


@pytest.mark.parametrize("wrong", NEWCOMER, ids=lambda wrong: wrong.name)
class TestTheSentence:
    def test_of_poll(self, said: Said, wrong: Wrong) -> None:
        """One line of the log is this sentence, or begins with it where the login is left alone already."""
        errors = said.poll_errors(wrong)
        assert errors
        assert all(re.match(said.wanted(wrong), error) for error in errors), errors
        assert "Traceback" not in said.polled[1]

    def test_of_the_status_page(self, said: Said, wrong: Wrong) -> None:
        """It stands beside the source's name."""
        assert re.search(f"{wrong.source}: {said.wanted(wrong)}", said.page)


def test_check_config_finds_no_fault_in_any(said: Said) -> None:
    """Only the network shows these: it says good, and a first ``poll`` ends with 1."""
    code, text = said.checked
    assert (code, text.splitlines()[-1].rpartition(": ")[2]) == (0, f"good, {len(NEWCOMER)} integrations")
    assert said.polled[0] == 1


def test_no_secret_is_told(said: Said) -> None:
    """Neither those that are wrong nor what Salesforce writes about its users."""
    for text in (said.checked[1], said.polled[1], said.page):
        assert not any(word in text for word in ("not-the-secret", "jane.doe", SETTINGS.client_secret))


async def _first_run(folder: Path) -> Said:
    authority = Authority(folder)
    simulator, exporter = (f"127.0.0.1:{free_port()}" for _ in range(2))
    names = ",".join(wrong.name for wrong in NEWCOMER)
    command = (*COMMAND[:1], "-m", "exporter.demo.simulator", f"--port={simulator.rpartition(':')[2]}",
               f"--orgs={names}", "--sync-interval=0")  # fmt: skip
    program = Program("simulator", command, f"http://{simulator}/control/{NEWCOMER[0].name}")
    async with (
        running(program, folder / "simulator.log"),
        _tls(authority, "leaf") as tls,
        _tls(authority, "self_signed") as self_signed,
    ):
        places = {"simulator": simulator, "closed": f"127.0.0.1:{free_port()}"}
        places |= {"tls": tls, "self_signed": self_signed}
        await _put_faults(simulator)
        file = _write_config(folder, places)
        checked = await _run("check-config", str(file))
        polled = await _run("poll", f"--config.file={file}")
        serve = (*COMMAND, "serve", f"--config.file={file}", f"--web.listen-address={exporter}")
        served = running(Program("exporter", serve, f"http://{exporter}/-/ready"), folder / "exporter.log")
        async with served, httpx.AsyncClient(trust_env=False) as http:
            page = html.unescape((await http.get(f"http://{exporter}/")).text)
    return Said(checked, polled, page, places)


async def _put_faults(simulator: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        for wrong in NEWCOMER:
            if wrong.fault is not None:
                body = dict(zip(("api", "fault"), wrong.fault, strict=True))
                (await http.post(f"http://{simulator}/control/{wrong.name}/fault", json=body)).raise_for_status()


async def _run(*arguments: str) -> tuple[int | None, str]:
    """Exit code, and what was said on standard output and standard error; of the exposition nothing."""
    process = await asyncio.create_subprocess_exec(
        *(*COMMAND, *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "NO_PROXY": "*"},
    )
    async with asyncio.timeout(2 * SECONDS):
        out, err = await process.communicate()
    return process.returncode, err.decode() + (out.decode() if arguments[0] == "check-config" else "")


def _write_config(folder: Path, places: dict[str, str]) -> Path:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    secrets = {"client-secret": SETTINGS.client_secret, "hubspot-token": SETTINGS.hubspot_token}
    secrets |= {"bridge-token": SETTINGS.bridge_token, "wrong": "not-the-secret"}
    for name, secret in secrets.items():
        (folder / name).write_text(secret)
    config = {
        "store": "sqlite:///exporter.db",
        "integrations": [_entry(wrong, places) for wrong in NEWCOMER],
        "remediation": {"enabled": False},
    }
    file = folder / "exporter.yml"
    file.write_text(yaml.safe_dump(config))
    return file


def _entry(wrong: Wrong, places: dict[str, str]) -> dict[str, Any]:
    base = f"http://{places['simulator']}/{wrong.name}"
    sections: dict[str, dict[str, Any]] = {
        "client_credentials": {"client_id": SETTINGS.client_id, "client_secret_file": "client-secret"},
        "jwt_bearer": {
            "client_id": SETTINGS.client_id,
            "username": f"monitoring@{wrong.name}.example",
            "private_key_file": "key.pem",
        },
        "hubspot": {"url": f"{base}/hubspot", "token_file": "hubspot-token"},
        "sync_health": {"url": f"{base}/bridge", "token_file": "bridge-token"},
    }
    section = dict(sections[wrong.section])
    if wrong.change is not None:
        key, value = wrong.change
        section[key] = value.format(**places)
    if wrong.section in ("hubspot", "sync_health"):
        return {"name": wrong.name, wrong.section: section, "intervals": {wrong.source: "10s"}}
    intervals = dict.fromkeys(("salesforce_limits", "salesforce_status", "salesforce_usage_log"), "10s")
    status = {"url": f"http://{places['simulator']}/status"}
    return {
        "name": wrong.name,
        "salesforce": {"url": f"{base}/salesforce", "auth": {wrong.section: section}, "status": status},
        "intervals": intervals,
    }


@asynccontextmanager
async def _tls(authority: Authority, certificate: str) -> AsyncIterator[str]:
    """Host and port of a server that shows this certificate."""

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=authority.server(certificate))
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
