"""The reference of the configuration says what the schema says, and the schema what the code does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from exporter.config.schema import config_schema
from tests.config.conftest import Load
from tests.config.reference import FILE, reference

BARE: dict[str, Any] = {
    "integrations": [
        {
            "name": "acme",
            "salesforce": {
                "url": "https://acme.my.salesforce.com",
                "auth": {"client_credentials": {"client_id": "an-id", "client_secret_file": "secret"}},
                "integration_user": "hubspot@acme.example",
                "status": {},
            },
            "hubspot": {"token_file": "secret", "unsynced": {}},
            "sync_health": {"directory": "."},
            "mailbox": {"host": "imap.example", "username": "me", "password_file": "secret"},
            "canary": {
                "object": "contacts",
                "hubspot_id": "101",
                "property": "canary",
                "salesforce_object": "Contact",
                "salesforce_id": "003000000000001",
                "field": "HubSpot_Canary__c",
            },
            "intervals": {},
            "remediation": {"hook": {"url": "https://hook.example", "secret_file": "secret"}},
        }
    ],
    "remediation": {"policies": [{"alert": "HubSpotSalesforceSyncErrors", "on": "firing"}]},
}
"""Every mapping that has a key with a default, and in it what must stand there."""


def test_it_is_made_from_the_schema() -> None:
    """`make reference` writes it anew."""
    assert FILE.read_text(encoding="utf-8") == reference()


def test_the_defaults_are_those_of_the_code(load: Load) -> None:
    """A file in which each is written out means the same as one that leaves them out."""
    written: list[str] = []
    spelled_out = with_defaults(BARE, config_schema(), written)
    assert load(spelled_out) == load(BARE)
    assert len(written) == sum("default" in node for node in _nodes(config_schema()))


def with_defaults(data: Any, node: Any, written: list[str]) -> Any:
    """The data with each key that has a default and is left out; what was added is noted in ``written``."""
    node = {**config_schema()["$defs"].get(node.get("$ref", "").removeprefix("#/$defs/"), {}), **node}
    if isinstance(data, list):
        return [with_defaults(one, node["items"], written) for one in data]
    if not isinstance(data, dict) or "properties" not in node:
        return data
    known = node["properties"]
    added = {key: value["default"] for key, value in known.items() if "default" in value and key not in data}
    written += added
    return {**{key: with_defaults(value, known[key], written) for key, value in data.items()}, **added}


def _nodes(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
    if isinstance(schema, dict | list):
        for inner in schema.values() if isinstance(schema, dict) else schema:
            yield from _nodes(inner)
