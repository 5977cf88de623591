"""promtool, as the checks of the rules use it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

PATIENCE = 300
"""Seconds after which a run is given up."""


def passed(files: Sequence[Path]) -> list[bool]:
    """Of each test file whether its tests pass. One process for all: to start it costs as much as several tests.

    What stays the same from promtool to promtool is one line for each file, in their order; promtool 3 no longer names
    the file above it. What it has against a failing file follows on lines of their own.
    """
    run = _run("test", files)
    lines = [line.strip() for line in run.stdout.splitlines()]
    verdicts = [line == "SUCCESS" for line in lines if line in {"SUCCESS", "FAILED:"}]
    assert len(verdicts) == len(files), run.stdout
    assert all(verdicts) == (run.returncode == 0), run.stdout
    return verdicts


def complaints_of_test(file: Path) -> str:
    """What a test file found, or the empty string if it passed."""
    run = _run("test", [file])
    return run.stdout if run.returncode else ""


def complaints(rule_files: Sequence[Path]) -> str:
    """What promtool finds wrong with rule files, or the empty string if it would load them."""
    run = _run("check", rule_files)
    return run.stdout if run.returncode else ""


def _run(verb: str, files: Sequence[Path]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["promtool", verb, "rules", *files],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
        env={**os.environ, "GOGC": "400"},  # memory is cheap, a fifth of the time is not
    )
