"""Where the dashboards are: inside the installed package, or beside it in a checkout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = "HubSpot–Salesforce"
"""The folder in Grafana that they belong into: what their own titles begin with."""

_PACKAGE = Path(__file__).resolve().parent.parent


def dashboards_directory() -> Path:
    """The directory of the JSON files."""
    installed = _PACKAGE / "bundled" / "dashboards"
    return installed if installed.is_dir() else _PACKAGE.parent / "dashboards"


def dashboard_texts() -> dict[str, str]:
    """The JSON of every dashboard as it stands in its file, by the file's name without its ending."""
    files = sorted(dashboards_directory().glob("*.json"))
    return {file.stem: file.read_text(encoding="utf-8") for file in files}


def dashboard(text: str) -> dict[str, Any]:
    """The dashboard of such a text."""
    found: dict[str, Any] = json.loads(text)
    return found
