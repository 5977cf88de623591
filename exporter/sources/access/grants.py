"""What the permission sets of a user grant on objects and fields, merged: who has a right by one of them has it. Pure.

Facts: Salesforce *Object Reference*, ObjectPermissions and FieldPermissions. A set that grants neither read nor edit
has no row, so a missing row is a missing permission, but for objects of which Salesforce never keeps rows. The rights
of a group stand in its own set, what is muted left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from exporter.sources.access.assignments import FOREVER, Assignment

WITHOUT_OBJECT_ROWS = frozenset({"task", "event", "user", "opportunitylineitem", "orderitem", "pricebookentry"})
"""Objects whose access rolls up to something else: no permission set can have an ObjectPermissions row for them, so
its absence says nothing (seen by others, jetstreamapp/jetstream#1982; unverified for every org)."""

READ, EDIT = 0, 1


class Terms:
    """When the rights of a permission set end, by all its assignments."""

    def __init__(self, assignments: Iterable[Assignment]) -> None:
        self._by_set: defaultdict[str, list[Assignment]] = defaultdict(list)
        for one in assignments:
            if one.set_id is not None:
                self._by_set[one.set_id].append(one)

    def counts(self, set_id: str | None) -> bool:
        """Not if all that is known of the set are assignments that grant nothing."""
        known = self._by_set.get(set_id or "")
        return known is None or any(one.in_force for one in known)

    def end(self, set_ids: Iterable[str | None]) -> float:
        """When a right that these sets give is lost."""
        return max((self._end(set_id) for set_id in set_ids), default=FOREVER)

    def _end(self, set_id: str | None) -> float:
        known = self._by_set.get(set_id or "", ())
        return max((one.ends for one in known if one.in_force), default=FOREVER)


class Grants:
    """Rows about objects or fields: permission set, name, read, edit. ``None``: they could not be read."""

    def __init__(self, part: Mapping[str, Any] | None, terms: Terms) -> None:
        self._terms = terms
        self._asked: int = part["asked"] if part else 0
        self._done: bool = part["done"] if part else False
        self._givers: defaultdict[tuple[str, int], set[str | None]] = defaultdict(set)
        self._named: set[str] = set()
        for set_id, name, *accesses in part["rows"] if part else ():
            if terms.counts(set_id):
                self._take(set_id, name.casefold(), accesses)

    def _take(self, set_id: str | None, name: str, accesses: Sequence[bool]) -> None:
        self._named.add(name)
        for access, granted in enumerate(accesses):
            if granted:
                self._givers[name, access].add(set_id)

    def of(self, names: Iterable[str], position: int, object_name: str) -> tuple[bool | None, bool | None]:
        """Read and edit of what goes by one of these names and was asked for at this position."""
        folded = {name.casefold() for name in names}
        complete = self._done and position < self._asked
        silent = not folded & self._named and object_name.casefold() in WITHOUT_OBJECT_ROWS
        refused = False if complete and not silent else None
        read, edit = (bool(self._giving(folded, access)) or refused for access in (READ, EDIT))
        return read, edit

    def end(self, names: Iterable[str]) -> float:
        """When the first access to what goes by one of these names is lost; ``FOREVER`` also if there is none."""
        folded = {name.casefold() for name in names}
        return min(self._terms.end(self._giving(folded, access)) for access in (READ, EDIT))

    def _giving(self, names: Collection[str], access: int) -> set[str | None]:
        return {set_id for name in names for set_id in self._givers.get((name, access), ())}
