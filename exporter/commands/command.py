"""What a command is: a name, a line of help, and the module that has its flags and what it does."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Protocol, cast

from exporter.lasting import making_what_stays


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
    no HTTP, and their start is what a person waits for. ``draws``: it writes to the terminal with rich."""

    name: str
    help: str
    module: str
    draws: bool = False

    def load(self) -> CommandModule:
        hidden = () if self.draws else _DRAWING
        with making_what_stays(), _without(hidden), _reading_no_certificates():
            return cast(CommandModule, import_module(f"exporter.commands.{self.module}"))


_DRAWING = ("rich", "pygments")
"""structlog and httpx import them wherever they are installed, for what no log and no request of ours needs: 10 MiB of
memory, and a tenth of a second."""


@contextlib.contextmanager
def _without(packages: tuple[str, ...]) -> Iterator[None]:
    """Whoever imports one of these meanwhile is told that it is not installed, unless it is in use already."""
    hidden = [name for name in packages if name not in sys.modules]
    try:
        for name in hidden:
            sys.modules[name] = cast(ModuleType, None)  # so the import system is told
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


@contextlib.contextmanager
def _reading_no_certificates() -> Iterator[None]:
    """aiohttp, once it is imported, reads those of all authorities for requests that say nothing of TLS, and ours do:
    2.5 MiB, and a twentieth of a second."""
    before = os.environ.get(_CERTIFICATES)
    os.environ[_CERTIFICATES] = os.devnull
    try:
        yield
    finally:
        del os.environ[_CERTIFICATES]
        if before is not None:
            os.environ[_CERTIFICATES] = before


_CERTIFICATES = "SSL_CERT_FILE"
"""OpenSSL's own variable."""
