"""Good configurations: what design.md names loads."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest

from exporter.catalog.catalog import CATALOG
from exporter.config.file import load_config
from exporter.config.problem import ConfigError
from exporter.config.secret import Secret
from exporter.config.settings import ClientCredentials, JwtBearer, Policy, Salesforce, TrustSettings
from exporter.remediation.policy import default_policies
from tests.config.conftest import FULL, SMALL, Load


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
    assert (acme.hubspot.connected_apps, acme.hubspot.token) == (("HubSpot",), Secret(file=tmp_path / "secret"))
    assert acme.hubspot.heartbeat_objects == ("contacts", "companies", "deals")
    assert (acme.allocated_api_calls, acme.notify) == (60000, "immediate")
    assert acme.sync_health is not None
    assert acme.sync_health.url == "https://bridge.example/acme"
    assert beta.sync_health is not None
    assert beta.sync_health.directory == tmp_path / "dropped"
    assert config.remediation.repeat_after == 600.0
    assert config.remediation.policies == (
        Policy("HubSpotSalesforceSyncErrors", "firing", CATALOG.select(["picklists"], []), 7200.0, 3),
        Policy("HubSpotSalesforceSyncErrors", "resolved", frozenset({("property_values", "string_too_long")})),
    )


def test_the_other_way_to_log_in_loads(load: Load, tmp_path: Path) -> None:
    """JWT bearer; a slash at the end of the org's URL does not matter."""
    salesforce = load(FULL).integrations[1].salesforce
    assert salesforce is not None
    assert salesforce.url == "https://beta.my.salesforce.com"
    assert salesforce.auth == JwtBearer(
        "an-id", "me", Secret(file=tmp_path / "key.pem"), "https://login.salesforce.com"
    )


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


@pytest.mark.parametrize("off", ["off", "'off'", '"off"'])
def test_a_source_can_be_switched_off(off: str, load: Load) -> None:
    """It has no interval then; the others keep theirs."""
    text = (
        f"integrations: [{{name: a, sync_health: {{directory: dropped}}, intervals: {{salesforce_usage_log: {off}}}}}]"
    )
    (only,) = load(text).integrations
    assert "salesforce_usage_log" not in only.intervals
    assert only.intervals["salesforce_limits"] == 300


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
        ("sqlite:///{folder}/a.db", "sqlite:///{folder}/a.db"),
        ("postgresql://exporter@db.example:5432/sync", "postgresql://exporter@db.example:5432/sync"),
        ("postgresql:///sync?host=/run/postgresql", "postgresql:///sync?host=/run/postgresql"),
        ("postgres://exporter@db.example:5432/sync", "postgresql://exporter@db.example:5432/sync"),
        ("postgres:///sync?host=/run/postgresql", "postgresql:///sync?host=/run/postgresql"),
    ],
)
def test_a_relative_store_stands_beside_the_file(written: str, stored: str, load: Load, tmp_path: Path) -> None:
    """Absolute paths and PostgreSQL stay what they are; ``postgres://`` is PostgreSQL by its short name."""
    (tmp_path / "sub").mkdir()

    def in_folder(url: str) -> str:
        return url.replace("{folder}", str(tmp_path))

    assert load({**SMALL, "store": in_folder(written)}).store == in_folder(stored)


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


EXTENDED = """\
x-bridge: &bridge
  url: https://bridge.example/shared
  token_file: secret
x-salesforce: &salesforce
  api_version: "61.0"
  objects: [Lead]
x-note: {url: "not a url", directory: nowhere, intervals: {sync_health: 0s}, anything: [goes, {token_file: nowhere}]}
x-twice: 1
x-twice: 2
x-: empty
integrations:
  - name: acme
    sync_health: {<<: *bridge}
  - name: beta
    sync_health: {<<: *bridge, url: https://bridge.example/beta}
    salesforce:
      <<: [*salesforce, {url: https://beta.my.salesforce.com}]
      auth: {client_credentials: {client_id: an-id, client_secret_file: secret}}
"""


def test_extension_keys_hold_what_anchors_name(load: Load) -> None:
    """Below ``x-`` anything may stand, as in Compose files; what is merged from there counts, own keys more."""
    acme, beta = load(EXTENDED).integrations
    assert acme.sync_health is not None
    assert beta.sync_health is not None
    assert (acme.sync_health.url, beta.sync_health.url) == (
        "https://bridge.example/shared",
        "https://bridge.example/beta",
    )
    assert acme.sync_health.token == beta.sync_health.token is not None
    assert beta.salesforce is not None
    assert (beta.salesforce.api_version, beta.salesforce.objects) == ("61.0", ("Lead",))


@pytest.mark.parametrize("value", ["null", "1", "[a, b]", "{url: x}", "off", "'x: y'"])
def test_an_extension_key_may_hold_anything(value: str, load: Load) -> None:
    """It is not looked at."""
    text = f"x-thing: {value}\nintegrations: [{{name: acme, sync_health: {{directory: dropped}}}}]\n"
    assert load(text).integrations[0].name == "acme"


def test_a_store_password_stands_in_a_file_or_a_variable(load: Load, tmp_path: Path) -> None:
    """As every secret does; beside an SQLite file it is said to be of no use."""
    data = {**SMALL, "store": "postgres://exporter@db.example/sync"}
    assert load({**data, "store_password_file": "secret"}).store_password == Secret(file=tmp_path / "secret")
    assert load(data).store_password is None
    assert load({**SMALL, "store_password_file": "secret"}).notes == (
        "store_password_file is not used: the store is a file",
    )


@pytest.mark.parametrize(
    "name", ["d" * 256, "é" * 128, "a/" * 3000, "\ud800", "secret", "secret/below", "a\u0000b", "."], ids=range(8)
)
def test_no_directory_brings_down_the_check(name: str, load: Load) -> None:
    """Names that no file system takes, or that are something else, are refused like one that is not there."""
    feed = {"integrations": [{"name": "acme", "sync_health": {"directory": name}}]}
    for data in (feed, {**SMALL, "store": f"sqlite:///{name}/x.db"}):
        with contextlib.nullcontext() if name == "." else pytest.raises(ConfigError):
            load(data)


@pytest.mark.parametrize("written", ["off", '"off"'])
def test_trust_can_be_switched_off(tmp_path: Path, written: str) -> None:
    """For an org whose instance has no page there, or a network that does not reach it."""
    (tmp_path / "secret").write_text("a-secret")
    file = tmp_path / "exporter.yml"
    file.write_text(
        "integrations:\n  - name: acme\n    salesforce:\n      url: https://acme.my.salesforce.com\n"
        "      auth: {client_credentials: {client_id: an-id, client_secret_file: secret}}\n"
        f"      status: {written}\n"
    )
    salesforce = load_config(file).integrations[0].salesforce
    assert salesforce is not None
    assert salesforce.status is None


@pytest.mark.parametrize(
    ("written", "apps"),
    [("HubSpot EU", ("HubSpot EU",)), (["HubSpot", "8883i000001AbCd"], ("HubSpot", "8883i000001AbCd"))],
)
def test_a_connected_app_or_several(load: Load, written: Any, apps: tuple[str, ...]) -> None:
    """One name, or a list of names and ids."""
    entry = {"name": "acme", "sync_health": {"url": "https://bridge.example"}, "hubspot": {"connected_app": written}}
    hubspot = load({"integrations": [entry]}).integrations[0].hubspot
    assert hubspot is not None
    assert hubspot.connected_apps == apps
