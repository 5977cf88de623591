"""Names of integrations."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.config.draft import Draft
from exporter.config.finding import Finding
from exporter.config.masking import shown


def duplicate_names(draft: Draft) -> Iterator[Finding]:
    """No two integrations have the same name: it is the label that tells their series apart."""
    integrations = draft.section("integrations")
    seen: set[str] = set()
    for index, entry in enumerate(integrations if isinstance(integrations, list) else ()):
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(name, str):
            continue
        if name in seen:
            yield Finding(
                ("integrations", index, "name"), f"got {shown(name)} again", "a name that no other integration has"
            )
        seen.add(name)
