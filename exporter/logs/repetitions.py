"""A failure that repeats is said once an hour, with how often it was left out since."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

SAID_FOR = 3600.0
"""Seconds for which the same is not said again."""
MOST_KNOWN = 1000
"""Of so many different ones at once; who sends ever new ones is forgotten first."""

MOST_CAUSES = 20
"""Of one failure, within that hour: a cause may repeat what a sender has put into it."""

_NOT_TOLD_APART_BY = {"ts", "times", "failures", "request_id", "cause"}
"""How often it was met, by which request, and why: see ``MOST_CAUSES``."""


_ALWAYS = {"configuration not reloaded"}
"""Somebody has asked for it, and looks what came of it."""


@dataclass(slots=True)
class _Said:
    at: float
    causes: set[str]
    left_out: int = 0


class Repetitions(logging.Filter):
    """Lets a warning or an error through if the same was not said in the last hour, for the same cause."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now = now
        self._said: OrderedDict[Hashable, _Said] = OrderedDict()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING or (isinstance(record.msg, dict) and record.msg.get("event") in _ALWAYS):
            return True
        key, cause, now = _key_of(record), _cause_of(record), self._now()
        said = self._said.pop(key, None)
        if said is not None and now - said.at < SAID_FOR:
            is_new = cause not in said.causes and len(said.causes) < MOST_CAUSES
            if is_new:
                said.causes.add(cause)
            else:
                said.left_out += 1
            self._keep(key, said)
            return is_new
        if said is not None and said.left_out and isinstance(record.msg, dict):
            record.msg["repeated"] = said.left_out
        self._keep(key, _Said(now, {cause}))
        return True

    def _keep(self, key: Hashable, said: _Said) -> None:
        self._said[key] = said
        if len(self._said) > MOST_KNOWN:
            self._said.popitem(last=False)


def _cause_of(record: logging.LogRecord) -> str:
    return str(record.msg.get("cause", "")) if isinstance(record.msg, dict) else ""


def _key_of(record: logging.LogRecord) -> Hashable:
    """What makes it the same: the event with its fields, or what a library says, whatever it fills in."""
    if not isinstance(record.msg, dict):
        return record.levelno, record.name, str(record.msg)
    fields = ((name, str(value)) for name, value in record.msg.items() if name not in _NOT_TOLD_APART_BY)
    return record.levelno, tuple(sorted(fields))
