"""The actions that resync: each is only named where what it works with is configured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from exporter.catalog.catalog import CATALOG
from exporter.config.defaults import POLICY_ACTION
from exporter.config.draft import Draft, value_at
from exporter.config.finding import Finding
from exporter.config.masking import shown
from exporter.config.meaningful import MEANINGFUL
from exporter.config.yaml_document import DocumentPath

_NEEDS = {
    "bridge": ("sync_health", "url"),
    "touch": ("remediation", "touch", "property"),
    "hook": ("remediation", "hook", "url"),
    "clear-suspension": ("sync_health", "url"),
}
"""What has to be there for an action to be named."""


def unconfigured_actions(draft: Draft) -> Iterator[Finding]:
    """An integration names no action that it has nothing for."""
    for index, entry in enumerate(_integrations(draft)):
        action = value_at(entry, ("remediation", "action"))
        if isinstance(action, str) and action in _NEEDS and not _has(entry, action):
            path: DocumentPath = ("integrations", index, "remediation", "action")
            yield Finding(path, f"got {shown(action)}", f"{'.'.join(_NEEDS[action])} beside it, or another action")


def unconfigured_policy_actions(draft: Draft) -> Iterator[Finding]:
    """A policy names no action that no integration has anything for."""
    for path, policy in draft.policies():
        action = policy.get("action")
        if not isinstance(action, str) or action not in _NEEDS:
            continue
        if not any(_has(entry, action) for entry in _integrations(draft)):
            expected = f"{POLICY_ACTION}, or {'.'.join(_NEEDS[action])} in an integration at least"
            yield Finding((*path, "action"), f"got {shown(action)}", expected)


def cleared_in_vain(draft: Draft) -> Iterator[Finding]:
    """A policy clears only what its alert says is there, and what the button ends."""
    alerts = [reason.alert for reason in CATALOG.cleared_by_button]
    for path, policy in draft.policies():
        alert = policy.get("alert")
        if isinstance(alert, str) and alert not in alerts and policy.get("action") == "clear-suspension":
            expected = f"with the action clear-suspension one of {', '.join(alerts)}"
            yield Finding((*path, "alert"), f"got {shown(alert)}", expected)


def meaningful_properties(draft: Draft) -> Iterator[Finding]:
    """A touch overwrites no property that somebody goes by."""
    for index, entry in enumerate(_integrations(draft)):
        name = value_at(entry, _NEEDS["touch"])
        if isinstance(name, str) and name in MEANINGFUL:
            path: DocumentPath = ("integrations", index, *_NEEDS["touch"])
            yield Finding(path, f"got {shown(name)}", "a property made for this, which nobody goes by")


def _integrations(draft: Draft) -> list[Any]:
    entries = draft.section("integrations")
    return entries if isinstance(entries, list) else []


def _has(entry: Any, action: str) -> bool:
    return value_at(entry, _NEEDS[action]) is not None
