"""What a text states about the integration, sentence by sentence.

A sentence with *if*, *may*, *how to* or a question mark states nothing, however much it speaks of suspensions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from exporter.catalog.catalog import CATALOG
from exporter.catalog.titles import ERROR_TYPE, REASON, folded
from exporter.mail.patterns import Language, Patterns
from exporter.mail.phrases import plain

SUSPENDED, CLEARED, ERRORS = "suspended", "cleared", "errors"
_LONGEST_SENTENCE = 2_000
_MOST_SENTENCES = 2_000
_END_OF_SENTENCE = re.compile(r"(?<=[.!?。！？])\s+|(?<=[。！？])|\s*[•·|]\s*")


@dataclass(frozen=True, slots=True)
class Statement:
    """``phrase`` was found in ``sentence``, of the subject or of the text; ``stated`` is False where it is only spoken
    of."""

    kind: str
    language: str
    phrase: str
    sentence: str
    in_subject: bool
    stated: bool

    def __str__(self) -> str:
        where = "subject" if self.in_subject else "text"
        found = f"{self.phrase!r} ({self.language}) in the {where}: {self.sentence[:160]!r}"
        return found if self.stated else f"only spoken of: {found}"


def statements_in(subject: str, body: str, patterns: Patterns) -> tuple[Statement, ...]:
    """Every one, the subject's first; each language looks at each sentence."""
    found: list[Statement] = []
    whole = plain(f"{subject}\n{body}")
    spoken = [language for language in patterns.languages if _speaks(language, whole)]
    for in_subject, text in ((True, subject), (False, body)):
        for sentence in _sentences(text) if spoken else ():
            words = plain(sentence)
            for language in spoken:
                found.extend(_statements(sentence, words, language, in_subject))
    return tuple(found)


def reasons_in(text: str, patterns: Patterns) -> tuple[str, ...]:
    """The suspension reasons whose titles stand in it, each once."""
    return _entries(text, patterns, REASON)


def categories_in(text: str, patterns: Patterns) -> tuple[str, ...]:
    """Categories that have errors: those with a number other than 0 in a line of their title or of a title of their
    types; where no line has a number, all those that are named. In the catalogue's order."""
    counted: set[str] = set()
    named: set[str] = set()
    lines = [line for line in text.split("\n") if line.strip()]
    for number, line in enumerate(lines):
        title, count = _title_and_number(line, patterns)
        if title is None:
            continue
        if count is None and number + 1 < len(lines):
            count = _number(lines[number + 1])
        named.add(title)
        if count:
            counted.add(title)
        elif count == 0:
            named.discard(title)
    types = {CATALOG.error_types[name].category for name in _entries(text, patterns, ERROR_TYPE)}
    chosen = counted or named | types
    return tuple(name for name in CATALOG.category_names if name in chosen)


def _speaks(language: Language, words: str) -> bool:
    """Is there anything of the language that a sentence may state? Most messages have nothing of most languages."""
    return any(one.search(words) for one in (language.suspended, language.cleared, language.sync_errors))


def _sentences(text: str) -> Iterator[str]:
    paragraphs = re.split(r"\n\s*\n", text)
    sentences = (one for paragraph in paragraphs for one in _END_OF_SENTENCE.split(" ".join(paragraph.split())))
    for number, sentence in enumerate(sentences):
        if number == _MOST_SENTENCES:
            return
        if sentence.strip():
            yield sentence.strip()[:_LONGEST_SENTENCE]


def _statements(sentence: str, words: str, language: Language, in_subject: bool) -> Iterator[Statement]:
    asked = sentence.endswith(("?", "？"))
    conditional = bool(language.conditional.search(words))

    def statement(kind: str, found: re.Match[str], stated: bool) -> Statement:
        return Statement(kind, language.code, found[0].strip(), sentence, in_subject, stated and not asked)

    if language.about.search(words):
        cleared = language.cleared.search(words)
        suspended = language.suspended.search(words)
        if cleared:
            yield statement(CLEARED, cleared, not conditional and not _unreal(words, cleared.start(), language))
        elif suspended:
            yield statement(SUSPENDED, suspended, not _unreal(words, suspended.start(), language))
    counted = language.counted.search(words)
    errors = counted or language.sync_errors.search(words)
    if errors:
        yield statement(ERRORS, errors, counted is not None and not _unreal(words, errors.start(), language))


def _unreal(words: str, start: int, language: Language) -> bool:
    """Does something before the phrase make it a possibility, a wish, or the contrary?"""
    before = words[:start]
    return bool(
        language.conditional.search(before)
        or language.modal.search(_last(before, 4))
        or language.negated.search(_last(before, 3))
    )


def _last(words: str, count: int) -> str:
    return f" {' '.join(words.split()[-count:])} "


def _entries(text: str, patterns: Patterns, kind: str) -> tuple[str, ...]:
    """Names of the entries of a kind whose titles stand in a paragraph of the text."""
    look_up = patterns.titles.reason if kind == REASON else patterns.titles.error_type
    other = patterns.titles.error_type if kind == REASON else patterns.titles.reason
    found: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text):
        for match in patterns.named.finditer(plain(paragraph)):
            name = look_up(match[0])
            if name is not None and (kind == REASON or other(match[0]) is None):
                found.append(name)
    return tuple(dict.fromkeys(found))


def _title_and_number(line: str, patterns: Patterns) -> tuple[str | None, int | None]:
    """The category of a line that has no more than a title, a number and filler; its number."""
    words = plain(line).split()
    if len(words) > 15:  # noqa: PLR2004 - titles have up to eight words
        return None, None
    numbers = [int(word) for word in words if word.isascii() and word.isdecimal()][:1]
    category = _category(" ".join(word for word in words if not word.isdecimal()), patterns) or _category(
        " ".join(word for word in words if not word.isdecimal() and word not in patterns.filler), patterns
    )
    return category, numbers[0] if numbers else None


def _category(title: str, patterns: Patterns) -> str | None:
    error_type = patterns.titles.error_type(title)
    return CATALOG.error_types[error_type].category if error_type else patterns.titles.category(title)


def _number(line: str) -> int | None:
    text = folded(plain(line))
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 12 else None  # noqa: PLR2004
