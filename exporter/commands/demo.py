"""``demo``: an incident to watch, from cause to cure."""

from __future__ import annotations

import argparse

from exporter.demo.play import play
from exporter.demo.scenarios import SCENARIOS

_DEFAULT = "permissions"


def add_flags(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _scenarios()
    parser.add_argument(
        "--scenario", choices=sorted(SCENARIOS), default=_DEFAULT, metavar="NAME", help="default: %(default)s"
    )
    parser.add_argument(
        "--exit-when-done", action="store_true", help="end with a summary; exit 0 only if every step worked"
    )


def _scenarios() -> str:
    """One line each."""
    width = max(map(len, SCENARIOS)) + 2
    return "\n".join(["scenarios:", *(f"  {one.name:<{width}}{one.title}" for one in SCENARIOS.values())])


def run(arguments: argparse.Namespace) -> int:
    return play(SCENARIOS[arguments.scenario], exit_when_done=arguments.exit_when_done)
