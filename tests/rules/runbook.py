"""A runbook as its reader sees it: first screen, sections, blocks to paste, links."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from exporter.bundled.rule_files import rules_directory

DIRECTORY = rules_directory() / "runbooks"

_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)]+)\)")


@dataclass(frozen=True)
class Runbook:
    """One file of the directory; ``name`` is its name without ``.md``."""

    name: str
    text: str

    @property
    def prose(self) -> str:
        """The text without its blocks."""
        return _BLOCK.sub("", self.text)

    @property
    def headings(self) -> Sequence[str]:
        """The headings of the second level, in order."""
        return [title for marks, title in _HEADING.findall(self.prose) if marks == "##"]

    @property
    def anchors(self) -> set[str]:
        """What a link may point at after ``#``: headings in lower case, blanks as hyphens."""
        return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for _, title in _HEADING.findall(self.prose)}

    @property
    def first_screen(self) -> Sequence[str]:
        """The entries of the list between the title and the first section, as lines with their continuations."""
        above = self.text.partition("\n## ")[0].split("\n", maxsplit=1)[1].strip()
        return re.split(r"\n(?=- )", above)

    def section(self, heading: str) -> str:
        """The text below a heading of the second level, up to the next."""
        return self.text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]

    def blocks(self, language: str) -> Sequence[str]:
        """The fenced blocks of a language."""
        return [block for kind, block in _BLOCK.findall(self.text) if kind == language]

    @property
    def languages(self) -> set[str]:
        """The languages of all fenced blocks."""
        return {kind for kind, _ in _BLOCK.findall(self.text)}

    @property
    def links(self) -> Sequence[str]:
        """Where the links go."""
        return _LINK.findall(self.prose)


def on_one_line(text: str) -> str:
    """The text without its line breaks: sentences can be searched for, wherever they were wrapped."""
    return " ".join(text.split())


def read_runbook(file: Path) -> Runbook:
    """The runbook of a file."""
    return Runbook(file.stem, file.read_text(encoding="utf-8"))


RUNBOOKS = tuple(read_runbook(file) for file in sorted(DIRECTORY.glob("*.md")))
BY_NAME = {runbook.name: runbook for runbook in RUNBOOKS}
