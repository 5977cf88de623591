"""The order of the checks, and what becomes of those that depend on a failure."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.doctor.check import Check
from exporter.doctor.checks import CHECKS, HOUSE_CHECKS
from exporter.doctor.examination import examine
from exporter.doctor.finding import Finding, doubtful, failed, good
from exporter.errors import AuthError, BudgetExceeded

Tried = list[str]


def check(name: str, *findings: Finding, needs: Sequence[str] = (), applies: bool = True) -> Check[Tried]:
    async def look(tried: Tried) -> Sequence[Finding]:
        tried.append(name)
        return findings

    return Check(name, "A section", f"{name} is broken", lambda _tried: applies, look, tuple(needs))


def raising(name: str, error: Exception) -> Check[Tried]:
    async def look(_tried: Tried) -> Sequence[Finding]:
        raise error

    return Check(name, "A section", f"{name} is broken", lambda _tried: True, look)


async def told(*checks: Check[Tried]) -> tuple[Tried, list[tuple[str, str, str]]]:
    """What was tried, and each line as check, outcome and sentence."""
    tried: Tried = []
    lines = await examine(tried, checks, lambda _name: None)
    return tried, [(line.check, line.finding.outcome.value, line.finding.says) for line in lines]


class TestDependence:
    async def test_what_depends_on_a_failure_is_not_tried(self) -> None:
        """The first cause is named, through however many checks; what does not depend on it goes on."""
        tried, lines = await told(
            check("login", failed("no")),
            check("limits", good("yes"), needs=["login"]),
            check("user", good("yes"), needs=["limits"]),
            check("bridge", good("yes")),
        )
        assert tried == ["login", "bridge"]
        assert lines == [
            ("login", "failed", "no"),
            ("limits", "not tried", "not tried, since login is broken"),
            ("user", "not tried", "not tried, since login is broken"),
            ("bridge", "ok", "yes"),
        ]

    async def test_a_part_that_failed_keeps_nobody(self) -> None:
        """Nor does what is doubtful."""
        tried, _lines = await told(
            check("objects", failed("no", subject="Lead"), doubtful("hm")),
            check("fields", good("yes"), needs=["objects"]),
        )
        assert tried == ["objects", "fields"]

    async def test_what_is_not_configured_is_left_out(self) -> None:
        """And keeps nobody either."""
        _tried, lines = await told(
            check("login", failed("no"), applies=False), check("user", good("yes"), needs=["login"])
        )
        assert lines == [("user", "ok", "yes")]

    async def test_a_refusal_is_a_finding(self) -> None:
        """In the words of the client; a cap that is spent is no failure of what was to be looked at."""
        _tried, lines = await told(
            raising("login", AuthError("the secret is wrong")), raising("log", BudgetExceeded("20 are spent"))
        )
        assert lines == [
            ("login", "failed", "the secret is wrong"),
            ("log", "not tried", "not tried, since no more Salesforce API calls may be made: 20 are spent"),
        ]


def test_what_a_check_needs_stands_before_it() -> None:
    """In the tables, which name each check once."""
    for checks in (CHECKS, HOUSE_CHECKS):
        names: list[str] = []
        for one in checks:
            assert set(one.needs) <= set(names), one.name
            names.append(one.name)
        assert len(set(names)) == len(names)
