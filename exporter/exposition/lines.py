"""Snapshots, and what is counted of integrations, as exposition text, by family. Pure.

Samples read the same in the Prometheus text format 0.0.4 and in OpenMetrics 1.0, so one rendering serves both. What is
said of a family differs in one thing: OpenMetrics calls a counter by its name without ``_total``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from exporter.counters import COUNTED, Numbers
from exporter.exposition.escaping import escape
from exporter.exposition.families import FAMILIES
from exporter.exposition.families.entry import COUNTER, GAUGE, Known
from exporter.self_metrics import PREFIX
from exporter.state.snapshot import Snapshot


def lines_of(snapshot: Snapshot, now: float) -> dict[str, bytes]:
    """The lines of an integration, by family; a family it has nothing of is left out."""
    lines: dict[str, list[str]] = {}
    owner = _owner(snapshot.integration)
    for sample, labels, value in FAMILIES.samples(Known.of(snapshot, now)):
        lines.setdefault(FAMILIES.family_of(sample), []).append(_line(sample, owner, labels.items(), value))
    return {family: "".join(entries).encode() for family, entries in lines.items()}


def counted_lines(integration: str, family: str, numbers: Numbers) -> bytes:
    """The lines of what is counted of an integration in one family."""
    owner, names = _owner(integration), COUNTED[family].labels
    lines = [_line(family, owner, zip(names, labels, strict=True), float(at)) for labels, at in numbers.items()]
    return "".join(lines).encode()


def heads(openly: bool) -> Mapping[str, bytes]:
    """What is said of each family before its lines, in the order of the page."""
    told = {
        family: _head(family, FAMILIES.kinds.get(family, GAUGE), text, openly) for family, text in FAMILIES.help.items()
    }
    return told | {family: _head(family, counted.kind, counted.help, openly) for family, counted in COUNTED.items()}


def _owner(integration: str) -> str:
    return f'integration="{escape(integration)}"'


def _line(sample: str, owner: str, labels: Iterable[tuple[str, str]], value: float) -> str:
    more = "".join([f',{name}="{escape(text)}"' for name, text in labels])
    return f"{PREFIX}{sample}{{{owner}{more}}} {value!r}\n"


def _head(family: str, kind: str, explanation: str, openly: bool) -> bytes:
    name = PREFIX + (family.removesuffix("_total") if openly and kind == COUNTER else family)
    return f"# HELP {name} {explanation}\n# TYPE {name} {kind}\n".encode()
