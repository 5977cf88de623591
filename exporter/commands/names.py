"""Integrations as a user names them on the command line."""

from __future__ import annotations

from exporter.config.settings import Config, Integration
from exporter.errors import UsageError


def integration_called(name: str, config: Config) -> Integration:
    """The integration of this name; raises ``UsageError`` with the names there are."""
    found = config.integration(name)
    if found is None:
        known = ", ".join(entry.name for entry in config.integrations)
        raise UsageError(f"no integration is called {name!r}; there are: {known}")
    return found
