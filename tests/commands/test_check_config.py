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


def test_patterns_of_a_mailbox_are_read_too(config_data: dict[str, Any], write_config: Callable[..., Path]) -> None:
    """A bad one is said with its file, place and value, 1."""
    config_data["integrations"][0]["mailbox"] = {
        **{"host": "imap.example", "username": "me", "password_env": "PATH"},
        "patterns_file": "patterns.yml",
    }
    file = write_config(config_data)
    patterns = file.parent / "patterns.yml"
    patterns.write_text("sender: {from: [hubspot.com]}")
    ended = run("check-config", file)
    name = config_data["integrations"][0]["name"]
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(
        f"error: {name}: mailbox.patterns_file: {patterns}: sender.from: 'hubspot.com' is no"
    )
    patterns.write_text("sender: {from: [noreply@hubspot.com]}")
    assert run("check-config", file).returncode == 0
