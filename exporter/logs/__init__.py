"""Logging as Prometheus components do it: one line an event on standard error, logfmt or JSON.

A line of a request, and of the job that it has made, carries the request's id (``request_id``).
"""

from __future__ import annotations

import logging
import sys
import threading
from types import TracebackType

import stamina.instrumentation
import structlog

from exporter.logs.logfmt import as_json, render_logfmt
from exporter.logs.repetitions import Repetitions

LEVELS = ("debug", "info", "warn", "error")
FORMATS = ("logfmt", "json")


def set_up_logging(level: str, log_format: str) -> None:
    """Sends the product's events and those of its libraries through one renderer."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        _one_line,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        structlog.processors.format_exc_info,
    ]
    renderer: structlog.typing.Processor = render_logfmt
    if log_format == "json":
        renderer = structlog.processors.JSONRenderer(as_json)
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
    if level != "debug":
        handler.addFilter(Repetitions())
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
        "imapclient",
    ):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
    # Each request that is cut off as the process ends is told by itself.
    logging.getLogger("uvicorn.error").addFilter(lambda record: not record.getMessage().startswith("Cancel "))
    # It warns of every strange letter that a mail server writes, and repeats what was written.
    logging.getLogger("imapclient.util").setLevel(logging.CRITICAL)


def _one_line(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Libraries end some of their events with a line break."""
    event["event"] = str(event["event"]).strip()
    return event


def log_bugs() -> None:
    """What would end in a traceback of many lines is an event too: a bug that ends the process, or a thread."""
    log = structlog.get_logger(__name__)

    def ended(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        log.critical("bug, the process ends", exc_info=(kind, error, trace))

    def thread_ended(arguments: threading.ExceptHookArgs) -> None:
        log.error("bug, a thread ends", exc_info=(arguments.exc_type, arguments.exc_value, arguments.exc_traceback))

    sys.excepthook = ended
    threading.excepthook = thread_ended
    logging.captureWarnings(True)


def current_request_id() -> str:
    """Of the request that is being answered, empty outside of one."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))
