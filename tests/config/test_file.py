"""Good configurations: what design.md names loads, with its defaults."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exporter.catalog.catalog import CATALOG
from exporter.cli import main
from exporter.config.durations import parse_duration
from exporter.config.file import load_config
from exporter.config.secret import Secret
from exporter.config.settings import (
    ClientCredentials,
    Config,
    JwtBearer,
    Policy,
    Remediation,
    Salesforce,
    TrustSettings,
)
from exporter.remediation.policy import default_policies

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
    intervals: {salesforce_limits: 5m, salesforce_access: 1h, salesforce_status: 1m, salesforce_usage_log: 6h, hubspot_heartbeat: 2m, hubspot_unsynced: 5m, sync_health: 1m, mailbox: 1m}
    remediation: {action: bridge}
  - name: beta
    salesforce:
      url: https://beta.my.salesforce.com/
      auth:
        jwt_bearer: {client_id: an-id, username: me, private_key_file: secret, audience: https://login.salesforce.com}
    sync_health:
      directory: dropped
    remediation: {action: touch, touch: {property: salesforce_resync_requested_at}}
remediation:
  enabled: true
  dry_run: false
  webhook_token_file: secret
  policies:
    - {alert: HubSpotSalesforceSyncErrors, on: firing, categories: [picklists], cooldown: 2h, max_attempts: 3}
    - {alert: HubSpotSalesforceSyncErrors, on: resolved, error_types: [string_too_long], action: resync}
"""  # noqa: E501  as it stands in the design

SMALL: dict[str, Any] = {"integrations": [{"name": "acme", "sync_health": {"url": "https://bridge.example/acme"}}]}

Load = Callable[[str | dict[str, Any]], Config]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Loads a text, or data written as JSON, from a directory with a secret and a directory for dropped files."""
    (tmp_path / "secret").write_text("  a-secret\n")
    (tmp_path / "dropped").mkdir()

    def loaded(content: str | dict[str, Any]) -> Config:
        file = tmp_path / "exporter.yml"
        file.write_text(content if isinstance(content, str) else json.dumps(content))
        return load_config(file)

    return loaded


def test_the_full_configuration_of_the_design_loads(load: Load, tmp_path: Path) -> None:
    """Every key the design names is accepted, and what this version builds stands in Config."""
    config = load(FULL)
    acme, beta = config.integrations
    assert config.store == f"sqlite:///{tmp_path}/hubspot-salesforce.db"
    assert acme.salesforce == Salesforce(
        url="https://acme.my.salesforce.com",
        api_version="62.0",
        auth=ClientCredentials("an-id", Secret(file=tmp_path / "secret")),
        integration_user="hubspot@acme.example",
        permission_set="HubSpot Integration",
        objects=("Lead", "Contact", "Account", "Opportunity", "Campaign", "Task", "User"),
        fields=(("Contact", "Email"),),
        status=TrustSettings("https://api.status.salesforce.com", "NA1"),
        max_api_calls_per_day=500,
    )
    assert acme.hubspot is not None
    assert (acme.hubspot.url, acme.hubspot.api_version) == ("https://api.hubapi.com", "2026-09")
    assert (acme.hubspot.connected_app, acme.hubspot.token) == ("HubSpot", Secret(file=tmp_path / "secret"))
    assert acme.hubspot.heartbeat_objects == ("contacts", "companies", "deals")
    assert (acme.allocated_api_calls, acme.notify) == (60000, "immediate")
    assert acme.sync_health is not None
    assert acme.sync_health.url == "https://bridge.example/acme"
    assert beta.sync_health is not None
    assert beta.sync_health.directory == tmp_path / "dropped"
    assert config.remediation.policies == (
        Policy("HubSpotSalesforceSyncErrors", "firing", CATALOG.select(["picklists"], []), 7200.0, 3),
        Policy("HubSpotSalesforceSyncErrors", "resolved", frozenset({("property_values", "string_too_long")})),
    )


def test_the_other_way_to_log_in_loads(load: Load, tmp_path: Path) -> None:
    """JWT bearer; a slash at the end of the org's URL does not matter."""
    salesforce = load(FULL).integrations[1].salesforce
    assert salesforce is not None
    assert salesforce.url == "https://beta.my.salesforce.com"
    assert salesforce.auth == JwtBearer("an-id", "me", Secret(file=tmp_path / "secret"), "https://login.salesforce.com")


