"""Orgs that live by themselves, for days of a clock that a test moves."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice, pairwise
from random import Random
from typing import Any

import pytest

from exporter.demo.simulator.control.api import state_of
from exporter.demo.simulator.life.life import CHARACTERS, FIRST_MINUTE, Life, script
from exporter.demo.simulator.settings import Settings
from exporter.demo.simulator.world import World
from tests.demo.simulator.conftest import ManualClock

NAMES = ("acme", "borealis", "cedar", "dune")
HOUR = 3_600


def world_of(clock: ManualClock, names: Sequence[str] = NAMES) -> World:
    return World(names, clock, Settings())


def pass_time(life: Life, world: World, clock: ManualClock, seconds: int, step: int = 10) -> list[dict[str, Any]]:
    """What every org looked like at the end of each step."""
    seen = []
    for _ in range(0, seconds, step):
        clock.pass_seconds(step)
        life.live()
        world.tick()
        seen.append({name: state_of(org) for name, org in world.orgs.items()})
    return seen


def reasons(seen: list[dict[str, Any]], name: str) -> set[str]:
    return {look[name]["suspension"]["reason"] for look in seen} - {None}


def test_an_org_has_a_day_behind_it(clock: ManualClock) -> None:
    """The window of API calls is about as full as the habits make it, and within what is allowed."""
    world = world_of(clock)
    Life(world)
    for org, character in zip(world.orgs.values(), CHARACTERS, strict=True):
        for habit in (character.hubspot, *character.other_apps):
            assert org.calls.used(habit.app) == pytest.approx(habit.calls_a_day, rel=0.35)
        assert org.calls.used("HubSpot") < character.allocation == org.allocation
        assert org.calls.used() < character.limit == org.daily_limit


def test_something_happens_to_every_org_within_minutes(clock: ManualClock) -> None:
    """Who has just started the demo sees it."""
    world = world_of(clock)
    seen = pass_time(Life(world), world, clock, 10 * 60)
    for name in NAMES:
        assert any(look[name]["errors"]["total"] or look[name]["suspension"]["suspended"] for look in seen), name


def test_four_hours_are_full_of_life(clock: ManualClock) -> None:
    """Suspensions of four kinds begin and end, errors of five categories come, calls move up and down."""
    world = world_of(clock)
    seen = pass_time(Life(world), world, clock, 4 * HOUR)
    assert set().union(*(reasons(seen, name) for name in NAMES)) == {
        "hubspot_api_limit_exceeded",
        "salesforce_field_permissions_missing",
        "salesforce_object_permissions_missing",
        "salesforce_org_unavailable",
    }
    categories = {row["category"] for look in seen for org in look.values() for row in org["errors"]["by_type"]}
    assert categories == {"associations", "custom_code", "other", "permissions", "picklists"}
    for name in NAMES:
        suspended = [look[name]["suspension"]["suspended"] for look in seen]
        assert sum(suspended) < len(suspended) / 2
        used = [look[name]["api_calls"]["used"] for look in seen]
        steps = [after - before for before, after in pairwise(used)]
        assert min(steps) < 0 < max(steps)


def test_it_goes_on_for_days(clock: ManualClock) -> None:
    """What is used stays within what is allowed: nobody is suspended for it, unless the owner mistyped."""
    world = world_of(clock)
    life = Life(world)
    suspended_at = 0.0
    for _ in range(0, 36 * HOUR, 60):
        clock.pass_seconds(60)
        life.live()
        world.tick()
        for org, character in zip(world.orgs.values(), CHARACTERS, strict=True):
            assert org.calls.used() < character.limit
            assert org.calls.used("HubSpot") < character.allocation
            if org.suspension is not None:
                suspended_at = org.suspension.since
    assert clock.now - suspended_at < HOUR


def test_the_same_seed_tells_the_same_life() -> None:
    """Another seed, or another name, tells another."""

    def hour(seed: int, names: Sequence[str] = ("acme",)) -> list[Any]:
        clock = ManualClock()
        world = world_of(clock, names)
        looks = pass_time(Life(world, seed), world, clock, HOUR, step=60)
        return [(look[names[0]]["api_calls"]["by_app"], look[names[0]]["errors"]["total"]) for look in looks]

    assert hour(1) == hour(1)
    assert hour(1) != hour(2)
    assert hour(1) != hour(1, ("another",))


def test_a_pace_makes_the_stories_run_faster(clock: ManualClock) -> None:
    """At pace 60 a suspension that takes minutes begins and ends within seconds."""
    world = world_of(clock, NAMES[:3])
    seen = pass_time(Life(world, pace=60), world, clock, 15, step=1)
    assert reasons(seen, "cedar") == {"salesforce_field_permissions_missing"}
    assert not seen[-1]["cedar"]["suspension"]["suspended"]


@pytest.mark.parametrize("pace", [0, -1])
def test_time_does_not_stand_still(clock: ManualClock, pace: float) -> None:
    """A pace of nothing is a mistake."""
    with pytest.raises(ValueError, match=rf"pace {pace}"):
        Life(world_of(clock), pace=pace)


@pytest.mark.parametrize("character", CHARACTERS, ids=NAMES)
def test_stories_follow_each_other(character: Any) -> None:
    """In turn, without end, one after the other and never two at a time."""
    minutes = [act.minute for act in islice(script(character, Random(1)), 200)]
    assert minutes == sorted(minutes)
    assert FIRST_MINUTE[0] <= minutes[0] <= FIRST_MINUTE[1]


def test_a_machine_that_slept_catches_up(clock: ManualClock) -> None:
    """After a night without a round, what was broken meanwhile has been mended."""
    world = world_of(clock)
    life = Life(world)
    clock.pass_seconds(8 * HOUR)
    seen = pass_time(life, world, clock, HOUR)
    for name in NAMES:
        assert not all(look[name]["suspension"]["suspended"] for look in seen)
