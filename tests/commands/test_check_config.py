"""``check-config`` says that a file is good; what it says of bad ones is in ``tests/config``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bcrypt
import pytest

from tests.commands.program import run


@pytest.mark.parametrize("flag", ["", "--config.file="])
def test_a_good_configuration_is_called_good(config_file: Path, flag: str) -> None:
    """With the number of its integrations, 0. It is named as it is to other commands, or just so."""
    ended = run("check-config", f"{flag}{config_file}")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, f"{config_file}: good, 2 integrations\n", "")


def test_a_web_configuration_is_judged_beside_it(config_file: Path, tmp_path: Path) -> None:
    """A good one is called good, with its notes; of two bad files both are told of."""
    web = tmp_path / "web.yml"
    web.write_text(f"basic_auth_users: {{alice: {bcrypt.hashpw(b'secret', bcrypt.gensalt(4)).decode()}}}")
    ended = run("check-config", config_file, f"--web.config.file={web}")
    assert (ended.returncode, ended.stdout.splitlines()[1]) == (0, f"{web}: good, no TLS, 1 user")
    assert ended.stderr.startswith("note: basic_auth_users without tls_server_config")
    web.write_text("colour: red")
    config_file.write_text("colour: red\n" + config_file.read_text())
    ended = run("check-config", config_file, f"--web.config.file={web}")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert [line.partition(": ")[0] for line in ended.stderr.splitlines()] == [f"{config_file}:1", f"{web}:1"]


def test_one_integration_is_not_integrations(config_data: dict[str, Any], write_config: Callable[..., Path]) -> None:
    """Small things are read, too."""
    del config_data["integrations"][1]
    assert run("check-config", write_config(config_data)).stdout.endswith(": good, 1 integration\n")
