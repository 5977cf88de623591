"""Where the rules are: inside the installed package, or beside it in a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def rules_directory() -> Path:
    """The directory of the rule files."""
    installed = _PACKAGE / "bundled" / "rules"
    return installed if installed.is_dir() else _PACKAGE.parent / "rules"


def rules_text() -> str:
    """All alert and recording rules as one Prometheus rule file, comments kept."""
    parts = ["groups:\n"]
    for file in sorted(rules_directory().glob("*.rules.yml")):
        before, _, groups = file.read_text(encoding="utf-8").partition("groups:\n")
        parts += [f"# {file.name}\n", before, groups]
    return "".join(parts)
