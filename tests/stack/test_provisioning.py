"""What Grafana finds when it starts. It cannot be had here: the files are held against the keys it documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.stack.compose import ROOT, services

PROVISIONING = ROOT / "dashboards" / "provisioning"
GRAFANA = services()["grafana"]
DATA_SOURCES = {
    "type": "object",
    "additionalProperties": False,
    "required": ["apiVersion", "datasources"],
    "properties": {
        "apiVersion": {"const": 1},
        "prune": {"type": "boolean"},
        "datasources": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name", "uid", "type", "access", "url"],
                "properties": {
                    "name": {"type": "string"},
                    "uid": {"type": "string", "pattern": "^[a-zA-Z0-9_-]{1,40}$"},
                    "type": {"const": "prometheus"},
                    "access": {"const": "proxy"},
                    "url": {"type": "string", "pattern": "^http://[a-z]+:[0-9]+$"},
                    "isDefault": {"type": "boolean"},
                    "editable": {"type": "boolean"},
                    "jsonData": {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {
                            "httpMethod": {"enum": ["GET", "POST"]},
                            "timeInterval": {"type": "string", "pattern": "^[0-9]+(ms|s|m|h)$"},
                        },
                    },
                },
            },
        },
    },
}
DASHBOARDS = {
    "type": "object",
    "additionalProperties": False,
    "required": ["apiVersion", "providers"],
    "properties": {
        "apiVersion": {"const": 1},
        "providers": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name", "type", "options"],
                "properties": {
                    "name": {"type": "string"},
                    "orgId": {"type": "integer"},
                    "folder": {"type": "string"},
                    "folderUid": {"type": "string", "pattern": "^[a-zA-Z0-9_-]{1,40}$"},
                    "type": {"const": "file"},
                    "disableDeletion": {"type": "boolean"},
                    "allowUiUpdates": {"type": "boolean"},
                    "updateIntervalSeconds": {"type": "integer", "minimum": 10},
                    "options": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["path"],
                        "properties": {
                            "path": {"type": "string", "pattern": "^/"},
                            "foldersFromFilesStructure": {"type": "boolean"},
                        },
                    },
                },
            },
        },
    },
}


def only_file(folder: str) -> Any:
    """The content of the one file in a folder of the provisioning."""
    (file,) = (PROVISIONING / folder).glob("*.yaml")
    return yaml.safe_load(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("folder", "schema"), [("datasources", DATA_SOURCES), ("dashboards", DASHBOARDS)])
def test_grafana_knows_every_key(folder: str, schema: dict[str, Any]) -> None:
    """By the keys of its documentation for provisioning."""
    Draft202012Validator.check_schema(schema)
    assert [error.message for error in Draft202012Validator(schema).iter_errors(only_file(folder))] == []


def test_the_data_source_is_the_prometheus_beside_it() -> None:
    """One, with a uid that stays, and the scrape interval that Prometheus really has."""
    (source,) = only_file("datasources")["datasources"]
    assert source["uid"] == "prometheus"
    assert source["isDefault"] is True
    assert source["url"] == "http://prometheus:9090"
    prometheus = yaml.safe_load((ROOT / "rules" / "compose" / "prometheus.yml").read_text(encoding="utf-8"))
    assert source["jsonData"]["timeInterval"] == prometheus["global"]["scrape_interval"]


def test_the_dashboards_are_mounted_where_the_provider_looks() -> None:
    """The folder of the checkout with the dashboards in it, beyond anybody's reach."""
    (provider,) = only_file("dashboards")["providers"]
    targets = {mount.target: mount for mount in GRAFANA.mounts}
    mount = targets[provider["options"]["path"]]
    assert (mount.source, mount.read_only) == (ROOT / "dashboards", True)
    assert provider["allowUiUpdates"] is False
    for folder in ("datasources", "dashboards"):
        assert targets[f"/etc/grafana/provisioning/{folder}"].source == PROVISIONING / folder


def test_the_home_page_is_one_of_the_dashboards() -> None:
    """The fleet, in the folder that is mounted."""
    (provider,) = only_file("dashboards")["providers"]
    home = Path(GRAFANA["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert home == Path(provider["options"]["path"]) / "fleet.json"


@pytest.mark.parametrize(
    "setting",
    [
        "GF_ANALYTICS_REPORTING_ENABLED",
        "GF_ANALYTICS_CHECK_FOR_UPDATES",
        "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES",
        "GF_NEWS_NEWS_FEED_ENABLED",
        "GF_SNAPSHOTS_EXTERNAL_ENABLED",
    ],
)
def test_grafana_calls_nobody(setting: str) -> None:
    """What would ask or tell somebody outside is off."""
    assert GRAFANA["environment"][setting] == "false"
