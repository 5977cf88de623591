"""Markdown as GitHub shows it: headings with their anchors, links, fenced blocks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

BLOCK = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
"""A fenced block: its language and what is inside."""

_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)]+)\)")


def prose_of(text: str) -> str:
    """The text without its blocks."""
    return BLOCK.sub("", text)


def headings_of(text: str) -> Sequence[tuple[int, str]]:
    """Level and title of each heading, in order."""
    return [(len(marks), title) for marks, title in _HEADING.findall(prose_of(text))]


def anchors_of(text: str) -> set[str]:
    """What a link may point at after ``#``: headings in lower case, blanks as hyphens."""
    return {_anchor(title) for _, title in headings_of(text)}


def section_at(text: str, anchor: str) -> str:
    """What stands below the heading of this anchor, down to the next one, blocks and all; "" if there is none."""
    below, block, lines = False, False, []
    for line in text.splitlines():
        block ^= line.lstrip().startswith("```")
        if not block and (heading := _HEADING.match(line)):
            below = _anchor(heading[2]) == anchor
        elif below:
            lines.append(line)
    return "\n".join(lines)


def _anchor(title: str) -> str:
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def links_of(text: str) -> Sequence[str]:
    """Where the links and pictures go."""
    return _LINK.findall(prose_of(text))


def dead_links(file: Path, text: str, *, but: tuple[str, ...] = ()) -> list[str]:
    """The relative links of a file that lead to no file, folder or heading, but for those that begin with ``but``."""
    relative = [link for link in links_of(text) if not link.startswith(("http://", "https://", *but))]
    return [link for link in relative if not _leads_somewhere(file, link)]


def _leads_somewhere(file: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = file.parent / path if path else file
    if not anchor:
        return target.exists()
    return target.is_file() and anchor in anchors_of(target.read_text(encoding="utf-8"))
