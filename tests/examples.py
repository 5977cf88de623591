"""How many examples a property is tried with: a share of them at every run, all of them when asked for."""

from __future__ import annotations

import os

SHARE = 8


def examples(number: int) -> int:
    """``number`` with ``EXAMPLES=all`` in the environment, as ``make fuzz`` sets it, else an eighth of it.

    For the properties whose examples take longest. The examples are the same on every machine, either way.
    """
    return number if os.environ.get("EXAMPLES") == "all" else -(-number // SHARE)
