"""What a command is: a name, a line of help, its flags, and what it does."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """``run`` gets what was parsed by the flags that ``add_flags`` added and returns the exit code.

    Failures on purpose are raised as ``ExporterError``: ``cli`` says them.
    """

    name: str
    help: str
    add_flags: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
