"""Flags that several commands have."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Protocol


class _Flags(Protocol):
    """A parser, or a group of it."""

    def add_argument(self, *names: str, **options: Any) -> argparse.Action: ...


def add_config_file(parser: _Flags, *, required: bool = True) -> None:
    """``--config.file``, parsed to ``config``."""
    parser.add_argument(
        "--config.file",
        dest="config",
        type=Path,
        required=required,
        metavar="FILE",
        help="the configuration (YAML or JSON)",
    )
