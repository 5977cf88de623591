"""Phrases as an owner writes them, looked for in a text without regard to case, punctuation and line breaks."""

from __future__ import annotations

import re
from collections.abc import Iterable

from exporter.catalog.titles import folded

_GROUPED = re.compile(r"(?<=[0-9])[.,'\u2019\u00a0\u202f](?=[0-9]{3}(?![0-9]))")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_NOTHING = re.compile(r"(?!)")
_GAP = "..."


def plain(text: str) -> str:
    """The words of a text with one space between them and at both ends; ``12,345`` is one number."""
    return f" {folded(_GROUPED.sub('', text))} "


def phrases(texts: Iterable[str]) -> re.Pattern[str]:
    """Matches any of these in what ``plain`` returns, from the first letter of a phrase to its last.

    ``*`` is any rest of a word, ``#`` a number, ``...`` up to six words.
    """
    ways = sorted((way for way in map(_way, texts) if way), key=len, reverse=True)
    return re.compile("|".join(ways)) if ways else _NOTHING


def _way(text: str) -> str:
    """One phrase as a regular expression; empty for one without words."""
    words = [word for word in text.replace("…", _GAP).split() if word in (_GAP, "#") or folded(word)]
    way = ""
    for number, word in enumerate(words):
        if word == _GAP:
            way += r"(?: \S+){0,6}?" if way and number < len(words) - 1 else ""
            continue
        way += (" " if way else "") + ("[0-9]+" if word == "#" else _word(word))
    if not way:
        return ""
    return way if _UNSPACED.search(text) else rf"(?<= ){way}(?= )"


def _word(word: str) -> str:
    """``error*``: the word and any rest; a word that folds to several (``e-mail``) has spaces in it."""
    return re.escape(folded(word)).replace(r"\ ", " ") + (r"\w*" if word.endswith("*") else "")
