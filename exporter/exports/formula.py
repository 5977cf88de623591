"""Cells that a spreadsheet would take for a formula: made text on the way out, made themselves on the way in. Pure.

Not only at the beginning: where a spreadsheet divides lines at semicolons or tabs, what comes after one, or after a
line break, is a cell of its own.
"""

from __future__ import annotations

import re

_SIGNS = r"=+\-@\uff1d\uff0b\uff0d\uff20"
"""OWASP's list for CSV, with the wide forms of its signs, which some spreadsheets take for the narrow ones."""

_CELL = r"(?:\A|(?<=[;\t\r\n]))"
_SPACES = r"[^\S\t\r\n]*"
"""Some spreadsheets pass over them, whatever their width."""
_FORMULA = rf"'*{_SPACES}[{_SIGNS}]"
_BREAK = rf"'*{_SPACES}[\t\r\n\0]"
"""OWASP lists these too, at the beginning."""

_BEFORE = re.compile(rf"{_CELL}(?={_FORMULA})|\A(?={_BREAK})")
_NEUTRALISED = re.compile(rf"{_CELL}'(?={_FORMULA})|\A'(?={_BREAK})")


def neutralised(text: str) -> str:
    """With an apostrophe where a spreadsheet would calculate, or where ``restored`` would take one away."""
    return _BEFORE.sub("'", text)


def restored(text: str) -> str:
    """What was neutralised."""
    return _NEUTRALISED.sub("", text)
