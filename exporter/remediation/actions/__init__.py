"""One file per way to resync; ``ACTIONS`` is the table of all of them, the best first."""

from __future__ import annotations

from exporter.clients.connection import Connection
from exporter.remediation.actions import bridge
from exporter.remediation.actions.action import Action, ActionKind, Pair

ACTIONS: tuple[ActionKind, ...] = (bridge.KIND,)


def action_of(connection: Connection) -> Action | None:
    """How an integration resyncs: the first way of the table it has what is needed for, ``None`` without any."""
    made = (kind.made_from(connection) for kind in ACTIONS)
    return next((action for action in made if action is not None), None)


__all__ = ["ACTIONS", "Action", "ActionKind", "Pair", "action_of"]
