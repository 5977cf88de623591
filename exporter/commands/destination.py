"""Where a command sends a token: the address, and by which certificates it is trusted."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from exporter.config.authorities import EXPECTED, unusable_variable
from exporter.config.network import Network, network_of
from exporter.config.urls import is_safe_url
from exporter.errors import UsageError


def safe_url(text: str) -> str:
    """Where a token may be sent."""
    if not is_safe_url(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no address that a token may be sent to: expected https://HOST[:PORT][/PATH], or http:// to "
            "this machine itself"
        )
    return text


def ca_network(ca_file: Path | None) -> Network:
    """What ``--ca-file`` says, through the proxy of the environment if there is one, as everything outside; raises
    ``UsageError``."""
    unusable = unusable_variable(os.environ) if ca_file is None else None
    if unusable is not None:
        raise UsageError(f"{unusable}; expected {EXPECTED}")
    try:
        return network_of({} if ca_file is None else {"ca_file": ca_file}, Path(), os.environ)
    except OSError as error:
        raise UsageError(f"--ca-file: cannot read {ca_file}: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"--ca-file: {ca_file} {error}") from None
