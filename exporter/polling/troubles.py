"""What the log says of sources and parts that cannot be read: once when it begins, once when it ends.

A permission that is missing for good would else be a line at every poll, and the next trouble one among thousands.
How often it was met is counted, in ``source_errors_total`` and in the line that tells of the end; the polls between are
there at ``--log.level=debug``. A failure of a kind or code that this trouble has not had yet is said as well. What a
replica knows is its own: each says what it met itself, and a process that has just started says all of it again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import structlog

from exporter.errors import UpstreamError
from exporter.polling.outcome import Outcome
from exporter.polling.target import Key, Target

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Trouble:
    """At how many polls in a row a source, or a part of one, has failed, with which kind last, and with which kinds and
    codes at all: an outage is now a timeout, now a reset."""

    times: int = 0
    kind: str = ""
    met: frozenset[tuple[str, str | None]] = frozenset()

    def after(self, error: UpstreamError) -> Trouble:
        """The trouble after one more failure."""
        return Trouble(self.times + 1, error.kind, self.met | {(error.kind, error.code)})


class Troubles:
    """Those of all targets, by part; ``None`` is the source as a whole."""

    def __init__(self) -> None:
        self._of: dict[Key, dict[str | None, Trouble]] = {}

    def tell(self, target: Target, outcome: Outcome) -> None:
        """Logs what has begun and what has ended with this poll."""
        known = self._of.setdefault(target.key, {})
        if outcome.error is not None:
            # Of the parts nothing is known now: what was missing before stays so until one is read.
            self._failed(target, known, None, outcome.error)
            return
        self._read(target, known, None)
        for part, error in outcome.missing.items():
            if error is None:
                self._read(target, known, part)
            else:
                self._failed(target, known, part, error)
        for gone in [part for part in known if part not in outcome.missing]:
            del known[gone]  # nobody looks for it any more, so nobody can say that it is back

    def keep(self, targets: Collection[Target]) -> None:
        """Forgets all but these."""
        keys = {target.key for target in targets}
        self._of = {key: known for key, known in self._of.items() if key in keys}

    @staticmethod
    def _failed(target: Target, known: dict[str | None, Trouble], part: str | None, error: UpstreamError) -> None:
        before = known.get(part, Trouble())
        trouble = known[part] = before.after(error)
        say = log.debug if trouble.met == before.met else log.warning
        names = target.names if part is None else {**target.names, "part": part}
        say(
            "poll failed" if part is None else "part not read",
            **names,
            kind=error.kind,
            error=str(error),
            times=trouble.times,
        )

    @staticmethod
    def _read(target: Target, known: dict[str | None, Trouble], part: str | None) -> None:
        trouble = known.pop(part, None)
        if trouble is not None:
            names = target.names if part is None else {**target.names, "part": part}
            log.info(
                "polls work again" if part is None else "part read again",
                **names,
                kind=trouble.kind,
                times=trouble.times,
            )
