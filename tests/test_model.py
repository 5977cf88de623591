"""The parts."""

from __future__ import annotations

import dataclasses

import pytest

from exporter.model import Failure, OrgLimits, OrgUsage


@pytest.mark.parametrize(
    "value",
    [OrgLimits(OrgUsage(1, 2, 1000.0), ()), Failure("timeout", None, "slow")],
    ids=lambda value: type(value).__name__,
)
def test_nothing_is_changed_after_it_is_built(value: object) -> None:
    """They are frozen."""
    field = dataclasses.fields(value)[0].name  # type: ignore[arg-type]
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, field, None)
