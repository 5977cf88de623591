"""Left-out keys: the defaults of design.md."""

from __future__ import annotations

from pathlib import Path

from exporter.catalog.catalog import CATALOG
from exporter.config.durations import parse_duration
from exporter.config.settings import Policy, Remediation, TrustSettings
from tests.config.conftest import SMALL, Load


def test_left_out_keys_have_the_defaults_of_the_design(load: Load, tmp_path: Path) -> None:
    """A small file is enough."""
    config = load(SMALL)
    (acme,) = config.integrations
    assert config.store == f"sqlite:///{tmp_path}/hubspot-salesforce.db"
    assert config.remediation == Remediation(
        enabled=True, dry_run=False, webhook_tokens=(), policies=None, repeat_after=300.0
    )
    assert (acme.salesforce, acme.allocated_api_calls, acme.notify) == (None, None, "immediate")
    careful = {"salesforce_limits": "5m", "salesforce_access": "1h", "salesforce_status": "1m", "sync_health": "1m"}
    careful |= {"salesforce_usage_log": "6h", "hubspot_heartbeat": "2m", "hubspot_account": "5m"}
    assert {source: acme.intervals[source] for source in careful} == {
        source: parse_duration(interval) for source, interval in careful.items()
    }


def test_left_out_keys_of_an_org_have_the_defaults_of_the_design(load: Load) -> None:
    """Its URL and one way to log in are enough; no integration user means no access checks."""
    auth = {"client_credentials": {"client_id": "an-id", "client_secret_file": "secret"}}
    config = load(
        {"integrations": [{"name": "acme", "salesforce": {"url": "https://acme.my.salesforce.com", "auth": auth}}]}
    )
    salesforce = config.integrations[0].salesforce
    assert salesforce is not None
    assert (salesforce.api_version, salesforce.integration_user) == ("62.0", None)
    assert salesforce.permission_set == "HubSpot Integration"
    assert salesforce.objects == ("Lead", "Contact", "Account", "Opportunity", "Campaign", "Task", "User")
    assert (salesforce.fields, salesforce.max_api_calls_per_day) == ((), 500)
    assert salesforce.status == TrustSettings("https://api.status.salesforce.com", None)


def test_left_out_keys_of_a_hubspot_account_have_the_defaults_of_the_design(load: Load) -> None:
    """No token means that nothing is asked there, no allocation that none is set."""
    hubspot = load({"integrations": [{**SMALL["integrations"][0], "hubspot": {}}]}).integrations[0].hubspot
    assert hubspot is not None
    assert (hubspot.url, hubspot.api_version, hubspot.token) == ("https://api.hubapi.com", "2026-09", None)
    assert (hubspot.allocated_api_calls, hubspot.connected_apps) == (None, ("HubSpot",))
    assert hubspot.heartbeat_objects == ("contacts", "companies", "deals")


def test_a_policy_has_defaults(load: Load) -> None:
    """An alert and a state are enough: every error, an hour between attempts, five of them."""
    config = load({**SMALL, "remediation": {"policies": [{"alert": "Mine", "on": "firing"}]}})
    assert config.remediation.policies == (Policy("Mine", "firing", CATALOG.select([], []), 3600.0, 5),)
