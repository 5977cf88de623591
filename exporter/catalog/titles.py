"""The titles of the catalogue in every language that is known, and what a text in one of them means."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from exporter.catalog.catalog import CATALOG, Catalog
from exporter.shipped import shipped_yaml

ENGLISH = "en"
CATEGORY, ERROR_TYPE, REASON = "categories", "error_types", "suspension_reasons"


@dataclass(frozen=True, slots=True)
class Title:
    """What an entry of the catalogue is called in a language; ``kind`` is one of the three above."""

    language: str
    kind: str
    name: str
    text: str


@dataclass(frozen=True)
class Titles:
    """Titles, looked up without regard to case, spaces and punctuation."""

    titles: tuple[Title, ...]

    @cached_property
    def _by_text(self) -> Mapping[tuple[str, str], str]:
        """Names by kind and folded title. The first entry of a text keeps it: English, then as the file goes."""
        found: dict[tuple[str, str], str] = {}
        for title in self.titles:
            found.setdefault((title.kind, folded(title.text)), title.name)
            found.setdefault((title.kind, folded(title.name)), title.name)
        return found

    def category(self, text: str) -> str | None:
        """The category of this title or name, in whichever language; ``None`` if there is none."""
        return self._by_text.get((CATEGORY, folded(text)))

    def error_type(self, text: str) -> str | None:
        """The named error type of this title or name; its category stands in the catalogue."""
        return self._by_text.get((ERROR_TYPE, folded(text)))

    def reason(self, text: str) -> str | None:
        """The suspension reason of this title or name."""
        return self._by_text.get((REASON, folded(text)))

    def classify(self, category: str | None, error_type: str | None) -> tuple[str, str]:
        """Label values of an error by titles in whichever language, as ``Catalog.classify`` does it for English ones.

        Where no category is stated it is the error type's own.
        """
        named = self.error_type(error_type or "")
        stated = self.category(category or "")
        if stated is None and named is not None and not (category or "").strip():
            stated = CATALOG.error_types[named].category
        return CATALOG.classify(stated or "", named)

    def of(self, kind: str) -> tuple[Title, ...]:
        return tuple(title for title in self.titles if title.kind == kind)

    def with_more(self, more: Iterable[Title]) -> Titles:
        """With titles that go before the ones there are: an owner's own."""
        return Titles((*more, *self.titles))


def folded(text: str) -> str:
    """A title without what differs from print to print: case, kind and number of spaces, hyphens, other punctuation."""
    words = re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold().replace("_", " "))
    return " ".join(words)


def titles_of(languages: Mapping[str, Any]) -> Iterator[Title]:
    """The titles of a mapping in the form of ``titles.yaml``; raises ``ValueError`` for anything else, and for a name
    that is not in the catalogue."""
    for language, kinds in languages.items():
        for kind, entries in _mapping(kinds, str(language)).items():
            known = _names(kind)
            for name, texts in _mapping(entries, f"{language}.{kind}").items():
                if name not in known:
                    raise ValueError(f"{language}.{kind}: {name!r} is none of {', '.join(known)}")
                for text in texts if isinstance(texts, list) else [texts]:
                    if not isinstance(text, str) or not folded(text):
                        raise ValueError(f"{language}.{kind}.{name}: {text!r} is no title")
                    yield Title(str(language), kind, name, text)


def _mapping(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{where}: {value!r} is no mapping")  # noqa: TRY004
    return value


def _names(kind: str) -> tuple[str, ...]:
    names = {
        CATEGORY: CATALOG.category_names,
        ERROR_TYPE: tuple(CATALOG.error_types),
        REASON: CATALOG.reason_names,
    }.get(kind)
    if names is None:
        raise ValueError(f"{kind!r} is none of {CATEGORY}, {ERROR_TYPE}, {REASON}")
    return names


def _english(catalog: Catalog) -> Iterator[Title]:
    for category in catalog.categories:
        yield Title(ENGLISH, CATEGORY, category.name, category.title)
    for error in catalog.error_types.values():
        yield Title(ENGLISH, ERROR_TYPE, error.name, error.title)
    for reason in catalog.suspension_reasons:
        yield Title(ENGLISH, REASON, reason.name, reason.title)


def _read_titles() -> Titles:
    raw = shipped_yaml("exporter.catalog", "titles.yaml")
    return Titles((*_english(CATALOG), *titles_of(raw)))


TITLES = _read_titles()
