"""What is said again, and what is only counted."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from exporter.logs.repetitions import MOST_CAUSES, MOST_KNOWN, SAID_FOR, Repetitions

Say = Callable[..., dict[str, Any] | None]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def say(clock: Clock) -> Say:
    """Says an event; what is written of it, ``None`` if nothing is."""
    repetitions = Repetitions(clock)

    def said(level: int = logging.WARNING, **event: Any) -> dict[str, Any] | None:
        record = logging.LogRecord("exporter", level, "", 1, event, None, None)
        return event if repetitions.filter(record) else None

    return said


def test_the_same_warning_is_said_once_an_hour(say: Say, clock: Clock) -> None:
    """With how often it was left out meanwhile; then it is new again."""
    assert say(event="resync failed", job=5, error="timeout", failures=1)
    for failures in (2, 3, 4):
        clock.now += 60
        assert say(event="resync failed", job=5, error="timeout", failures=failures) is None
    clock.now = SAID_FOR
    assert say(event="resync failed", job=5, error="timeout", failures=5) == {
        **{"event": "resync failed", "job": 5, "error": "timeout", "failures": 5},
        "repeated": 3,
    }
    clock.now *= 3
    assert say(event="resync failed", job=5, error="timeout", failures=6) == {
        **{"event": "resync failed", "job": 5, "error": "timeout", "failures": 6}
    }


def test_another_job_or_another_error_is_another(say: Say) -> None:
    """Each is said."""
    for job, error in ((5, "timeout"), (6, "timeout"), (6, "refused")):
        assert say(event="resync failed", job=job, error=error)


def test_a_sender_cannot_fill_the_log(say: Say) -> None:
    """Whatever it writes: of one failure so many causes are told."""
    said = [
        say(event="webhook rejected", status=400, cause=f"no {n}", sender="::1", request_id=f"{n}")
        for n in range(2 * MOST_CAUSES)
    ]
    assert [line is not None for line in said] == [True] * MOST_CAUSES + [False] * MOST_CAUSES


def test_each_cause_is_said_once(say: Say) -> None:
    """Of the same event, for the same client."""
    said = [say(event="TLS handshake failed", cause=cause) for cause in ("no certificate", "TLS 1.1", "TLS 1.1")]
    assert [line is not None for line in said] == [True, True, False]


def test_who_asks_again_is_answered_again(say: Say) -> None:
    """A reload is asked for by somebody who waits for what comes of it."""
    assert all(say(event="configuration not reloaded", error="line 3") for _ in range(3))


def test_what_happened_is_always_said(say: Say) -> None:
    """Below a warning nothing is left out."""
    assert all(say(logging.INFO, event="order taken", job=1) for _ in range(3))


def test_not_everything_is_kept_for_ever(say: Say) -> None:
    """A thousand different ones, then the oldest is forgotten, not the one that goes on."""
    say(event="oldest")
    say(event="goes on")
    for number in range(MOST_KNOWN - 1):
        say(event="goes on")
        say(event="other", number=number)
    assert say(event="goes on") is None
    assert say(event="oldest")


def test_libraries_repeat_themselves_too(clock: Clock) -> None:
    """Whatever they fill in."""
    repetitions = Repetitions(clock)
    records = [logging.LogRecord("uvicorn", logging.WARNING, "", 1, "bad request %s", (n,), None) for n in range(3)]
    assert [repetitions.filter(record) for record in records] == [True, False, False]
