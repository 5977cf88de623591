"""The systemd unit that ships."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

FILE = "hubspot-salesforce-exporter.service"

_PLACEHOLDER = "/usr/local/bin/hubspot-salesforce-exporter"

_HIDDEN = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")  # noqa: S108  what ProtectHome and PrivateTmp hide


def systemd_unit(program: Path | None = None) -> str:
    """The unit, comments kept, for a ``program`` that is installed elsewhere than in ``/usr/local/bin``."""
    unit = (resources.files("exporter.bundled") / FILE).read_text(encoding="utf-8")
    return unit.replace(_PLACEHOLDER, _PLACEHOLDER if program is None else _quoted(str(program)))


def is_hidden(program: Path) -> bool:
    """Whether the unit's own hardening keeps the program from being found."""
    return any(program.is_relative_to(hidden) for hidden in _HIDDEN)


def _quoted(program: str) -> str:
    """For ``ExecStart``, as systemd.service(5) has it: percent signs doubled, a path with spaces in quotes."""
    program = program.replace("%", "%%")
    return f'"{program}"' if re.search(r"[\s;]", program) else program
