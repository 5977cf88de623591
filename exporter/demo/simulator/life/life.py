"""Orgs that live by themselves: daily traffic, and one story after the other, the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from random import Random

from exporter.demo.simulator.life import stories
from exporter.demo.simulator.life.habits import Habit
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.world import World

_MINUTE = 60.0
FIRST_MINUTE = (0.5, 2.0)
PAUSE_MINUTES = (3.0, 8.0)


@dataclass(frozen=True, slots=True)
class Character:
    """An org's nature: the calls its licence and its owner allow, who makes them, and what happens to it in turn."""

    limit: int
    allocation: int
    hubspot: Habit
    other_apps: tuple[Habit, ...]
    stories: tuple[stories.Story, ...]


CHARACTERS = (
    # Plenty of calls, and people who change things in HubSpot.
    Character(
        limit=40_000,
        allocation=24_000,
        hubspot=Habit("HubSpot", 14_000),
        other_apps=(Habit("Data Loader", 5_000, batch=True), Habit("Tableau", 3_000)),
        stories=(
            stories.accounts_arrive_late,
            stories.picklist_is_restricted,
            stories.nobody_knows_why,
            stories.flow_refuses,
        ),
    ),
    # Hardly any calls to spare.
    Character(
        limit=40_000,
        allocation=12_000,
        hubspot=Habit("HubSpot", 8_500),
        other_apps=(Habit("Data Loader", 21_000, batch=True),),
        stories=(stories.nobody_knows_why, stories.allocation_is_mistyped, stories.files_pile_up),
    ),
    # A Salesforce administrator who tidies up permissions.
    Character(
        limit=25_000,
        allocation=18_000,
        hubspot=Habit("HubSpot", 6_000),
        other_apps=(Habit("Tableau", 2_500),),
        stories=(
            stories.permission_is_withdrawn,
            stories.flow_refuses,
            stories.accounts_arrive_late,
            stories.permission_set_is_lost,
            stories.nobody_knows_why,
        ),
    ),
    # Trouble comes from outside.
    Character(
        limit=25_000,
        allocation=14_000,
        hubspot=Habit("HubSpot", 6_000),
        other_apps=(Habit("Data Loader", 3_000, batch=True),),
        stories=(
            stories.nobody_knows_why,
            stories.salesforce_is_down,
            stories.picklist_is_restricted,
            stories.files_pile_up,
        ),
    ),
)


def script(character: Character, chance: Random) -> Iterator[stories.Act]:
    """Every act of a life without end, in minutes since its beginning: the stories in turn, with pauses between."""
    minute = chance.uniform(*FIRST_MINUTE)
    for story in cycle(character.stories):
        acts = story(chance)
        for act in acts:
            yield stories.Act(minute + act.minute, act.do)
        minute += acts[-1].minute + chance.uniform(*PAUSE_MINUTES)


class Life:
    """The lives of all orgs of a world, whose characters take turns. `pace` 60 makes an hour pass in a minute: the
    hour of the day and the stories; calls stay as many a second as they were."""

    def __init__(self, world: World, seed: int = 1, pace: float = 1.0) -> None:
        if pace <= 0:
            raise ValueError(f"pace {pace}: must be more than 0")
        self._lives = [
            _OrgLife(org, character, f"{seed}/{org.name}", pace)
            for org, character in zip(world.orgs.values(), cycle(CHARACTERS), strict=False)
        ]

    def live(self) -> None:
        """Whatever is due by now."""
        for life in self._lives:
            life.live()


class _OrgLife:
    """One org's life. It begins with a day behind it, so that the window of API calls is full and releases some."""

    def __init__(self, org: Org, character: Character, seed: str, pace: float) -> None:
        self._org = org
        self._character = character
        self._seed = seed
        self._script = script(character, Random(seed))  # noqa: S311 - no secret, and the same every time
        self._next = next(self._script)
        self._pace = pace
        self._born = self._lived = org.clock()
        self._owed = dict.fromkeys(character.other_apps, 0.0)
        org.daily_limit, org.allocation = character.limit, character.allocation
        for habit in (character.hubspot, *character.other_apps):
            self._remember(habit)

    def live(self) -> None:
        """Traffic of the time since the last call, then the acts that are due."""
        now = self._org.clock()
        when = self._born + (now - self._born) * self._pace
        self._org.records_per_second = self._character.hubspot.calls_per_second(self._seed, when)
        for habit in self._character.other_apps:
            self._owed[habit] += habit.calls_per_second(self._seed, when) * (now - self._lived)
            calls, self._owed[habit] = divmod(self._owed[habit], 1.0)
            self._org.use_api_calls(habit.app, int(calls))
        self._lived = now
        while self._next.minute * _MINUTE <= when - self._born:
            self._next.do(self._org)
            self._next = next(self._script)

    def _remember(self, habit: Habit) -> None:
        """The calls of the day before, minute by minute."""
        owed = 0.0
        for minutes_ago in range(int(self._org.calls.seconds // _MINUTE), 0, -1):
            seconds_ago = minutes_ago * _MINUTE
            owed += _MINUTE * habit.calls_per_second(self._seed, self._born - seconds_ago)
            calls, owed = divmod(owed, 1.0)
            self._org.use_api_calls(habit.app, int(calls), seconds_ago)
