"""``check-config`` says that a file is good; what it says of bad ones is in ``tests/config``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.commands.program import run


def test_a_good_configuration_is_called_good(config_file: Path) -> None:
    """With the number of its integrations, 0."""
    ended = run("check-config", config_file)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, f"{config_file}: good, 2 integrations\n", "")


def test_one_integration_is_not_integrations(config_data: dict[str, Any], write_config: Callable[..., Path]) -> None:
    """Small things are read, too."""
    del config_data["integrations"][1]
    assert run("check-config", write_config(config_data)).stdout.endswith(": good, 1 integration\n")
