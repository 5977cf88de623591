"""promtool's tests notice a change of a rule: a number, a comparison, a label, a duration.

Each rule is tried with one change at a time (``mutants.py``) on the test groups it matters to. Of the changes that no
group notices ``survivors.yml`` says why; the list is exact.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from tests.rules.groups import groups
from tests.rules.mutants import KINDS, mutants
from tests.rules.rulebook import Rule, rules, titles
from tests.rules.trial import failing_alone, loadable, survivors

KILLED_AT_LEAST = 0.95


class Survivor(NamedTuple):
    """A mutant by what it changes."""

    rule: str
    kind: str
    change: str


@cache
def listed() -> frozenset[Survivor]:
    """The survivors that have a reason."""
    entries = yaml.safe_load(Path(__file__).with_name("survivors.yml").read_text(encoding="utf-8"))
    assert all(entry["reason"] for entry in entries)
    return frozenset(
        Survivor(rule, entry["kind"], change)
        for entry in entries
        for rule in entry["rules"]
        for change in entry["changes"]
    )


@cache
def tried() -> frozenset[Survivor]:
    """Every mutant of every rule."""
    return frozenset(
        Survivor(titles()[rule], mutant.kind, mutant.change) for rule in rules() for mutant in mutants(rule)
    )


@pytest.mark.binaries
@pytest.mark.parametrize("name", sorted({group.file.name for group in groups()}))
def test_each_group_passes_with_the_rules_it_names(name: str, tmp_path: Path) -> None:
    """A mutant that fails does so because of its change."""
    assert failing_alone(name, tmp_path) == []


@pytest.mark.binaries
@pytest.mark.mutants
@pytest.mark.parametrize("rule", rules(), ids=titles().get)
def test_no_change_goes_unnoticed(rule: Rule, tmp_path: Path) -> None:
    """Exactly the listed mutants pass all tests, and every mutant is a rule that Prometheus would load."""
    changed = mutants(rule)
    assert loadable(changed, tmp_path) == ""
    alive = {Survivor(titles()[rule], mutant.kind, mutant.change) for mutant in survivors(changed, tmp_path)}
    assert alive == {survivor for survivor in listed() if survivor.rule == titles()[rule]}


@pytest.mark.parametrize("kind", KINDS)
def test_few_changes_of_a_kind_survive(kind: str) -> None:
    """Of each kind at least 95 % are noticed."""
    counted = Counter(mutant.kind for mutant in tried())
    alive = Counter(survivor.kind for survivor in listed())
    assert 1 - alive[kind] / counted[kind] >= KILLED_AT_LEAST


def test_the_listed_survivors_are_mutants() -> None:
    """None is left over from a rule that has changed, and of all mutants at least 95 % are noticed."""
    assert listed() <= tried()
    assert 1 - len(listed()) / len(tried()) >= KILLED_AT_LEAST
