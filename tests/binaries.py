"""Prometheus, Alertmanager, VictoriaMetrics and their tools: the tests know two sets of them, and PATH says which.

`make test` takes the machine's own packages, `make test-current` the newest set; it runs what is marked ``binaries``.
No mark can be forgotten: while a test without it runs, whoever starts one of the programs, be it a process of a
process, gets a refusal that says so.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

DEBIAN_PROGRAMS = ("prometheus", "promtool", "prometheus-alertmanager", "amtool", "victoria-metrics", "vmalert")
"""All of one set."""

PROGRAMS = (*DEBIAN_PROGRAMS, "alertmanager")
"""With upstream's own name of one."""

REFUSAL = """\
#!/bin/sh
echo "${0##*/}: there are two sets of it; a test that starts it is marked: @pytest.mark.binaries" >&2
exit 64
"""


def write_refusals(folder: Path) -> Path:
    """Puts a program that refuses in the place of each."""
    for name in PROGRAMS:
        file = folder / name
        file.write_text(REFUSAL, encoding="utf-8")
        file.chmod(0o755)
    return folder


@contextlib.contextmanager
def in_front(folder: Path) -> Iterator[None]:
    """PATH begins with a folder, also for the processes that are started inside."""
    before = os.environ["PATH"]
    os.environ["PATH"] = f"{folder}{os.pathsep}{before}"
    try:
        yield
    finally:
        os.environ["PATH"] = before
