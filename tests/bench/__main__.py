"""``python -m tests.bench [--rows=a,c] [--integrations=100] [--json=FILE]``: prints the table, writes it as JSON."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tests.bench import cost, growth, polling, scrape, start, table, webhook
from tests.bench.machine import CORES, machine
from tests.bench.table import Row, as_markdown

RESULT = Path("dist/bench.json")
"""Git leaves it alone."""

MANY = 1_000
"""Integrations, unless ``--integrations`` says otherwise."""


def sizes(integrations: int) -> Mapping[str, Callable[[], Iterator[Row]]]:
    """The rows by letter. Fewer integrations make a part of them quicker, and say less."""
    few = min(integrations, 200)
    scraped = sorted({1, integrations // 10 or 1, integrations, 5 * integrations})
    return {
        "a": lambda: scrape.rows(scrape.Size(integrations=scraped)),
        "b": lambda: polling.rows(polling.Size(integrations=few)),
        "c": lambda: webhook.rows(webhook.Size()),
        "d": lambda: cost.rows(cost.Size()),
        "e": lambda: growth.rows(replace(growth.Size(), integrations=integrations)),
        "f": lambda: start.rows(start.Size(sorted({1, integrations}))),
    }


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rows", default="a,b,c,d,e,f", help="letters, by commas (default: %(default)s)")
    parser.add_argument("--integrations", type=int, default=MANY, help="default: %(default)s")
    parser.add_argument("--json", type=Path, default=RESULT, help="default: %(default)s")
    options = parser.parse_args(arguments)
    wanted = sizes(options.integrations)
    letters = [letter.strip() for letter in options.rows.split(",") if letter.strip()]
    if unknown := set(letters) - set(wanted):
        parser.error(f"--rows={options.rows}: {', '.join(sorted(unknown))} is none of {', '.join(wanted)}")
    about, rows = machine(), list[Row]()

    def keep() -> None:
        told = {"machine": about, "integrations": options.integrations, "rows": [row.as_json() for row in rows]}
        options.json.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")

    options.json.parent.mkdir(parents=True, exist_ok=True)
    keep()
    for letter in letters:
        began = time.monotonic()
        rows += list(wanted[letter]())
        sys.stderr.write(f"{letter}: {time.monotonic() - began:.0f} s\n")
        # At once: who ends it in the middle has what was measured.
        keep()
    shared = "" if len(CORES) > 1 else ", one for all: what is measured shares it with who measures"
    where = f"{len(CORES)} cores{shared}, {about['cpu']}, Python {about['python']}"
    sys.stdout.write(f"{as_markdown(rows)}\n{table.sizes(rows)}\n{where}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
