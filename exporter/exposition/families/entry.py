"""What an entry of the table of families is: names with their help texts, and how the samples are made (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain

from exporter.model import Part
from exporter.state.facts import Facts, facts_of
from exporter.state.snapshot import Snapshot
from exporter.state.statement import P

Sample = tuple[str, Mapping[str, str], float]
"""Family without prefix, labels without ``integration``, value. A histogram's is followed by ``_bucket``, ``_count`` or
``_sum``."""

GAUGE, COUNTER, HISTOGRAM = "gauge", "counter", "histogram"

_SUFFIXES = ("_bucket", "_count", "_sum")


@dataclass(frozen=True, slots=True)
class Known:
    """What samples are made from: the snapshot of an integration, and what it says at the time ``now``.

    ``visible`` are the parts that are not too old to be shown, ``facts`` what is believed because of all of them.
    """

    snapshot: Snapshot
    now: float
    facts: Facts
    visible: tuple[Part, ...]

    @classmethod
    def of(cls, snapshot: Snapshot, now: float) -> Known:
        parts = [reading.visible_part(now) for reading in snapshot.readings]
        return cls(snapshot, now, facts_of(snapshot, now), tuple(part for part in parts if part is not None))

    def parts(self, kind: type[P]) -> tuple[P, ...]:
        """The visible parts of a kind."""
        return tuple(part for part in self.visible if isinstance(part, kind))


@dataclass(frozen=True, slots=True)
class Families:
    """Families that belong together.

    ``help`` says what each one is, by name without prefix, in the order of the page; ``samples`` yields the samples of
    these families and of no other. What is not known has no sample. ``kinds`` names those that are no gauges; the name
    of a counter ends in ``_total``, here as on the page. A counter is one only where all replicas show the same, and go
    on with it after a restart: from what the store keeps. ``made_of`` is all that the samples are made of, for entries
    of many that seldom change: as long as it is equal they are not made anew.
    """

    help: Mapping[str, str]
    samples: Callable[[Known], Iterable[Sample]]
    kinds: Mapping[str, str] = field(default_factory=dict)
    made_of: Callable[[Known], object] | None = None

    def __post_init__(self) -> None:
        misnamed = [name for name, kind in self.kinds.items() if (kind == COUNTER) != name.endswith("_total")]
        if misnamed or not self.kinds.keys() <= self.help.keys():
            raise ValueError(f"kinds of no family, or counters that do not end in _total: {', '.join(self.kinds)}")

    def family_of(self, sample: str) -> str:
        """The family a sample belongs to, by its name."""
        if sample in self.help:
            return sample
        cut = next((sample.removesuffix(end) for end in _SUFFIXES if sample.endswith(end)), sample)
        return cut if self.kinds.get(cut) == HISTOGRAM else sample


def joined(*entries: Families) -> Families:
    """One after the other; raises ``ValueError`` for a name that stands in two entries."""
    counted = Counter(name for entry in entries for name in entry.help)
    twice = [name for name, times in counted.items() if times > 1]
    if twice:
        raise ValueError(f"a family belongs to one entry, these stand in several: {', '.join(twice)}")

    def samples(known: Known) -> Iterable[Sample]:
        return chain.from_iterable(entry.samples(known) for entry in entries)

    return Families(
        {name: text for entry in entries for name, text in entry.help.items()},
        samples,
        {name: kind for entry in entries for name, kind in entry.kinds.items()},
    )
