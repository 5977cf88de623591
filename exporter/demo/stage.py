"""Everything the demo runs: simulator, exporter, Prometheus, Alertmanager, each a real process on a free port."""

from __future__ import annotations

import contextlib
import secrets
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from exporter.bundled.rule_files import rules_directory
from exporter.demo.bridgeless import without_bridge
from exporter.demo.mailbox import Mailbox, running_mailbox
from exporter.demo.processes import ALERTMANAGER, PROMETHEUS, Program, find_binary, free_port, running
from exporter.demo.shortening import shorter_routing, shorter_rules
from exporter.demo.simulator.settings import Settings

ORG = "acme"


@dataclass(frozen=True, slots=True)
class Stage:
    """Where everything listens; ``folder`` holds configurations, data and logs."""

    folder: Path
    simulator: str
    exporter: str
    prometheus: str
    alertmanager: str
    mailbox: Mailbox | None = field(default=None, kw_only=True)
    """HubSpot's e-mails; where there is a mailbox, there is no bridge."""


def plan_stage(folder: Path) -> Stage:
    """Picks the ports; starts nothing."""
    urls = [f"http://127.0.0.1:{free_port()}" for _ in range(4)]
    return Stage(folder, *urls)


@contextlib.asynccontextmanager
async def running_stage(stage: Stage, *, with_bridge: bool = True) -> AsyncIterator[Stage]:
    """Writes the configurations and runs everything until the block ends, then ends it in reverse order. Without a
    bridge there is a mailbox."""
    prometheus, alertmanager = find_binary(PROMETHEUS), find_binary(ALERTMANAGER)
    imap_port = free_port()
    async with contextlib.AsyncExitStack() as stack:
        simulator = simulator_program(stage, imap_port)
        await stack.enter_async_context(running(simulator, stage.folder / f"{simulator.name}.log"))
        if not with_bridge:
            mailbox = await stack.enter_async_context(running_mailbox(stage.folder, stage.simulator, ORG, imap_port))
            stage = replace(stage, mailbox=mailbox)
        write_exporter_config(stage)
        _write_prometheus_config(stage)
        _write_alertmanager_config(stage)
        programs = (
            exporter_program(stage),
            _alertmanager_program(stage, alertmanager),
            _prometheus_program(stage, prometheus),
        )
        for program in programs:
            await stack.enter_async_context(running(program, stage.folder / f"{program.name}.log"))
        yield stage


def simulator_program(stage: Stage, imap_port: int | None = None) -> Program:
    command = (
        *(sys.executable, "-m", "exporter.demo.simulator", f"--port={_port(stage.simulator)}", f"--orgs={ORG}"),
        *("--sync-interval=1", "--traffic=6", "--suspend-after=12", "--records=200"),
        # A day of two minutes, and small limits, so that one sees the rolling window fill and release.
        *("--window-seconds=120", "--allocation=1500", "--limit=3000"),
        *((f"--imap-port={imap_port}",) if imap_port else ()),
    )
    return Program("simulator", command, f"{stage.simulator}/control/{ORG}")


def exporter_program(stage: Stage) -> Program:
    command = (
        *(sys.executable, "-m", "exporter", "serve", f"--config.file={stage.folder / 'exporter.yml'}"),
        f"--web.listen-address={_address(stage.exporter)}",
    )
    return Program("exporter", command, f"{stage.exporter}/-/ready")


def _prometheus_program(stage: Stage, binary: str) -> Program:
    command = (
        *(binary, f"--config.file={stage.folder / 'prometheus.yml'}"),
        f"--storage.tsdb.path={stage.folder / 'prometheus'}",
        f"--web.listen-address={_address(stage.prometheus)}",
        "--rules.alert.resend-delay=1s",
    )
    return Program("prometheus", command, f"{stage.prometheus}/-/ready")


