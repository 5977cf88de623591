"""What the log says of a trouble: when it begins and when it ends, and at debug what is between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import structlog

from exporter.errors import AuthError, InvalidAnswer, UpstreamError, UpstreamTimeout
from exporter.polling.outcome import Outcome
from exporter.polling.target import Target
from exporter.polling.troubles import Troubles
from exporter.service import Service

SLOW, SLOWER = UpstreamTimeout("no answer within 10 s"), UpstreamTimeout("no answer within 30 s")
REFUSED, FORBIDDEN = AuthError("refused", code="A"), AuthError("forbidden", code="B")
GOOD = Outcome("[]")


def bad(error: UpstreamError) -> Outcome:
    return Outcome(error=error)


def gaps(**missing: UpstreamError | None) -> Outcome:
    return Outcome("[]", missing=missing)


@pytest.fixture
def target(service: Service) -> Target:
    return next(each for each in service.poller.targets if each.key == ("acme", "salesforce_limits"))


def told(target: Target, outcomes: Sequence[Outcome], troubles: Troubles | None = None) -> list[str]:
    """Each line in short: level, event, part, kind, how often."""
    troubles = troubles or Troubles()
    with structlog.testing.capture_logs() as lines:
        for outcome in outcomes:
            troubles.tell(target, outcome)
    assert all((line["integration"], line["source"]) == target.key for line in lines)
    return [_short(line) for line in lines]


def _short(line: Any) -> str:
    words = (line["log_level"], line["event"], line.get("part"), line["kind"], f"{line['times']}x")
    return " ".join(word for word in words if word is not None)


@pytest.mark.parametrize(
    ("outcomes", "lines"),
    [
        ([GOOD, GOOD], []),
        (
            [bad(SLOW), bad(SLOWER), bad(SLOW), GOOD, GOOD],
            [
                "warning poll failed timeout 1x",
                "debug poll failed timeout 2x",
                "debug poll failed timeout 3x",
                "info polls work again timeout 3x",
            ],
        ),
        (
            [bad(SLOW), bad(REFUSED), bad(FORBIDDEN), bad(REFUSED), bad(SLOW), GOOD],
            [
                "warning poll failed timeout 1x",
                "warning poll failed auth 2x",
                "warning poll failed auth 3x",
                "debug poll failed auth 4x",
                "debug poll failed timeout 5x",
                "info polls work again timeout 5x",
            ],
        ),
        (
            [bad(SLOW), GOOD, bad(SLOW)],
            [
                "warning poll failed timeout 1x",
                "info polls work again timeout 1x",
                "warning poll failed timeout 1x",
            ],
        ),
        (
            [gaps(a=None, b=REFUSED), gaps(a=None, b=REFUSED), gaps(a=SLOW, b=REFUSED), gaps(a=None, b=None)],
            [
                "warning part not read b auth 1x",
                "debug part not read b auth 2x",
                "warning part not read a timeout 1x",
                "debug part not read b auth 3x",
                "info part read again a timeout 1x",
                "info part read again b auth 3x",
            ],
        ),
        (
            [gaps(a=None, b=REFUSED), bad(SLOW), gaps(a=None, b=REFUSED)],
            [
                "warning part not read b auth 1x",
                "warning poll failed timeout 1x",
                "info polls work again timeout 1x",
                "debug part not read b auth 2x",
            ],
        ),
        (
            [gaps(a=None, b=REFUSED), gaps(a=None), gaps(a=None, b=REFUSED)],
            ["warning part not read b auth 1x", "warning part not read b auth 1x"],
        ),
    ],
)
def test_a_trouble_is_said_once(target: Target, outcomes: list[Outcome], lines: list[str]) -> None:
    """Whole sources and parts alike. Another kind or code is said as well, once: outages have several faces."""
    assert told(target, outcomes) == lines


def test_each_source_has_its_own(target: Target) -> None:
    """The same trouble of another integration is said too."""
    troubles = Troubles()
    assert len(told(target, [bad(SLOW)], troubles)) == 1
    other = replace(target, integration="beta")
    assert told(other, [bad(SLOW)], troubles) == ["warning poll failed timeout 1x"]


def test_what_is_no_longer_polled_is_forgotten(target: Target) -> None:
    """Should it come back it begins anew."""
    troubles = Troubles()
    told(target, [bad(SLOW)], troubles)
    troubles.keep([])
    assert told(target, [bad(SLOW)], troubles) == ["warning poll failed timeout 1x"]


async def test_the_poller_tells(service: Service, target: Target) -> None:
    """A session that is refused for an hour is one line."""
    broken = replace(target, source=replace(target.source, fetch=_refused))
    with structlog.testing.capture_logs() as lines:
        for _poll in range(3):
            assert await service.poller.poll(broken)
        assert await service.poller.poll(target)
    said = [line["event"] for line in lines if line["log_level"] != "debug"]
    assert said == ["poll failed", "polls work again"]


async def _refused(_connection: Any, _previous: Any) -> Any:
    raise InvalidAnswer("no answer of its own")
