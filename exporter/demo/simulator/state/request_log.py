"""Which records were asked to sync again, and how often: what tests need to say "every one, and none twice"."""

from collections import Counter
from collections.abc import Collection
from typing import Any


class RequestLog:
    """Requests that name records: how many there were, how large the largest, how often each record."""

    def __init__(self) -> None:
        self.requests = 0
        self.largest_request = 0
        self.records: Counter[str] = Counter()

    def note(self, asked: int, hubspot_ids: Collection[str]) -> None:
        """One request asked for so many records; these were accepted."""
        self.requests += 1
        self.largest_request = max(self.largest_request, asked)
        self.records.update(hubspot_ids)

    def as_json(self) -> dict[str, Any]:
        """`{"requests": 2, "records": {"101": 1}, "largest_request": 100}`"""
        return {
            "requests": self.requests,
            "records": dict(self.records),
            "largest_request": self.largest_request,
        }
