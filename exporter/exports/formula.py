"""Cells that a spreadsheet would take for a formula: made text on the way out, made themselves on the way in. Pure."""

from __future__ import annotations

_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def neutralised(text: str) -> str:
    """With an apostrophe in front where a spreadsheet would calculate, or where ``restored`` would take one away."""
    return f"'{text}" if text.lstrip("'").startswith(_BEGINS_A_FORMULA) else text


def restored(text: str) -> str:
    """What was neutralised."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(_BEGINS_A_FORMULA) else text
