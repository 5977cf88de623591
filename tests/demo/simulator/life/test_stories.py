"""What happens to a living org: every story breaks something that is seen, and mends it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from random import Random

import pytest

from exporter.demo.simulator.control.api import state_of
from exporter.demo.simulator.life import stories
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import Settings
from tests.demo.simulator.conftest import ManualClock

STORIES: list[stories.Story] = [
    function
    for name, function in inspect.getmembers(stories, inspect.isfunction)
    if function.__module__ == stories.__name__ and not name.startswith("_")
]
SUSPENDS = {
    stories.permission_is_withdrawn: "salesforce_field_permissions_missing",
    stories.permission_set_is_lost: "salesforce_object_permissions_missing",
    stories.allocation_is_mistyped: "hubspot_api_limit_exceeded",
    stories.salesforce_is_down: "salesforce_org_unavailable",
}
CATEGORIES = {
    stories.accounts_arrive_late: "associations",
    stories.picklist_is_restricted: "picklists",
    stories.flow_refuses: "custom_code",
    stories.nobody_knows_why: "other",
    stories.permission_is_withdrawn: "permissions",
    stories.permission_set_is_lost: "permissions",
}
RESYNCED_BY_HAND = {"picklists", "custom_code"}
every_story = pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)


class Told:
    """A story played on a quiet org, a round of HubSpot every ten seconds; what was seen on the way."""

    def __init__(self, org: Org, clock: ManualClock, acts: tuple[stories.Act, ...]) -> None:
        self.reasons: set[str] = set()
        self.categories: set[str] = set()
        self.file_megabytes: set[int | None] = set()
        waiting = list(acts)
        for tenth in range(int(acts[-1].minute * 6) + 12):
            while waiting and waiting[0].minute <= tenth / 6:
                waiting.pop(0).do(org)
            org.tick()
            self._look(org)
            clock.pass_seconds(10)
        assert not waiting

    def _look(self, org: Org) -> None:
        if org.suspension is not None:
            self.reasons.add(org.suspension.reason)
        self.categories |= {category for category, *_ in org.errors.counts()}
        self.file_megabytes.add(org.storage["file"].used_mb)


@pytest.fixture
def busy_org(make_org: Callable[..., Org]) -> Org:
    """Enough records for an import, and more calls of HubSpot than a tenth of its allocation."""
    org = make_org(Settings(records=200, records_per_second=0))
    org.use_api_calls("HubSpot", 10_000)
    return org


def test_every_story_is_told_by_something() -> None:
    """The tables of this file know each story, except the one about storage."""
    assert {*SUSPENDS, *CATEGORIES, stories.files_pile_up} == set(STORIES)


@every_story
@pytest.mark.parametrize("seed", range(20))
def test_acts_come_in_order(story: stories.Story, seed: int) -> None:
    """The first at once, and all within half an hour: somebody is watching."""
    minutes = [act.minute for act in story(Random(seed))]
    assert minutes == sorted(minutes)
    assert minutes[0] == 0
    assert minutes[-1] <= 30


@every_story
@pytest.mark.parametrize("seed", range(5))
def test_what_a_story_breaks_is_seen(busy_org: Org, clock: ManualClock, story: stories.Story, seed: int) -> None:
    """Its suspension, its errors, or its storage, and no other."""
    told = Told(busy_org, clock, story(Random(seed)))
    assert told.reasons == {SUSPENDS[story]} if story in SUSPENDS else not told.reasons
    assert told.categories == ({CATEGORIES[story]} if story in CATEGORIES else set())
    assert (len(told.file_megabytes) > 5) == (story is stories.files_pile_up)


@every_story
@pytest.mark.parametrize("seed", range(5))
def test_what_a_story_breaks_is_mended(busy_org: Org, clock: ManualClock, story: stories.Story, seed: int) -> None:
    """The org is as before; what is left are errors whose cause is gone, for which a resync is all that is missing."""
    before = state_of(busy_org)
    Told(busy_org, clock, story(Random(seed)))
    after = state_of(busy_org)
    for part in ("suspension", "causes", "permissions", "storage", "trust", "faults"):
        assert after[part] == before[part]
    assert after["api_calls"]["allocated"] == before["api_calls"]["allocated"]
    left = {category for category, *_ in busy_org.errors.counts()}
    assert not left & RESYNCED_BY_HAND
    busy_org.resync([error.id for error in busy_org.errors.page(None, None, None, 100)])
    busy_org.tick()
    assert len(busy_org.errors) == 0
