"""The sync errors HubSpot lists: by id in the order they appeared, at most one for each record."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice, takewhile


@dataclass(frozen=True, slots=True)
class SyncError:
    """One line of the list. `cause` is the key of what must go away first; None: a resync cures it."""

    number: int
    category: str
    error_type: str
    details: str
    cause: str | None
    object_type: str
    hubspot_id: str
    salesforce_id: str | None
    affected_records: int
    last_seen: float

    @property
    def id(self) -> str:
        """The id the bridge shows."""
        return f"e{self.number}"


@dataclass(slots=True)
class _Count:
    errors: int = 0
    affected_records: int = 0


class ErrorList:
    """Current errors. Adding, removing, counting and finding by record do not depend on how many there are."""

    def __init__(self) -> None:
        self._by_number: dict[int, SyncError] = {}
        self._by_record: dict[str, int] = {}
        self._counts: dict[tuple[str, str], _Count] = {}
        self._causes: dict[str, int] = {}
        self._last = 0

    def __len__(self) -> int:
        return len(self._by_number)

    def add(self, error: SyncError) -> SyncError:
        """Put an error at the end under a new number; it takes the place of the record's former one."""
        former = self.of_record(error.hubspot_id)
        if former is not None:
            self.remove(former)
        self._last += 1
        error = replace(error, number=self._last)
        self._by_number[error.number] = error
        self._by_record[error.hubspot_id] = error.number
        self._count(error, 1)
        return error

    def remove(self, error: SyncError) -> None:
        """Take an error off the list."""
        del self._by_number[error.number]
        del self._by_record[error.hubspot_id]
        self._count(error, -1)

    def seen_again(self, error: SyncError, now: float) -> None:
        """The same record failed again for the same cause."""
        self._by_number[error.number] = replace(error, last_seen=now)

    def get(self, error_id: str) -> SyncError | None:
        """The error of this id, if it is still listed."""
        number = _number(error_id)
        return None if number is None else self._by_number.get(number)

    def of_record(self, hubspot_id: str) -> SyncError | None:
        """The error of this record, if it has one."""
        number = self._by_record.get(hubspot_id)
        return None if number is None else self._by_number[number]

    def page(self, category: str | None, error_type: str | None, after: str | None, limit: int) -> list[SyncError]:
        """The next errors behind `after`, which need not be listed any more.

        ValueError for a cursor that is no error id.
        """
        start = 0 if after is None else _number(after)
        if start is None:
            raise ValueError(f"after: {after!r} is no cursor")
        return list(islice(self._matching(category, error_type, start), limit))

    @property
    def newest(self) -> int:
        """The number of the error that was listed last, however long it stood there; 0 before the first."""
        return self._last

    def since(self, number: int) -> list[SyncError]:
        """Those listed under a greater number, in their order; costs no more than there are of them."""
        return [*takewhile(lambda error: error.number > number, reversed(self._by_number.values()))][::-1]

    def counts(self) -> list[tuple[str, str, int, int]]:
        """(category, error type, errors, affected records) of every pair that has errors."""
        return [(*pair, count.errors, count.affected_records) for pair, count in sorted(self._counts.items())]

    def causes(self) -> dict[str, int]:
        """How many errors each cause has at present."""
        return dict(self._causes)

    def _matching(self, category: str | None, error_type: str | None, start: int) -> Iterator[SyncError]:
        for number, error in self._by_number.items():
            if number > start and category in (None, error.category) and error_type in (None, error.error_type):
                yield error

    def _count(self, error: SyncError, sign: int) -> None:
        pair = (error.category, error.error_type)
        count = self._counts.setdefault(pair, _Count())
        count.errors += sign
        count.affected_records += sign * error.affected_records
        if not count.errors:
            del self._counts[pair]
        if error.cause is not None:
            self._causes[error.cause] = self._causes.get(error.cause, 0) + sign


def _number(error_id: str) -> int | None:
    return int(error_id[1:]) if error_id[:1] == "e" and error_id[1:].isdecimal() else None
