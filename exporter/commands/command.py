"""What a command is: a name, a line of help, and the module that has its flags and what it does."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast


class CommandModule(Protocol):
    """The two functions of a module in ``exporter.commands``.

    Failures on purpose are raised as ``ExporterError``: ``cli`` says them.
    """

    def add_flags(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, arguments: argparse.Namespace) -> int:
        """Gets what was parsed by the flags that ``add_flags`` added and returns the exit code."""


@dataclass(frozen=True, slots=True)
class Command:
    """``module`` is imported when the command is used, and no sooner: ``check-config`` needs no database, ``rules``
    no HTTP, and their start is what a person waits for."""

    name: str
    help: str
    module: str

    def load(self) -> CommandModule:
        return cast(CommandModule, import_module(f"exporter.commands.{self.module}"))
