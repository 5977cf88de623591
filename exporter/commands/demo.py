"""``demo``: an incident to watch, from cause to cure."""

from __future__ import annotations

import argparse

from exporter.demo.play import play
from exporter.demo.scenarios import SCENARIOS


def add_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--scenario", choices=sorted(SCENARIOS), default="permissions")
    parser.add_argument(
        "--exit-when-done", action="store_true", help="end with a summary; exit 0 only if every step worked"
    )


def run(arguments: argparse.Namespace) -> int:
    return play(SCENARIOS[arguments.scenario], exit_when_done=arguments.exit_when_done)