def _alertmanager_program(stage: Stage, binary: str) -> Program:
    command = (
        *(binary, f"--config.file={stage.folder / 'alertmanager.yml'}"),
        f"--storage.path={stage.folder / 'alertmanager'}",
        f"--web.listen-address={_address(stage.alertmanager)}",
        # Alone: no gossip with other Alertmanagers.
        "--cluster.listen-address=",
    )
    return Program("alertmanager", command, f"{stage.alertmanager}/-/ready")


def write_exporter_config(stage: Stage) -> Path:
    """The exporter's configuration and its secrets, made for this run."""
    simulated = Settings()
    for name, secret in (
        ("client-secret", simulated.client_secret),
        ("bridge-token", simulated.bridge_token),
        ("hubspot-token", simulated.hubspot_token),
        ("webhook-token", secrets.token_urlsafe(24)),
        ("mailbox-password", stage.mailbox.password if stage.mailbox else ""),
    ):
        file = stage.folder / name
        file.touch(mode=0o600)
        file.write_text(secret, encoding="utf-8")
    entry = _integration(stage)
    config = {
        "store": "sqlite:///exporter.db",
        "integrations": [without_bridge(entry, stage.mailbox) if stage.mailbox else entry],
        "remediation": {"webhook_token_file": "webhook-token", "verify_after": "2s"},
    }
    return _write(stage.folder / "exporter.yml", config)


def _integration(stage: Stage) -> dict[str, Any]:
    simulated = Settings()
    return {
        "name": ORG,
        "salesforce": {
            "url": f"{stage.simulator}/{ORG}/salesforce",
            "auth": {
                "client_credentials": {
                    "client_id": simulated.client_id,
                    "client_secret_file": "client-secret",
                }
            },
            "integration_user": f"hubspot@{ORG}.example",
            "fields": {"Contact": ["Email"]},
            "status": {"url": f"{stage.simulator}/status"},
            # A day of the demo takes two minutes, but the ledger counts real ones.
            "max_api_calls_per_day": 200_000,
        },
        "hubspot": {
            "url": f"{stage.simulator}/{ORG}/hubspot",
            "token_file": "hubspot-token",
        },
        "sync_health": {"url": f"{stage.simulator}/{ORG}/bridge", "token_file": "bridge-token"},
        "intervals": {
            "salesforce_limits": "3s",
            "salesforce_heartbeat": "3s",
            "salesforce_access": "2s",
            "salesforce_status": "2s",
            "salesforce_usage_log": "10s",
            "hubspot_heartbeat": "3s",
            "hubspot_account": "10s",
            "sync_health": "1s",
        },
    }


def _write_prometheus_config(stage: Stage) -> None:
    shipped = rules_directory()
    config = yaml.safe_load((shipped / "prometheus.yml").read_text(encoding="utf-8"))
    config["global"] |= {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    for job in config["scrape_configs"]:
        job.pop("scrape_interval", None)
        job.pop("scrape_timeout", None)
        job["static_configs"] = [{"targets": [_address(stage.exporter)]}]
    config["alerting"]["alertmanagers"] = [{"static_configs": [{"targets": [_address(stage.alertmanager)]}]}]
    _write(stage.folder / "prometheus.yml", config)
    for file in shipped.glob("*.rules.yml"):
        _write(stage.folder / file.name, shorter_rules(yaml.safe_load(file.read_text(encoding="utf-8"))))


def _write_alertmanager_config(stage: Stage) -> None:
    shipped = yaml.safe_load((rules_directory() / "alertmanager.yml").read_text(encoding="utf-8"))
    config = shorter_routing(shipped)
    for receiver in config["receivers"]:
        for webhook in receiver.get("webhook_configs", ()):
            webhook["url"] = f"{stage.exporter}/alertmanager/webhook"
    _write(stage.folder / "alertmanager.yml", config)


def _write(file: Path, config: dict[str, Any]) -> Path:
    file.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    return file


def _address(url: str) -> str:
    return url.removeprefix("http://")


def _port(url: str) -> str:
    return url.rpartition(":")[2]
