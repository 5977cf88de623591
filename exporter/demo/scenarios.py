"""The table of all scenarios."""

from __future__ import annotations

from collections.abc import Mapping

from exporter.demo.causes import CAUSES
from exporter.demo.no_bridge import NO_BRIDGE
from exporter.demo.permissions import PERMISSIONS
from exporter.demo.scenario import Scenario

SCENARIOS: Mapping[str, Scenario] = {scenario.name: scenario for scenario in (PERMISSIONS, NO_BRIDGE, *CAUSES)}
