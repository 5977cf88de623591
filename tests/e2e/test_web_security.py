"""A real Prometheus and a real Alertmanager at two exporters that are secured: one by users, one by certificates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from cryptography import x509

from exporter.demo.processes import ALERTMANAGER, PROMETHEUS, Program, find_binary, free_port, running
from tests.clients.authority import Authority
from tests.e2e.secured import exporter, until
from tests.serving.conftest import HASHED, PASSWORD

pytestmark = pytest.mark.binaries

TLS = {"cert_file": "server.pem", "key_file": "server.pem"}
USERS = {"tls_server_config": TLS, "basic_auth_users": {"prometheus": HASHED}}
CERTIFICATES = {
    "tls_server_config": {
        **TLS,
        "client_auth_type": "RequireAndVerifyClientCert",
        "client_ca_file": "authority.pem",
        "client_allowed_sans": ["prometheus.example"],
    }
}
LABELS = {"alertname": "HubSpotSalesforceSyncErrors", "integration": "acme", "category": "other", "severity": "warning"}


def prometheus_program(folder: Path, users: str, certificates: str) -> Program:
    """Jobs that bring what is demanded, and jobs that bring nothing."""
    ca = {"ca_file": str(folder / "authority.pem")}
    pair = {"cert_file": str(folder / "client.pem"), "key_file": str(folder / "client.pem")}
    basic = {"username": "prometheus", "password_file": str(folder / "password")}
    (folder / "password").write_text(PASSWORD)
    jobs: list[dict[str, Any]] = [
        {"job_name": "user", "basic_auth": basic, "tls_config": ca, "static_configs": [{"targets": [users]}]},
        {"job_name": "no user", "tls_config": ca, "static_configs": [{"targets": [users]}]},
        {"job_name": "certificate", "tls_config": {**ca, **pair}, "static_configs": [{"targets": [certificates]}]},
        {"job_name": "no certificate", "tls_config": ca, "static_configs": [{"targets": [certificates]}]},
    ]
    config = {"global": {"scrape_interval": "1s"}, "scrape_configs": [{**job, "scheme": "https"} for job in jobs]}
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    address = f"127.0.0.1:{free_port()}"
    command = (
        *(find_binary(PROMETHEUS), f"--config.file={folder / 'prometheus.yml'}", f"--web.listen-address={address}"),
        f"--storage.tsdb.path={folder / 'prometheus'}",
    )
    return Program("prometheus", command, f"http://{address}/-/ready")


def alertmanager_program(folder: Path, users: str, certificates: str) -> Program:
    """It tells both, with the webhook's token; a user it has for neither."""
    ca = {"ca_file": str(folder / "authority.pem")}
    pair = {"cert_file": str(folder / "client.pem"), "key_file": str(folder / "client.pem")}
    token = {"type": "Bearer", "credentials_file": str(folder / "webhook-token")}
    webhooks = [
        {
            "url": f"https://{address}/alertmanager/webhook",
            "http_config": {"authorization": token, "tls_config": tls},
        }
        for address, tls in ((users, ca), (certificates, {**ca, **pair}))
    ]
    config = {
        "route": {"receiver": "resync", "group_by": ["..."], "group_wait": "0s", "group_interval": "1s"},
        "receivers": [{"name": "resync", "webhook_configs": webhooks}],
    }
    (folder / "alertmanager.yml").write_text(yaml.safe_dump(config))
    address = f"127.0.0.1:{free_port()}"
    command = (
        *(find_binary(ALERTMANAGER), f"--config.file={folder / 'alertmanager.yml'}", "--cluster.listen-address="),
        *(f"--web.listen-address={address}", f"--storage.path={folder / 'alertmanager'}"),
    )
    return Program("alertmanager", command, f"http://{address}/-/ready")


async def test_prometheus_scrapes_and_alertmanager_tells_over_tls(
    tmp_path: Path, config_data: dict[str, Any], write_config: Callable[[dict[str, Any]], Path]
) -> None:
    """With a user and its password, or with a certificate; without either nothing is scraped. What Alertmanager sends
    with the token comes in at both, and nobody is refused there."""
    config, authority = write_config(config_data), Authority(tmp_path)
    (tmp_path / "server.pem").write_bytes(authority.pair("leaf").read_bytes())
    (tmp_path / "client.pem").write_bytes(authority.client("client", x509.DNSName("prometheus.example")).read_bytes())
    async with (
        exporter(tmp_path, "users", config, USERS) as users,
        exporter(tmp_path, "certificates", config, CERTIFICATES) as certificates,
        running(prometheus := prometheus_program(tmp_path, users, certificates), tmp_path / "prometheus.log"),
        running(alertmanager := alertmanager_program(tmp_path, users, certificates), tmp_path / "alertmanager.log"),
        httpx.AsyncClient(trust_env=False) as http,
    ):

        async def value(query: str) -> dict[str, float]:
            url = prometheus.ready_url.replace("/-/ready", "/api/v1/query")
            result = (await http.get(url, params={"query": query})).json()["data"]["result"]
            return {each["metric"]["job"]: float(each["value"][1]) for each in result}

        async def scraped() -> bool:
            wanted = {"user": 1.0, "certificate": 1.0, "no user": 0.0, "no certificate": 0.0}
            return await value("up") == wanted

        await until(scraped)
        fired = [{"labels": LABELS, "startsAt": datetime.now(UTC).isoformat()}]
        answer = await http.post(alertmanager.ready_url.replace("/-/ready", "/api/v2/alerts"), json=fired)
        assert answer.status_code == 200

        async def told() -> bool:
            taken = 'sum by (job) (hubspot_salesforce_webhook_notifications_total{result=~"accepted|ignored"})'
            return await value(taken) == {"user": 1.0, "certificate": 1.0}

        await until(told)
        refused = 'sum by (job) (hubspot_salesforce_webhook_notifications_total{result!~"accepted|ignored"})'
        assert await value(refused) == {"user": 0.0, "certificate": 0.0}
        targets = (await http.get(prometheus.ready_url.replace("/-/ready", "/api/v1/targets"))).json()
        errors = {each["scrapePool"]: each["lastError"] for each in targets["data"]["activeTargets"]}
        assert "401 Unauthorized" in errors["no user"]
        assert errors["no certificate"]
