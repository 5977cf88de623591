"""Label values as both exposition formats write them."""

from __future__ import annotations

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def escape(text: str) -> str:
    """A label value, ready to stand between quotes."""
    return text.translate(_ESCAPES)
