"""The permission sets a Salesforce user was assigned: which of them grant anything, and whether the one that is looked
for is among them. Pure.

Facts: Salesforce *Object Reference*, PermissionSetAssignment: one whose time is over, that is not active or revoked, or
whose set waits for a session to be activated, grants nothing. The set of a profile is always in force. Of a permission
set group the user has the group's own set, which holds what its members grant; which sets these are,
PermissionSetGroupComponent says, where a member ``0QM…`` is one that takes rights away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exporter.clock import parse_timestamp
from exporter.errors import InvalidAnswer

FOREVER = float("inf")
MUTING = "0QM"

Rows = Mapping[str, Any]
"""What is kept of a question's answer: ``rows``, and whether they are all, ``done``."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A permission set assigned to the user; ``in_force``: it grants what it holds; ``ends``: maybe ``FOREVER``."""

    set_id: str | None
    group_id: str | None
    ends: float
    in_force: bool
    of_profile: bool
    label: str | None
    name: str | None
    api_enabled: bool | None
    user_active: bool | None


@dataclass(frozen=True, slots=True)
class Search:
    """Whether the user has the set, ``None`` if that is not known; ``holders`` are the assignments by which he has it.

    ``asks_groups`` and ``asks_sets`` say whether the answer depends on the members of his groups, and on which sets the
    org has; ``open``: it does, and they are not there.
    """

    found: bool | None
    holders: tuple[Assignment, ...] = ()
    asks_groups: bool = False
    asks_sets: bool = False
    open: bool = False


def assignments_of(rows: Iterable[Sequence[Any]], now: float) -> tuple[Assignment, ...]:
    """Rows with the columns of ``ASSIGNMENT_COLUMNS``; raises ``InvalidAnswer`` for an end that is no time."""
    return tuple(_assignment(row, now) for row in rows)


def _assignment(row: Sequence[Any], now: float) -> Assignment:
    set_id, group_id, ends_at, active, revoked, by_session, of_profile, label, name, api_enabled, user_active = row
    ends = FOREVER if ends_at is None else _time(ends_at)
    stands = active is not False and not revoked and not by_session and now < ends
    return Assignment(
        set_id, group_id, ends, bool(of_profile or stands), bool(of_profile), label, name, api_enabled, user_active
    )


def _time(text: str) -> float:
    try:
        return parse_timestamp(text)
    except (ValueError, OverflowError) as error:
        raise InvalidAnswer("access: assignments: an ExpirationDate is no time") from error


def goes_by(wanted: str) -> Callable[[str | None, str | None], bool]:
    """Whether a set's label or API name begins with what is wanted: in any case, ``_`` for a blank or not."""
    beginning = _plain(wanted)
    return lambda label, name: any(given is not None and _plain(given).startswith(beginning) for given in (label, name))


def _plain(text: str) -> str:
    return re.sub(r"[\s_]+", "_", text.strip()).casefold()


def search(
    wanted: str, assignments: Sequence[Assignment], complete: bool, groups: Rows | None, sets: Rows | None
) -> Search:
    """Looks for the set among the assignments, then in the groups assigned, then in the org: one it does not have
    nobody can have. ``groups`` and ``sets`` are ``None`` where nobody was asked, or did not answer."""
    fits = goes_by(wanted)
    given = [one for one in assignments if one.in_force and not one.of_profile]
    direct = tuple(one for one in given if fits(one.label, one.name))
    grouped = [one for one in given if one.group_id is not None]
    # Where a direct assignment ends, a group may still hold the set.
    asks_groups = bool(grouped) and all(one.ends < FOREVER for one in direct)
    if asks_groups and groups is None:
        return Search(True if direct else None, direct, asks_groups=True, open=True)
    holders = (*direct, *_through(grouped, groups, fits))
    if holders:
        return Search(True, holders, asks_groups=asks_groups)
    if not complete or any(_is_nameless(one.label, one.name) for one in given):
        return Search(None, asks_groups=asks_groups)
    if grouped and groups is not None and not _tells_all(groups):
        return Search(None, asks_groups=True)
    return _in_org(sets, fits, asks_groups)


def _through(
    grouped: Iterable[Assignment], groups: Rows | None, fits: Callable[[str | None, str | None], bool]
) -> tuple[Assignment, ...]:
    members = groups["rows"] if groups else ()
    holding = {
        group_id
        for group_id, set_id, label, name in members
        if fits(label, name) and not (set_id or "").startswith(MUTING)
    }
    return tuple(one for one in grouped if one.group_id in holding or None in holding)


def _tells_all(groups: Rows) -> bool:
    """Whether every member that is a permission set says which."""
    hidden = (
        _is_nameless(label, name) and not (set_id or "").startswith(MUTING)
        for _group, set_id, label, name in groups["rows"]
    )
    return bool(groups["done"]) and not any(hidden)


def _is_nameless(label: str | None, name: str | None) -> bool:
    return label is None and name is None


def _in_org(sets: Rows | None, fits: Callable[[str | None, str | None], bool], asks_groups: bool) -> Search:
    if sets is None:
        return Search(None, asks_groups=asks_groups, asks_sets=True, open=True)
    there = any(fits(label, name) for label, name in sets["rows"])
    return Search(False if there else None, asks_groups=asks_groups, asks_sets=True)
