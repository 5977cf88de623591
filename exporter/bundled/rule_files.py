"""Where the rules are: inside the installed package, or beside it in a checkout."""

from __future__ import annotations

import re
from pathlib import Path

RUNBOOK_BASE_URL = "https://runbooks.example/hubspot-salesforce"
"""What the shipped ``runbook_url`` annotations start with: a placeholder for the reader's own address."""
DASHBOARD_BASE_URL = "https://grafana.example"
"""The same for ``dashboard_url``: Grafana's address, without the path of the dashboard."""

_PACKAGE = Path(__file__).resolve().parent.parent


def rules_directory() -> Path:
    """The directory of the rule files."""
    installed = _PACKAGE / "bundled" / "rules"
    return installed if installed.is_dir() else _PACKAGE.parent / "rules"


def rules_text(runbook_base_url: str | None = None, dashboard_base_url: str | None = None) -> str:
    """All alert and recording rules as one Prometheus rule file, comments kept."""
    parts = ["groups:\n"]
    for file in sorted(rules_directory().glob("*.rules.yml")):
        before, _, groups = file.read_text(encoding="utf-8").partition("groups:\n")
        parts += [f"# {file.name}\n", before, groups]
    return with_base_urls("".join(parts), runbook_base_url, dashboard_base_url)


def alert_names() -> frozenset[str]:
    """What the shipped alerts are called."""
    return frozenset(re.findall(r"^ *- alert: (\w+)$", rules_text(), re.MULTILINE))


def with_base_urls(rules: str, runbook_base_url: str | None, dashboard_base_url: str | None) -> str:
    """Rules whose links start with the reader's own addresses where they are given."""
    base_urls = {
        RUNBOOK_BASE_URL: runbook_base_url or RUNBOOK_BASE_URL,
        DASHBOARD_BASE_URL: dashboard_base_url or DASHBOARD_BASE_URL,
    }
    # Both in one go: an address put in for one placeholder may begin like the other.
    placeholders = "|".join(map(re.escape, base_urls))
    return re.sub(placeholders, lambda found: base_urls[found[0]].rstrip("/"), rules)
