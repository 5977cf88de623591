"""Snapshots as exposition text, by family. Pure.

Samples read the same in the Prometheus text format 0.0.4 and in OpenMetrics 1.0, so one rendering serves both. What is
said of a family differs in one thing: OpenMetrics calls a counter by its name without ``_total``.
"""

from __future__ import annotations

from collections.abc import Mapping

from exporter.exposition.escaping import escape
from exporter.exposition.families import FAMILIES
from exporter.exposition.families.entry import COUNTER, GAUGE, Known
from exporter.self_metrics import PREFIX
from exporter.state.snapshot import Snapshot


def lines_of(snapshot: Snapshot, now: float) -> dict[str, bytes]:
    """The lines of an integration, by family; a family it has nothing of is left out."""
    lines: dict[str, list[str]] = {}
    owner = f'integration="{escape(snapshot.integration)}"'
    for sample, labels, value in FAMILIES.samples(Known.of(snapshot, now)):
        more = "".join([f',{name}="{escape(text)}"' for name, text in labels.items()])
        line = f"{PREFIX}{sample}{{{owner}{more}}} {value!r}\n"
        lines.setdefault(FAMILIES.family_of(sample), []).append(line)
    return {family: "".join(entries).encode() for family, entries in lines.items()}


def heads(openly: bool) -> Mapping[str, bytes]:
    """What is said of each family before its lines, in the order of the page."""
    kinds = {family: FAMILIES.kinds.get(family, GAUGE) for family in FAMILIES.help}
    return {family: _head(family, kinds[family], text, openly) for family, text in FAMILIES.help.items()}


def _head(family: str, kind: str, explanation: str, openly: bool) -> bytes:
    name = PREFIX + (family.removesuffix("_total") if openly and kind == COUNTER else family)
    return f"# HELP {name} {explanation}\n# TYPE {name} {kind}\n".encode()
