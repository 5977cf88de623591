"""Which of the occasional questions about access are asked when, so that nearly every poll is one API call. Pure.

A composite call takes five queries. Assignments, objects, fields and the login take four of them every time; the place
that is left goes round between where the org lives, the members of the user's groups and which sets the org has. The
last two matter to some orgs only, and what was answered before stands for a poll or two. Only when an answer is needed
that was never given, a second call is made: after a start, or when the user's assignments have changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exporter.clients.salesforce.access_queries import ASSIGNMENTS, GROUPS, OCCASIONAL, ORGANIZATION, SETS
from exporter.sources.access.assignments import Search, assignments_of, search

ORGANIZATION_STANDS = 24
"""Polls for which it need not be asked again where the org lives, if there is something else to ask."""
ANSWER_STANDS = 2
"""Polls for which the members of groups, or the org's sets, are taken as they were."""

Payload = Mapping[str, Any]


def look(payload: Payload, now: float) -> Search:
    """Looks for the configured permission set in what was answered."""
    answers = payload["answers"]
    assigned = answers[ASSIGNMENTS]
    if assigned is None:
        return Search(None)
    found = assignments_of(assigned["rows"], now)
    wanted = payload["about"]["permission_set"]
    return search(wanted, found, assigned["done"], answers.get(GROUPS), answers.get(SETS))


def to_ask_first(known: Payload | None, room: int, now: float) -> tuple[str, ...]:
    """As many of the occasional questions as there is room for, the one that is most in need of an answer first."""
    if known is None:
        return OCCASIONAL[:room]
    ages, looked = known["ages"], look(known, now)
    needed = [name for name, asked in ((GROUPS, looked.asks_groups), (SETS, looked.asks_sets)) if asked]
    needed.sort(key=lambda name: -ages.get(name, ANSWER_STANDS))
    unknown = known["answers"].get(ORGANIZATION) is None
    pressing = ages.get(ORGANIZATION, ORGANIZATION_STANDS) >= (1 if unknown else ORGANIZATION_STANDS - 1)
    return ((ORGANIZATION, *needed) if pressing else (*needed, ORGANIZATION))[:room]


def to_ask_again(payload: Payload, now: float) -> tuple[str, ...]:
    """What the answers so far leave open."""
    answers = payload["answers"]
    old = payload["ages"].get(ORGANIZATION, ORGANIZATION_STANDS) >= ORGANIZATION_STANDS
    missing = [ORGANIZATION] if old else []
    if answers[ASSIGNMENTS] is not None and look(payload, now).open:
        missing += [name for name in (GROUPS, SETS) if name not in answers]
    return tuple(missing)


def carried(known: Payload | None, assignments: Mapping[str, Any] | None) -> tuple[dict[str, Any], dict[str, int]]:
    """Answers to occasional questions that still stand, beside ``assignments`` as they are now, and by how many polls
    each is older than they are."""
    if known is None:
        return {}, {}
    ages = {name: age + 1 for name, age in known["ages"].items()}
    answers = {}
    for name, age in ages.items():
        answer = known["answers"].get(name)
        stands = name == ORGANIZATION or (age <= ANSWER_STANDS and answer is not None)
        if stands and (name != GROUPS or _groups(assignments) <= _groups(known["answers"][ASSIGNMENTS])):
            answers[name] = answer
    return answers, {name: ages[name] for name in answers}


def _groups(assignments: Mapping[str, Any] | None) -> set[str]:
    """All groups assigned, in force or not: their members were asked for."""
    return {row[1] for row in assignments["rows"] if row[1] is not None} if assignments else set()
