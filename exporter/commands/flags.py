"""Flags that several commands have."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any, Protocol


class _Flags(Protocol):
    """A parser, or a group of it."""

    def add_argument(self, *names: str, **options: Any) -> argparse.Action: ...


ADDRESS = "127.0.0.1:9951"
"""Where it is served unless a flag says otherwise."""


def add_listen_address(parser: _Flags, what: str = "where to serve; may be given several times") -> None:
    """``--web.listen-address``, parsed to ``listen``."""
    parser.add_argument(
        "--web.listen-address",
        dest="listen",
        action="append",
        metavar="HOST:PORT",
        help=f"{what} (default: {ADDRESS})",
    )


def add_web_config_file(parser: _Flags) -> None:
    """``--web.config.file``, parsed to ``web_config``."""
    parser.add_argument(
        "--web.config.file",
        dest="web_config",
        type=Path,
        metavar="FILE",
        help="TLS, users, headers and rate limit, in the format of all Prometheus components",
    )


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


def add_base_urls(parser: _Flags) -> None:
    """``--runbook-base-url`` and ``--dashboard-base-url``: where the links of the alerts lead."""
    parser.add_argument(
        "--runbook-base-url", type=_base_url, metavar="URL", help="where your runbooks are: runbook_url points there"
    )
    parser.add_argument(
        "--dashboard-base-url", type=_base_url, metavar="URL", help="where your Grafana is: dashboard_url points there"
    )


def namespace(text: str) -> str:
    """What Kubernetes takes as a namespace's name."""
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no name of a Kubernetes namespace")
    return text


def _base_url(text: str) -> str:
    """Only what may stand in a YAML file and in an annotation template as it is."""
    if not re.fullmatch(
        r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?([/?#][\w.~:/?#@!$&()*+,;=%-]*)?", text, re.A
    ):
        raise argparse.ArgumentTypeError(f"{text!r} is no http or https URL")
    return text
