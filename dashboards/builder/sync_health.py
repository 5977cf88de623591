"""Sync health: what HubSpot's page of that name shows of an integration, and what the exporter sees beside it."""

from __future__ import annotations

from dashboards.builder.access import ACCESS
from dashboards.builder.api_calls import API_CALLS
from dashboards.builder.board import Board, runbooks_setting
from dashboards.builder.canary import CANARY
from dashboards.builder.heartbeat import HEARTBEAT
from dashboards.builder.suspension import NOW, SUSPENSION
from dashboards.builder.sync_errors import SYNC_ERRORS

SYNC_HEALTH = Board(
    "Sync health",
    "API calls, sync errors and suspension of an integration as HubSpot draws them, and the causes seen from outside.",
    [NOW, API_CALLS, SYNC_ERRORS, SUSPENSION, HEARTBEAT, CANARY, ACCESS],
    [runbooks_setting()],
)
