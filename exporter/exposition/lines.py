"""Snapshots, and what is counted of integrations, as exposition text, by family.

Samples read the same in the Prometheus text format 0.0.4 and in OpenMetrics 1.0, so one rendering serves both. What is
said of a family differs in one thing: OpenMetrics calls a counter by its name without ``_total``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from exporter.counters import COUNTED, Numbers
from exporter.exposition.escaping import escape
from exporter.exposition.families import ENTRIES, FAMILIES
from exporter.exposition.families.entry import COUNTER, GAUGE, Families, Known
from exporter.self_metrics import PREFIX
from exporter.state.snapshot import Snapshot


class Lines:
    """Renders the lines of integrations, those that can have changed."""

    def __init__(self) -> None:
        # Of each entry, by integration.
        self._made_of: tuple[dict[str, object], ...] = tuple({} for _ in ENTRIES)

    def changed(self, snapshot: Snapshot, now: float) -> Iterator[tuple[str, bytes]]:
        """The lines of an integration, by family; of a family it has nothing of, none. What is left out stays as it
        was when it was rendered last."""
        known, owner = Known.of(snapshot, now), _owner(snapshot.integration)
        for entry, before in zip(ENTRIES, self._made_of, strict=True):
            made_of = entry.made_of(known) if entry.made_of is not None else None
            if made_of is None:
                yield from _lines(entry, known, owner)
            elif snapshot.integration not in before or before[snapshot.integration] != made_of:
                yield from _lines(entry, known, owner)
                before[snapshot.integration] = made_of

    def forget(self, integration: str) -> None:
        """All its lines are new ones if it comes back."""
        for before in self._made_of:
            before.pop(integration, None)


def _lines(entry: Families, known: Known, owner: str) -> Iterator[tuple[str, bytes]]:
    lines: dict[str, list[str]] = {family: [] for family in entry.help}
    for sample, labels, value in entry.samples(known):
        lines[entry.family_of(sample)].append(_line(sample, owner, tuple(labels.items()), value))
    return ((family, "".join(entries).encode()) for family, entries in lines.items())


def counted_lines(integration: str, family: str, numbers: Numbers) -> bytes:
    """The lines of what is counted of an integration in one family."""
    owner, names = _owner(integration), COUNTED[family].labels
    lines = [_line(family, owner, tuple(zip(names, labels, strict=True)), float(at)) for labels, at in numbers.items()]
    return "".join(lines).encode()


def heads(openly: bool) -> Mapping[str, bytes]:
    """What is said of each family before its lines, in the order of the page."""
    told = {
        family: _head(family, FAMILIES.kinds.get(family, GAUGE), text, openly) for family, text in FAMILIES.help.items()
    }
    return told | {family: _head(family, counted.kind, counted.help, openly) for family, counted in COUNTED.items()}


def _owner(integration: str) -> str:
    return f'integration="{escape(integration)}"'


def _line(sample: str, owner: str, labels: tuple[tuple[str, str], ...], value: float) -> str:
    return f"{PREFIX}{sample}{{{owner}{_more(labels)}}} {value!r}\n"


@lru_cache(maxsize=1024)
def _more(labels: tuple[tuple[str, str], ...]) -> str:
    """The same labels stand in the lines of all integrations, and of most families one after the other."""
    return "".join([f',{name}="{escape(text)}"' for name, text in labels])


def _head(family: str, kind: str, explanation: str, openly: bool) -> bytes:
    name = PREFIX + (family.removesuffix("_total") if openly and kind == COUNTER else family)
    return f"# HELP {name} {explanation}\n# TYPE {name} {kind}\n".encode()
