"""The web configuration as its files are now: read again when one of them has changed, without a restart."""

from __future__ import annotations

import ssl
from pathlib import Path

import structlog

from exporter.config.problem import ConfigError, Problem
from exporter.serving.files import Files
from exporter.serving.settings import WebConfig
from exporter.serving.web_config import load_web_config

log = structlog.get_logger(__name__)


class LiveWebConfig:
    """Looked at for every connection and every request, as other components of Prometheus do it.

    A change that cannot be used is said once, and the last good one stays. Without a ``file``, the defaults.
    """

    def __init__(self, file: Path | None) -> None:
        """Raises ``ConfigError``."""
        self._file = file
        self._files = Files()
        self._config = load_web_config(file, self._files) if file is not None else WebConfig()

    def current(self) -> WebConfig:
        """By the files as they are now, if they are good."""
        if self._files.changed():
            try:
                self.reload()
            except ConfigError as error:
                log.error("web configuration not reloaded", error=str(error))
            else:
                log.info("web configuration reloaded")
        return self._config

    def reload(self) -> None:
        """Reads all of them again; raises ``ConfigError``, and then nothing is changed."""
        if self._file is None:
            return
        self._files = Files()
        config = load_web_config(self._file, self._files)
        if config == WebConfig() != self._config:
            # As a file is for a moment when somebody writes it: that must not let everybody in.
            raise ConfigError(
                (Problem(str(self._file), 1, "", "nothing is configured any more", "something, or a restart"),)
            )
        if (config.context is None) != (self._config.context is None):
            what = "TLS is switched on" if self._config.context is None else "TLS is switched off"
            raise ConfigError((Problem(str(self._file), 1, "", what, "the same until the next restart"),))
        self._config = config

    def context(self) -> ssl.SSLContext:
        """For the TLS of a connection that begins now. Of a context in use certificates can be replaced, but no
        authority of clients be taken away: so there is a new one after each change."""
        context = self.current().context
        if context is None:
            raise AssertionError("a reload cannot switch TLS off")
        return context
