"""One file per other side that resyncs; ``ACTIONS`` is the table of all of them, the best first."""

from __future__ import annotations

from exporter.clients.connection import Connection
from exporter.remediation.actions import bridge, hook, touch
from exporter.remediation.actions.action import Action, ActionKind, Final, Pair, Ways, known_ways
from exporter.remediation.actions.bridge import BridgeResync, ClearSuspension
from exporter.remediation.actions.touch import Touch
from exporter.remediation.backlog import Backlog

ACTIONS: tuple[ActionKind, ...] = (bridge.RESYNC, touch.KIND, hook.KIND, bridge.CLEAR_SUSPENSION)


def ways_of(connection: Connection) -> Ways:
    """Every way to resync an integration that is configured for it, and its own: what ``remediation.action`` names,
    else the first of the table that nobody has to name."""
    made = [(kind, kind.made_from(connection)) for kind in ACTIONS]
    by_name = {kind.name: action for kind, action in made if action is not None}
    named = connection.settings.remediation.action
    unasked = next((kind.name for kind, action in made if action is not None and kind.unasked), None)
    return Ways(by_name, named or unasked, connection.settings.remediation.guards)


def backlog_of(action: Action) -> Backlog | None:
    """How the action finds records that have not reached Salesforce; ``None`` if it finds none but those of errors."""
    return action.backlog if isinstance(action, Touch) else None


__all__ = [
    "ACTIONS",
    "Action",
    "ActionKind",
    "BridgeResync",
    "ClearSuspension",
    "Final",
    "Pair",
    "Touch",
    "Ways",
    "backlog_of",
    "known_ways",
    "ways_of",
]
