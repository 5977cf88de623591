"""The Alertmanager configuration as it ships, and what a test makes of it: shorter, uncommented, sent to the test."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from exporter.bundled.rule_files import rules_directory
from exporter.config.durations import parse_duration

FILE = rules_directory() / "alertmanager.yml"
TEXT = FILE.read_text(encoding="utf-8")
TEMPLATES = rules_directory() / "templates"

WEBHOOK_RECEIVER = "hubspot-salesforce-resync"
SILENT_RECEIVER = "nobody"
SHORTEST = 0.2
"""Seconds: what a test posts at once must join one group on a busy machine too."""
INTERVALS = ("group_wait", "group_interval", "repeat_interval")

_GLOBAL = re.compile(r"^# (global:|  (?:slack|smtp)_\w+: .+)$", re.MULTILINE)
_EXAMPLE = re.compile(r"^    # (.*)$", re.MULTILINE)


def shipped() -> dict[str, Any]:
    """The configuration, parsed."""
    config: dict[str, Any] = yaml.safe_load(TEXT)
    return config


def uncommented() -> str:
    """The file with every commented example in force: the receivers' and what they need in ``global``."""
    before, receivers, examples = TEXT.partition("\nreceivers:\n")
    return _GLOBAL.sub(r"\1", before) + receivers + _EXAMPLE.sub(r"    \1", examples)


def shorter(config: Any, factor: float) -> Any:
    """Every wait and interval divided by ``factor``, but none below ``SHORTEST``."""
    if isinstance(config, Mapping):
        return {
            key: _shorter_duration(value, factor) if key in INTERVALS else shorter(value, factor)
            for key, value in config.items()
        }
    return [shorter(value, factor) for value in config] if isinstance(config, list) else config


def _shorter_duration(duration: str, factor: float) -> str:
    return f"{round(max(parse_duration(duration) / factor, SHORTEST) * 1000)}ms"


def delivered_to(url: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """Every receiver posts to a path of its own below ``url``, people's ones too; only the silent one stays silent."""
    receivers = [_delivered(receiver, f"{url}/{receiver['name']}") for receiver in config["receivers"]]
    return {**config, "receivers": receivers}


def _delivered(receiver: Mapping[str, Any], url: str) -> dict[str, Any]:
    name = receiver["name"]
    if name == SILENT_RECEIVER:
        return dict(receiver)
    webhook = receiver["webhook_configs"][0] if name == WEBHOOK_RECEIVER else {"send_resolved": True}
    return {"name": name, "webhook_configs": [{**webhook, "url": url}]}


def written(folder: Path, config: Mapping[str, Any], token: str) -> Path:
    """The configuration as a file, with the webhook's token and the templates beside it as the header asks for."""
    (folder / "webhook-token").write_text(token, encoding="utf-8")
    if not (folder / TEMPLATES.name).exists():
        (folder / TEMPLATES.name).symlink_to(TEMPLATES)
    file = folder / "alertmanager.yml"
    file.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    return file
