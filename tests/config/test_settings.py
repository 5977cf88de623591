"""The configuration as frozen values."""

from __future__ import annotations

from tests.config.conftest import SMALL, Load


def test_an_integration_is_found_by_name(load: Load) -> None:
    """``None`` for a name that is not configured."""
    config = load(SMALL)
    assert config.integration("acme") == config.integrations[0]
    assert config.integration("gamma") is None
