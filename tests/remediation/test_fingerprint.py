"""The fingerprint of an alert that comes without one."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.remediation.fingerprint import fingerprint_of, sent_fingerprint

LABELS = {"alertname": "DemoAlert", "server": "ni3", "severity": "critical"}


def test_it_is_the_one_that_alertmanager_sends() -> None:
    """As a real Alertmanager 0.21 wrote it into a public report (prometheus/alertmanager issue 2447)."""
    assert fingerprint_of(LABELS) == "8a07086b74f3ba78"


def test_no_labels_have_one_too() -> None:
    """The hash of nothing."""
    assert fingerprint_of({}) == "cbf29ce484222325"


def test_it_is_the_same_in_every_process() -> None:
    """Python's own hashes differ from process to process; this one must not."""
    script = f"from exporter.remediation.fingerprint import fingerprint_of; print(fingerprint_of({LABELS!r}))"
    told = {subprocess.check_output([sys.executable, "-c", script], text=True).strip() for _ in range(2)}
    assert told == {fingerprint_of(LABELS)}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": "b"}, {"a": "c"}),
        ({"a": "b"}, {"b": "a"}),
        ({"ab": "c"}, {"a": "bc"}),
        ({"a": "b", "c": "d"}, {"a": "bc", "": "d"}),
        ({"a": "b"}, {"a": "b", "c": ""}),
        ({"a": "é"}, {"a": "e"}),
        ({"a": "A"}, {"a": "a"}),
    ],
)
def test_other_labels_have_another(one: dict[str, str], other: dict[str, str]) -> None:
    """Neither names nor values run into each other."""
    assert fingerprint_of(one) != fingerprint_of(other)


@given(labels=st.dictionaries(st.text(max_size=6), st.text(max_size=6), max_size=5), seed=st.randoms())
def test_the_order_of_the_labels_does_not_matter(labels: dict[str, str], seed: object) -> None:
    """JSON objects have none; and any text makes sixteen digits."""
    shuffled = list(labels.items())
    seed.shuffle(shuffled)  # type: ignore[attr-defined]
    assert fingerprint_of(dict(shuffled)) == fingerprint_of(labels)
    assert len(fingerprint_of(labels)) == 16


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("8a07086b74f3ba78", "8a07086b74f3ba78"),
        (" 8A07086B74F3BA78\n", "8a07086b74f3ba78"),
        ("none-of-these", "none-of-these"),
        *((nothing, "") for nothing in (None, "", "  ", "<no value>", "<nil>", "null", "None", "undefined")),
        *((nothing, "") for nothing in ("0000000000000000", "00000000-0000-0000-0000-000000000000")),
    ],
)
def test_what_a_relay_writes_for_a_missing_one_is_none(sent: str | None, meant: str) -> None:
    """Taken for one, it would make a single alert of all that started at the same moment, and drop the rest."""
    assert sent_fingerprint(sent) == meant
