"""Where the rules are: inside the installed package, or beside it in a checkout."""

from __future__ import annotations

from pathlib import Path

RUNBOOK_BASE_URL = "https://runbooks.example/hubspot-salesforce"
"""What the shipped ``runbook_url`` annotations start with: a placeholder for the reader's own address."""

_PACKAGE = Path(__file__).resolve().parent


def rules_directory() -> Path:
    """The directory of the rule files."""
    installed = _PACKAGE / "bundled" / "rules"
    return installed if installed.is_dir() else _PACKAGE.parent / "rules"


def rules_text(runbook_base_url: str | None = None) -> str:
    """All alert and recording rules as one Prometheus rule file, comments kept."""
    parts = ["groups:\n"]
    for file in sorted(rules_directory().glob("*.rules.yml")):
        before, _, groups = file.read_text(encoding="utf-8").partition("groups:\n")
        parts += [f"# {file.name}\n", before, groups]
    base_url = (runbook_base_url or RUNBOOK_BASE_URL).rstrip("/")
    return "".join(parts).replace(RUNBOOK_BASE_URL, base_url)
