"""Secrets are read where they stand, when they are needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.config.secret import Secret
from tests.config.conftest import Load


def test_a_secret_is_read_when_it_is_needed(load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rotated file or variable works without a restart; white space around it does not count."""
    monkeypatch.setenv("BRIDGE_TOKEN", " from-the-environment ")
    feed = {"url": "https://bridge.example", "token_env": "BRIDGE_TOKEN"}
    config = load(
        {
            "integrations": [{"name": "acme", "sync_health": feed}],
            "remediation": {"webhook_token_file": "secret"},
        }
    )
    assert config.integrations[0].sync_health is not None
    assert config.integrations[0].sync_health.token is not None
    assert config.integrations[0].sync_health.token.read() == "from-the-environment"
    assert config.remediation.webhook_token is not None
    assert config.remediation.webhook_token.read() == "a-secret"
    (tmp_path / "secret").write_text("rotated\n")
    assert config.remediation.webhook_token.read() == "rotated"
    assert "rotated" not in repr(config)
    assert "from-the-environment" not in repr(config)


def test_a_secret_that_is_gone_says_so(load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was there when the file was checked; whoever reads it later must be ready for this."""
    with pytest.raises(FileNotFoundError):
        Secret(file=tmp_path / "gone").read()
    monkeypatch.delenv("NOT_SET_ANYWHERE", raising=False)
    with pytest.raises(KeyError, match="NOT_SET_ANYWHERE"):
        Secret(env="NOT_SET_ANYWHERE").read()
