"""``systemd-unit``: a hardened unit for systemd."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from exporter.bundled.systemd_unit import is_hidden, systemd_unit
from exporter.commands.output import write_utf_8


def add_flags(parser: argparse.ArgumentParser) -> None:
    del parser


def run(arguments: argparse.Namespace) -> int:
    del arguments
    # Beside the Python that runs this: in a virtual environment it is in nobody's PATH.
    installed = Path(sys.executable).with_name("hubspot-salesforce-exporter")
    write_utf_8(systemd_unit(installed if installed.exists() else None))
    if installed.exists() and is_hidden(installed):
        sys.stderr.write(f"note: ProtectHome and PrivateTmp hide {installed} from the service: install it elsewhere\n")
    return 0
