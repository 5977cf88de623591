"""The errors of outside APIs: what each is by itself, and that other words leave it what it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from exporter.errors import UPSTREAM_ERROR_KINDS, Again, RateLimited, UnknownColumn, UpstreamError


def _classes(of: type[UpstreamError]) -> Iterator[type[UpstreamError]]:
    for kind in of.__subclasses__():
        yield kind
        yield from _classes(kind)


CLASSES = tuple(_classes(UpstreamError))
OWN: dict[type[UpstreamError], dict[str, Any]] = {UnknownColumn: {"code": "INVALID_FIELD", "column": "Interval"}}
"""What a class wants to be made of beside its message."""


def test_the_tree_is_known_here() -> None:
    """Every kind has a class of its own, and the deeper ones are among them."""
    assert {kind.kind for kind in CLASSES} == set(UPSTREAM_ERROR_KINDS)
    assert UnknownColumn in CLASSES


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("again", Again)
def test_in_other_words_a_failure_is_the_same(kind: type[UpstreamError], again: Again) -> None:
    """Class, code, pause and what else it carries; only what is given differs, and the first stays as it is."""
    error = kind("the words", **OWN.get(kind, {}))
    error.again, error.retry_after, error.code = again, 600.0, "A_CODE"
    told = error.retold("other words")
    assert (type(told), str(told), vars(told)) == (kind, "other words", vars(error))
    changed = error.retold("other words", again=Again.LATER, retry_after=5.0)
    assert (changed.code, changed.again, changed.retry_after) == ("A_CODE", Again.LATER, 5.0)
    assert (str(error), error.again, error.retry_after) == ("the words", again, 600.0)


def test_it_can_be_raised_in_its_other_words() -> None:
    """As any error can."""
    with pytest.raises(RateLimited, match=r"^wait, and why$"):
        raise RateLimited("wait").retold("wait, and why")
