"""Every dashboard, by the name of its file."""

from __future__ import annotations

from collections.abc import Mapping

from dashboards.builder.board import Board
from dashboards.builder.exporter import EXPORTER
from dashboards.builder.fleet import FLEET
from dashboards.builder.remediation import REMEDIATION
from dashboards.builder.sync_health import SYNC_HEALTH

BOARDS: Mapping[str, Board] = {
    "fleet": FLEET,
    "sync-health": SYNC_HEALTH,
    "remediation": REMEDIATION,
    "exporter": EXPORTER,
}
