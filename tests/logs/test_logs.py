"""Log lines, written by a real process: setting up logging changes the whole process."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import datetime

import pytest

from exporter.logs import FORMATS, LEVELS

SCRIPT = """
import logging, sys, structlog
from exporter.logs import set_up_logging

set_up_logging(sys.argv[1], sys.argv[2])
log = structlog.get_logger("exporter")
log.debug("a detail")
log.info("a fact", integration="acme", calls=5, ok=True, note='two words, "quoted"')
log.warning("a warning")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("an error")
logging.getLogger("a.library").warning("of a %s\\nin two lines\\n", "library")
for noisy in ("httpx", "uvicorn.error", "alembic.runtime.migration"):
    logging.getLogger(noisy).info("every request")
    logging.getLogger(noisy).error("a failure of %s", noisy)
"""


def logged(level: str, log_format: str) -> list[str]:
    command = [sys.executable, "-c", SCRIPT, level, log_format]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout == ""
    return ended.stderr.splitlines()


def test_logfmt_is_one_line_an_event() -> None:
    """Time in UTC, level and event first; a traceback stays within its line."""
    fact, warning, error, library, *_ = logged("info", "logfmt")
    stamp, rest = fact.split(" ", 1)
    assert re.fullmatch(r"ts=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", stamp)
    assert rest == r'level=info event="a fact" integration=acme calls=5 ok=true note="two words, \"quoted\""'
    assert warning.endswith(' level=warning event="a warning"')
    assert 'level=error event="an error"' in error
    assert r"\nZeroDivisionError: division by zero" in error
    assert library.endswith(r'level=warning event="of a library\nin two lines"')


def test_json_is_one_object_an_event() -> None:
    """The same fields, with their types kept."""
    events = [json.loads(line) for line in logged("info", "json")]
    fact = events[0]
    assert datetime.fromisoformat(fact.pop("ts")).tzinfo is not None
    note = 'two words, "quoted"'
    assert fact == {"level": "info", "event": "a fact", "integration": "acme", "calls": 5, "ok": True, "note": note}
    assert "ZeroDivisionError" in events[2]["exception"]
    assert events[3]["event"] == "of a library\nin two lines"


@pytest.mark.parametrize("log_format", FORMATS)
def test_libraries_speak_only_of_failures(log_format: str) -> None:
    """Their info lines name every request; ours say what came of them."""
    text = "\n".join(logged("debug", log_format))
    assert "every request" not in text
    assert "a failure of httpx" in text
    assert "a failure of alembic.runtime.migration" in text


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_shows_itself_and_what_is_worse(level: str) -> None:
    """debug, info, warn and error, as other Prometheus components name them."""
    text = "\n".join(logged(level, "logfmt"))
    events = {"debug": "a detail", "info": "a fact", "warn": "a warning", "error": "an error"}
    shown = {name for name, event in events.items() if event in text}
    assert shown == set(LEVELS[LEVELS.index(level) :])
