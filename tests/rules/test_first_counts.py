"""Counters that come into being when they first count: what the README, runbooks and dashboards show as new is new,
whatever becomes of processes, targets and Prometheus."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
import yaml

from tests.dashboards.boards import NAMES, queries
from tests.rules.promtool import complaints_of_test
from tests.rules.runbook import RUNBOOKS

README = Path(__file__).parents[2] / "exporter" / "README.md"
CHOSEN = {"job": "hubspot-salesforce", "integration": "acme", "__rate_interval": "1h"}

BEFORE, WITHIN = 570, 30
"""Minutes before the hour that is asked about, and from then on: what changes, changes within it."""


def shown() -> Iterator[str]:
    """Every query that tells a first count from an old one."""
    pasted = (block for runbook in RUNBOOKS for block in runbook.blocks("promql"))
    drawn = (query.filled(CHOSEN) for name in NAMES for query in queries(name))
    documented = re.findall(r"```promql\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    for query in (*documented, *pasted, *drawn):
        if "offset" in query and "or increase(" in query:
            yield query.strip().removesuffix("> 0")


def of(instance: str, counts: str, *, up: str, started: str | None) -> Mapping[str, str]:
    """What Prometheus has of a target: a failure and a refusal that are counted alike, and what a process says of
    itself, but on the later parts of a fleet."""
    target = f'job="hubspot-salesforce", instance="{instance}"'
    counted = f'integration="acme", {target}'
    series = {
        f'hubspot_salesforce_source_errors_total{{source="mailbox", kind="server", {counted}}}': counts,
        f'hubspot_salesforce_resync_refusals_total{{reason="suspended", {counted}}}': counts,
        f"up{{{target}}}": up,
    }
    return series if started is None else {**series, f"process_start_time_seconds{{{target}}}": started}


ALWAYS = f"1x{BEFORE + WITHIN}"
ENDED, BEGAN = f"1x{BEFORE} stale", f"_x{BEFORE + 1} 1x{WITHIN}"
OLD, YOUNG = f"0x{BEFORE + WITHIN}", f"_x{BEFORE + 1} {BEFORE * 60}x{WITHIN}"
FIRST = f"_x{BEFORE + 1} 1x{WITHIN}"
OLD_COUNTS = f"1200x{BEFORE + WITHIN}"
SEEN_LATE = f"_x{BEFORE + 1} 1200x{WITHIN}"

LIVES: Mapping[str, tuple[Sequence[Mapping[str, str]], int]] = {
    "nothing new": ([of("a", OLD_COUNTS, up=ALWAYS, started=OLD)], 0),
    "a first one": ([of("a", FIRST, up=ALWAYS, started=OLD)], 1),
    "a first one, and two more": ([of("a", f"_x{BEFORE} 1x10 3x{WITHIN}", up=ALWAYS, started=OLD)], 3),
    "three more": ([of("a", f"5x{BEFORE} 8x{WITHIN}", up=ALWAYS, started=OLD)], 3),
    "a first one on the other replica": (
        [of("a", OLD_COUNTS, up=ALWAYS, started=OLD), of("b", FIRST, up=ALWAYS, started=OLD)],
        1,
    ),
    "a first one after a restart": ([of("a", f"5x{BEFORE} _x2 1x{WITHIN}", up=ALWAYS, started=OLD)], 1),
    "a first one in a new pod": (
        [of("a", f"5x{BEFORE} stale", up=ENDED, started=f"0x{BEFORE} stale"), of("b", FIRST, up=BEGAN, started=YOUNG)],
        1,
    ),
    "other parts": (
        [
            of("a#2/2", f"1200x{BEFORE} stale", up=ENDED, started=None),
            of("a#4/4", SEEN_LATE, up=BEGAN, started=None),
        ],
        0,
    ),
    "other parts, and two more": (
        [
            of("a#2/2", f"1200x{BEFORE} stale", up=ENDED, started=None),
            of("a#4/4", f"_x{BEFORE + 1} 1200x10 1202x{WITHIN}", up=BEGAN, started=None),
        ],
        2,
    ),
    "another name of the target": (
        [
            of("a", f"1200x{BEFORE} stale", up=ENDED, started=f"0x{BEFORE} stale"),
            of("b", SEEN_LATE, up=BEGAN, started=f"_x{BEFORE + 1} 0x{WITHIN}"),
        ],
        0,
    ),
    "a Prometheus that comes late": ([of("a", SEEN_LATE, up=BEGAN, started=f"_x{BEFORE + 1} 0x{WITHIN}")], 0),
}


def test_all_places_are_found() -> None:
    """The README, four runbooks, two panels."""
    assert len(list(shown())) == 7


@pytest.mark.binaries
@pytest.mark.parametrize("life", LIVES)
def test_what_is_shown_as_new_is_new(tmp_path: Path, life: str) -> None:
    """Neither more nor less: a first count is seen as one, an old one under another name is none."""
    targets, new = LIVES[life]
    case = {
        "interval": "1m",
        "input_series": [
            {"series": series, "values": values} for target in targets for series, values in target.items()
        ],
        "promql_expr_test": [
            {
                "expr": f"round(sum({query}) or vector(0))",
                "eval_time": f"{BEFORE + WITHIN}m",
                "exp_samples": [{"labels": "{}", "value": new}],
            }
            for query in shown()
        ],
    }
    file = tmp_path / "life.test.yml"
    file.write_text(yaml.safe_dump({"rule_files": [], "tests": [case]}), encoding="utf-8")
    assert complaints_of_test(file) == ""
