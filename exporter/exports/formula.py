"""Cells that a spreadsheet would take for a formula: made text on the way out, made themselves on the way in. Pure."""

from __future__ import annotations

_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""OWASP's list for CSV, with the wide forms of its signs, which some spreadsheets take for the narrow ones."""


def neutralised(text: str) -> str:
    """With an apostrophe in front where a spreadsheet would calculate, or where ``restored`` would take one away."""
    return f"'{text}" if _is_formula(text) else text


def restored(text: str) -> str:
    """What was neutralised."""
    return text[1:] if text.startswith("'") and _is_formula(text) else text


def _is_formula(text: str) -> bool:
    """With or without apostrophes in front, and the same with one more. Some spreadsheets pass over spaces."""
    return text.lstrip("'").lstrip(" ").startswith(_BEGINS_A_FORMULA)
