"""A runbook as its reader sees it: first screen, sections, blocks to paste, links."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from exporter.bundled.rule_files import rules_directory
from tests.markdown import BLOCK, anchors_of, headings_of, links_of, prose_of

DIRECTORY = rules_directory() / "runbooks"


@dataclass(frozen=True)
class Runbook:
    """One file of the directory; ``name`` is its name without ``.md``."""

    name: str
    text: str

    @property
    def prose(self) -> str:
        """The text without its blocks."""
        return prose_of(self.text)

    @property
    def headings(self) -> Sequence[str]:
        """The headings of the second level, in order."""
        return [title for level, title in headings_of(self.text) if level == 2]

    @property
    def anchors(self) -> set[str]:
        """What a link may point at after ``#``: headings in lower case, blanks as hyphens."""
        return anchors_of(self.text)

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
        return [block for kind, block in BLOCK.findall(self.text) if kind == language]

    @property
    def languages(self) -> set[str]:
        """The languages of all fenced blocks."""
        return {kind for kind, _ in BLOCK.findall(self.text)}

    @property
    def links(self) -> Sequence[str]:
        """Where the links go."""
        return links_of(self.text)


def on_one_line(text: str) -> str:
    """The text without its line breaks: sentences can be searched for, wherever they were wrapped."""
    return " ".join(text.split())


def read_runbook(file: Path) -> Runbook:
    """The runbook of a file."""
    return Runbook(file.stem, file.read_text(encoding="utf-8"))


RUNBOOKS = tuple(read_runbook(file) for file in sorted(DIRECTORY.glob("*.md")))
BY_NAME = {runbook.name: runbook for runbook in RUNBOOKS}
