"""Flags that several commands have."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_config_file(parser: argparse.ArgumentParser) -> None:
    """``--config.file``, parsed to ``config``."""
    parser.add_argument(
        "--config.file",
        dest="config",
        type=Path,
        required=True,
        metavar="FILE",
        help="the configuration (YAML or JSON)",
    )