def test_what_this_version_does_not_use_is_said_aloud(load: Load) -> None:
    """Nothing that was asked for is dropped in silence; what is used has no note."""
    noted = {note.removesuffix(" is accepted, but this version does not use it yet") for note in load(FULL).notes}
    assert {"acme: hubspot.unsynced", "acme: mailbox", "beta: remediation.action: touch"} <= noted
    used = ("acme: salesforce.url", "acme: sync_health.url", "acme: intervals.sync_health", "acme: remediation.action")
    assert not [note for note in noted if note.startswith(used)]
    assert load(SMALL).notes == ()


def test_check_config_prints_the_notes_and_still_says_good(
    load: Load, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Notes go to standard error, one line each; the verdict stands alone on standard output."""
    config = load(FULL)
    assert main(["check-config", str(tmp_path / "exporter.yml")]) == 0
    said = capsys.readouterr()
    assert said.out == f"{tmp_path / 'exporter.yml'}: good, 2 integrations\n"
    assert said.err.splitlines() == [f"note: {note}" for note in config.notes]


def test_left_out_keys_have_the_defaults_of_the_design(load: Load, tmp_path: Path) -> None:
    """A small file is enough."""
    config = load(SMALL)
    (acme,) = config.integrations
    assert config.store == f"sqlite:///{tmp_path}/hubspot-salesforce.db"
    assert config.remediation == Remediation(enabled=True, dry_run=False, webhook_token=None, policies=None)
    assert (acme.salesforce, acme.allocated_api_calls, acme.notify) == (None, None, "immediate")
    careful = {"salesforce_limits": "5m", "salesforce_access": "1h", "salesforce_status": "1m", "sync_health": "1m"}
    careful |= {"salesforce_usage_log": "6h", "hubspot_heartbeat": "2m"}
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
    assert (hubspot.allocated_api_calls, hubspot.connected_app) == (None, "HubSpot")
    assert hubspot.heartbeat_objects == ("contacts", "companies", "deals")


def test_a_policy_has_defaults(load: Load) -> None:
    """An alert and a state are enough: every error, an hour between attempts, five of them."""
    config = load({**SMALL, "remediation": {"policies": [{"alert": "Mine", "on": "firing"}]}})
    assert config.remediation.policies == (Policy("Mine", "firing", CATALOG.select([], []), 3600.0, 5),)


def test_no_policies_are_not_the_default_policies(load: Load) -> None:
    """An empty list means that nothing is resynced; leaving the key out means the policies that ship."""
    assert load({**SMALL, "remediation": {"policies": []}}).remediation.policies == ()
    assert load(SMALL).remediation.policies is None
    assert {policy.on for policy in default_policies()} == {"firing", "resolved"}


@pytest.mark.parametrize("notify", ["immediate", "daily", "weekly", "off"])
def test_every_notify_value_survives_yaml(notify: str, load: Load) -> None:
    """``off`` without quotes is the word, not the boolean."""
    assert load(f"{json.dumps(SMALL)[:-3]}, notify: {notify}}}]}}").integrations[0].notify == notify


@pytest.mark.parametrize("on", ["firing", "resolved"])
def test_on_without_quotes_is_a_key(on: str, load: Load) -> None:
    """YAML 1.1 would read ``on:`` as ``true:``."""
    text = "integrations: [{name: a, sync_health: {directory: dropped}}]\nremediation:\n  policies:\n"
    policies = load(text + f"    - alert: Mine\n      on: {on}\n").remediation.policies
    assert policies is not None
    assert policies[0].on == on


@pytest.mark.parametrize("interval", ["1s", "1000ms", "1m30s", "1d"])
def test_any_interval_from_one_second_up_is_accepted(interval: str, load: Load) -> None:
    """The defaults are the careful ones; a demo may want to be quick."""
    (acme,) = load(
        {"integrations": [{**SMALL["integrations"][0], "intervals": {"sync_health": interval}}]}
    ).integrations
    assert acme.intervals["sync_health"] >= 1
    assert acme.intervals["salesforce_limits"] == 300


@pytest.mark.parametrize("indent", [None, 2, "\t"])
def test_a_json_file_loads(indent: int | str | None, tmp_path: Path) -> None:
    """JSON is YAML, also when tabs indent it."""
    file = tmp_path / "exporter.json"
    file.write_text(json.dumps(SMALL, indent=indent))
    assert load_config(file).integrations[0].name == "acme"


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("sqlite:///sub/a.db", "sqlite:///{folder}/sub/a.db"),
        ("sqlite:////var/lib/a.db", "sqlite:////var/lib/a.db"),
        ("postgresql://exporter@db.example:5432/sync", "postgresql://exporter@db.example:5432/sync"),
        ("postgresql:///sync?host=/run/postgresql", "postgresql:///sync?host=/run/postgresql"),
    ],
)
def test_a_relative_store_stands_beside_the_file(written: str, stored: str, load: Load, tmp_path: Path) -> None:
    """Absolute paths and PostgreSQL stay what they are."""
    assert load({**SMALL, "store": written}).store == stored.replace("{folder}", str(tmp_path))


def test_relative_paths_do_not_depend_on_the_working_directory(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Secrets and directories are looked for beside the configuration file."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    acme, beta = load(FULL).integrations
    assert acme.sync_health is not None
    assert acme.sync_health.token is not None
    assert acme.sync_health.token.read() == "a-secret"
    assert beta.sync_health is not None
    assert beta.sync_health.directory == tmp_path / "dropped"


def test_a_store_beside_a_file_named_relatively_is_absolute(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``check-config exporter.yml`` and ``check-config ./exporter.yml`` mean the same database."""
    load(SMALL)
    monkeypatch.chdir(tmp_path)
    assert load_config(Path("exporter.yml")).store == f"sqlite:///{tmp_path}/hubspot-salesforce.db"


def test_a_secret_is_read_when_it_is_needed(load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rotated file or variable works without a restart; white space around it does not count."""
    monkeypatch.setenv("BRIDGE_TOKEN", " from-the-environment ")
    feed = {"url": "https://bridge.example", "token_env": "BRIDGE_TOKEN"}
    config = load(
        {
            "integrations": [{"name": "acme", "sync_health": feed}],
            "remediation": {"webhook_token_file": "secret"},
        }
    )
    assert config.integrations[0].sync_health is not None
    assert config.integrations[0].sync_health.token is not None
    assert config.integrations[0].sync_health.token.read() == "from-the-environment"
    assert config.remediation.webhook_token is not None
    assert config.remediation.webhook_token.read() == "a-secret"
    (tmp_path / "secret").write_text("rotated\n")
    assert config.remediation.webhook_token.read() == "rotated"
    assert "rotated" not in repr(config)
    assert "from-the-environment" not in repr(config)


def test_a_secret_that_is_gone_says_so(load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was there when the file was checked; whoever reads it later must be ready for this."""
    with pytest.raises(FileNotFoundError):
        Secret(file=tmp_path / "gone").read()
    monkeypatch.delenv("NOT_SET_ANYWHERE", raising=False)
    with pytest.raises(KeyError, match="NOT_SET_ANYWHERE"):
        Secret(env="NOT_SET_ANYWHERE").read()


def test_a_whole_number_may_be_written_with_a_point(load: Load) -> None:
    """JSON Schema takes 60000.0 for an integer; the configuration holds one."""
    entry = {**SMALL["integrations"][0], "hubspot": {"allocated_api_calls": 60000.0}}
    allocated = load({"integrations": [entry]}).integrations[0].allocated_api_calls
    assert (allocated, type(allocated)) == (60000, int)


def test_an_allocation_of_zero_is_not_none(load: Load) -> None:
    """0 is a setting; left out means that none is set."""
    entry = {**SMALL["integrations"][0], "hubspot": {"allocated_api_calls": 0}}
    assert load({"integrations": [entry]}).integrations[0].allocated_api_calls == 0


def test_an_anchor_saves_writing(load: Load) -> None:
    """Two integrations may share what is equal, and differ in the rest."""
    config = load(
        "integrations:\n"
        "  - &common\n    name: acme\n    notify: daily\n    sync_health: {directory: dropped}\n"
        "  - <<: *common\n    name: beta\n"
    )
    assert [(entry.name, entry.notify) for entry in config.integrations] == [("acme", "daily"), ("beta", "daily")]


def test_an_integration_is_found_by_name(load: Load) -> None:
    """``None`` for a name that is not configured."""
    config = load(SMALL)
    assert config.integration("acme") == config.integrations[0]
    assert config.integration("gamma") is None
