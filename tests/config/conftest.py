"""A good configuration, full and small, and how a test loads one."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from exporter.config.file import load_config
from exporter.config.settings import Config

FULL = """\
store: sqlite:///hubspot-salesforce.db
integrations:
  - name: acme
    salesforce:
      url: https://acme.my.salesforce.com
      api_version: "62.0"
      auth:
        client_credentials: {client_id: an-id, client_secret_file: secret}
      integration_user: hubspot@acme.example
      permission_set: HubSpot Integration
      objects: [Lead, Contact, Account, Opportunity, Campaign, Task, User]
      fields: {Contact: [Email]}
      status: {url: https://api.status.salesforce.com, instance: NA1}
      max_api_calls_per_day: 500
    hubspot:
      url: https://api.hubapi.com
      api_version: "2026-09"
      token_file: secret
      allocated_api_calls: 60000
      connected_app: HubSpot
      heartbeat_objects: [contacts, companies, deals]
      unsynced: {objects: [contacts, companies, deals], grace: 30m, window: 24h, filters: {contacts: []}}
    sync_health:
      url: https://bridge.example/acme
      token_file: secret
    mailbox: {host: imap.example, username: me, password_file: secret, folder: INBOX}
    notify: immediate
    intervals: {salesforce_limits: 5m, salesforce_access: 1h, salesforce_status: 1m, salesforce_usage_log: 6h, hubspot_heartbeat: 2m, hubspot_account: 5m, hubspot_unsynced: 5m, sync_health: 1m, mailbox: 1m}
    remediation: {action: bridge}
  - name: beta
    salesforce:
      url: https://beta.my.salesforce.com/
      auth:
        jwt_bearer: {client_id: an-id, username: me, private_key_file: key.pem, audience: https://login.salesforce.com}
    sync_health:
      directory: dropped
    remediation: {action: touch, touch: {property: salesforce_resync_requested_at}}
remediation:
  enabled: true
  dry_run: false
  webhook_token_file: secret
  repeat_after: 10m
  policies:
    - {alert: HubSpotSalesforceSyncErrors, on: firing, categories: [picklists], cooldown: 2h, max_attempts: 3}
    - {alert: HubSpotSalesforceSyncErrors, on: resolved, error_types: [string_too_long], action: resync}
"""  # noqa: E501  as it stands in the design

SMALL: dict[str, Any] = {"integrations": [{"name": "acme", "sync_health": {"url": "https://bridge.example/acme"}}]}


@cache
def private_key(kind: PrivateFormat = PrivateFormat.PKCS8) -> str:
    """An RSA key in PEM form, the same for all tests."""
    return _key().private_bytes(Encoding.PEM, kind, NoEncryption()).decode()


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


Load = Callable[[str | dict[str, Any]], Config]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Loads a text, or data written as JSON, from a directory with secrets and a directory for dropped files."""
    (tmp_path / "secret").write_text("  a-secret\n")
    (tmp_path / "key.pem").write_text(private_key())
    (tmp_path / "dropped").mkdir()

    def loaded(content: str | dict[str, Any]) -> Config:
        file = tmp_path / "exporter.yml"
        file.write_text(content if isinstance(content, str) else json.dumps(content))
        return load_config(file)

    return loaded
