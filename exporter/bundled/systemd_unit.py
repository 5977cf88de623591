"""The systemd unit that ships."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

FILE = "hubspot-salesforce-exporter.service"

_PLACEHOLDER = "/usr/local/bin/hubspot-salesforce-exporter"


def systemd_unit(program: Path | None = None) -> str:
    """The unit, comments kept, for a ``program`` that is installed elsewhere than in ``/usr/local/bin``."""
    unit = (resources.files("exporter.bundled") / FILE).read_text(encoding="utf-8")
    return unit.replace(_PLACEHOLDER, str(program or _PLACEHOLDER))
