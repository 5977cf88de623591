"""Grafana's packages, and all that they bring: under licences that ask for nothing but to be named."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

HERE = Path(__file__).parent
LOCKS = (HERE / "grafana" / "package-lock.json", HERE / "preview" / "components" / "package-lock.json")

PERMISSIVE = {
    *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BlueOak-1.0.0", "CC0-1.0", "ISC", "MIT", "Unlicense"),
    *("(MIT AND Zlib)", "MIT AND BSD-3-Clause", "(MPL-2.0 OR Apache-2.0)"),
}

IN_A_FILE: Mapping[str, str] = {
    "fast-shallow-equal": "Unlicense",
    "react-universal-interface": "Unlicense",
    "sort-asc": "MIT",
    "sort-desc": "MIT",
    "sort-object": "MIT",
}
"""What names its licence nowhere but in a file of its own."""

NOWHERE = {"@mapbox/jsonlint-lines-primitives", "get-document"}
"""What `@grafana/ui` brings though no file of it names a licence: it draws the previews, and is never passed on."""


def packages(lock: Path) -> Iterator[tuple[str, str]]:
    """Name and licence of each."""
    for place, package in json.loads(lock.read_text(encoding="utf-8"))["packages"].items():
        name = place.rpartition("node_modules/")[2]
        yield name, package.get("license") or IN_A_FILE.get(name, "none named")


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.parent.name)
def test_every_package_is_under_a_permissive_licence(lock: Path) -> None:
    """`@grafana/prometheus`, for one, is not."""
    found = dict(packages(lock))
    excepted = NOWHERE if lock == LOCKS[1] else set()
    assert {name for name, licence in found.items() if licence not in PERMISSIVE} == excepted
    assert len(found) > 100


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.parent.name)
def test_a_lock_names_no_registry(lock: Path) -> None:
    """Each machine takes packages from its own; what they must be stands beside them as a hash."""
    entries = json.loads(lock.read_text(encoding="utf-8"))["packages"].values()
    assert not [entry for entry in entries if "resolved" in entry]
    assert [entry for entry in entries if "integrity" not in entry] == [next(iter(entries))]
