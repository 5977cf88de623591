"""What a command does not import: a start that takes half as long, and a process of two thirds of the size."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.commands.program import SECONDS

STEPS = """
import asyncio, contextlib, json, sys
from pathlib import Path
from exporter.cli import COMMANDS, main

def loaded(*arguments):
    with contextlib.suppress(SystemExit):
        main(arguments)
    return list(sys.modules)

async def served(file):
    next(command for command in COMMANDS if command.name == "serve").load()
    from exporter.clock import SystemClock
    from exporter.config.file import load_config
    from exporter.service import open_service
    async with open_service(load_config(Path(file)), SystemClock()):
        return list(sys.modules)

file, found_file = sys.argv[1:]
found = {"version": loaded("--version"), "help": loaded("--help"), "rules": loaded("rules")}
found["check-config"] = loaded("check-config", file)
found["serve"] = asyncio.run(served(file))
found["serve again"] = asyncio.run(served(file))
Path(found_file).write_text(json.dumps(found))
"""
"""One process, whose modules only grow in number: what is not there after a step no step before has imported."""

OF_A_SCREEN = {"rich", "pygments", "exporter.demo", "exporter.doctor"}
OF_A_KEY = {"cryptography", "jwt"}
OF_A_SERVER = {
    "psycopg",
    "sqlalchemy.dialects.postgresql",
    "sqlalchemy.ext.asyncio",
    "sqlalchemy.orm",
    "alembic",
    "mako",
}
OF_A_MISFIT = {"jsonschema", "referencing", "rpds"}
ON_DEMAND = {"jinja2", "charset_normalizer", "exporter.store.postgresql"}
OF_A_MAILBOX = {"imaplib", "imapclient", "exporter.mail", "exporter.clients.imap.client"}
OF_A_PROCESS = {"sqlalchemy", "uvicorn", "starlette", "httpx", "prometheus_client", "stamina"}


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """What is loaded after each step, of a configuration with an org, an account and a bridge."""
    folder = tmp_path_factory.mktemp("plain")
    (folder / "secret").write_text("a-secret")
    url = "http://127.0.0.1:1"
    login: dict[str, Any] = {"client_credentials": {"client_id": "exporter", "client_secret_file": "secret"}}
    plain = {
        "name": "acme",
        "salesforce": {"url": url, "auth": login},
        "hubspot": {"url": url, "token_file": "secret"},
        "sync_health": {"url": url, "token_file": "secret"},
    }
    file = folder / "exporter.yml"
    file.write_text(json.dumps({"store": "sqlite:///exporter.db", "integrations": [plain]}))
    found = folder / "found.json"
    command = [sys.executable, "-c", STEPS, str(file), str(found)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False, cwd=folder)
    assert said.returncode == 0, said.stderr
    return {step: set(names) for step, names in json.loads(found.read_text()).items()}


OF_ALL_BUT_TEXT = (
    OF_A_SCREEN | OF_A_KEY | OF_A_SERVER | ON_DEMAND | OF_A_MAILBOX | OF_A_PROCESS | {"jsonschema", "structlog"}
)
"""What only prints needs none of it."""


@pytest.mark.parametrize(
    ("step", "unused"),
    [
        ("version", OF_ALL_BUT_TEXT),
        ("help", OF_ALL_BUT_TEXT),
        ("rules", OF_ALL_BUT_TEXT),
        ("check-config", OF_A_SCREEN | OF_A_KEY | OF_A_SERVER | ON_DEMAND | OF_A_MISFIT | OF_A_MAILBOX | OF_A_PROCESS),
        ("serve", OF_A_SCREEN | OF_A_KEY | OF_A_SERVER | ON_DEMAND | OF_A_MISFIT | OF_A_MAILBOX),
        # On the store of before: alembic is for one of an older version.
        ("serve again", OF_A_SCREEN | OF_A_KEY | OF_A_SERVER | ON_DEMAND | OF_A_MISFIT | OF_A_MAILBOX),
    ],
)
def test_a_command_imports_what_it_uses(modules: dict[str, set[str]], step: str, unused: set[str]) -> None:
    """Nothing that only other commands, other configurations or a question nobody has asked need."""
    assert modules[step].isdisjoint(unused), sorted(modules[step] & unused)
