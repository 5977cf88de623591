"""What strikes a replica, in an order that a seed decides."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

KILL, STOP, CUT_STORE, CUT_APIS = "kill -9", "SIGSTOP", "cut from the store", "cut from the APIs"

LONG_STOP = 180.0


@dataclass(frozen=True, slots=True)
class Fault:
    """The replica is killed, stopped or cut off for so many ``seconds``, ``after`` seconds into a batch of it."""

    kind: str
    replica: int
    after: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Blow:
    """A fault as it came to pass; ``over_at`` is when the process was there again, or the network whole."""

    fault: Fault
    struck_at: float
    over_at: float


def faults(seed: int, count: int = 20, long_stops: int = 2) -> Sequence[Fault]:
    """So many of every kind as fit, in random order, each on either replica. A stop lasts longer than a lease, a cut
    both shorter and longer."""
    dice = random.Random(seed)
    kinds = [(KILL, STOP, CUT_STORE, CUT_APIS)[number % 4] for number in range(count)]
    stops = iter([LONG_STOP] * long_stops + [0.0] * count)
    planned = []
    for kind in kinds:
        if kind == STOP:
            seconds = next(stops) or dice.uniform(21, 27)
        elif kind == KILL:
            seconds = dice.choice((0.0, 10.0))
        else:
            seconds = dice.choice((dice.uniform(3, 12), dice.uniform(20, 27)))
        planned.append(Fault(kind, dice.randrange(2), dice.uniform(0.0, 0.4), seconds))
    dice.shuffle(planned)
    return planned
