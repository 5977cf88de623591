"""How a process is ended from outside, from before anything slow begins until it is gone.

The first process of a container is ended by no signal that it has no handler for. And what a start waits for, a
database that never answers or a name that nobody resolves, may be waited for in a thread, which nobody can call off. So
it is ended as by a kill: what is in the store is whole at any moment, and nothing is lost.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
from types import FrameType

ENDING = (signal.SIGTERM, signal.SIGINT)

LONGEST_END = 9
"""Seconds from the first signal until the process is gone: Docker kills after ten, others later."""


def end_when_told() -> None:
    """What SIGTERM does to any other process it does to the first of a container as well."""
    if os.getpid() == 1:
        signal.signal(signal.SIGTERM, lambda number, _frame: os._exit(128 + number))


def end_at_once_when_told() -> None:
    """From now on SIGTERM and SIGINT end the process in that moment, with exit code 0: it was told to."""
    for number in ENDING:
        signal.signal(number, _end_at_once)


def end_in_time() -> None:
    """Whatever the end waits for from now on, it comes ``LONGEST_END`` seconds from now at the latest; at once if the
    process is told again. Raised by the main thread alone, so also while it waits for other threads."""
    end_at_once_when_told()
    signal.signal(signal.SIGALRM, _end_at_once)
    signal.alarm(LONGEST_END)


def end_on_time() -> None:
    """The end has come in time: nobody is to cut it off any more."""
    signal.alarm(0)


def _end_at_once(number: int, _frame: FrameType | None) -> None:
    with contextlib.suppress(Exception):
        # The signal may have come in the middle of a line, or while another thread waits for a reader of the log.
        if select.select((), (sys.stderr.fileno(),), (), 0)[1]:
            why = "not finished in time" if number == signal.SIGALRM else signal.Signals(number).name
            import structlog  # noqa: PLC0415  a command imports it without what it draws with

            log = structlog.get_logger(__name__)
            log.warning("stopped at once", why=why)
    os._exit(0)
