"""Logging as Prometheus components do it: one line an event on standard error, logfmt or JSON."""

from __future__ import annotations

import logging
import sys

import stamina.instrumentation
import structlog

LEVELS = ("debug", "info", "warn", "error")
FORMATS = ("logfmt", "json")


def set_up_logging(level: str, log_format: str) -> None:
    """Sends the product's events and those of its libraries through one renderer."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        structlog.processors.format_exc_info,
    ]
    renderer: structlog.typing.Processor = structlog.processors.LogfmtRenderer(
        key_order=["ts", "level", "event"], bool_as_flag=False
    )
    if log_format == "json":
        renderer = structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    # A retry that helps is not worth a line; one that does not ends in a failed poll, which is.
    stamina.instrumentation.set_on_retry_hooks([])
    handler = logging.StreamHandler(sys.stderr)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel({"warn": "WARNING"}.get(level, level.upper()))
    # Their info lines name every request; ours say what came of them.
    for noisy in (
        "httpx",
        "httpcore",
        "aiohttp",
        "alembic",
        "uvicorn",
        "uvicorn.error",
        "stamina",
        "aiosqlite",
        "imapclient",
    ):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
    # It warns of every strange letter that a mail server writes, and repeats what was written.
    logging.getLogger("imapclient.util").setLevel(logging.CRITICAL)
