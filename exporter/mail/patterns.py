"""By what HubSpot's e-mails are known: the defaults of ``patterns.yaml``, and an owner's file over them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

from exporter.catalog.titles import ERROR_TYPE, REASON, TITLES, Title, Titles, folded, titles_of
from exporter.mail.phrases import phrases
from exporter.shipped import shipped_yaml

AUTHENTICATION = ("if_stated", "required", "off")
_WORDS = (
    *("about", "suspended", "cleared", "sync_errors", "new"),
    *("conditional", "modal", "negated", "newsletter", "filler"),
)
_LARGEST_FILE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Senders:
    """Who is believed; ``patterns.yaml`` says what each means."""

    patterns: tuple[str, ...]
    authentication: str
    servers: tuple[str, ...]
    forwarders: tuple[str, ...]


@dataclass(frozen=True)
class Language:
    """The phrases of a language by key, as they are written."""

    code: str
    words: Mapping[str, tuple[str, ...]]

    @cached_property
    def about(self) -> re.Pattern[str]:
        return phrases(self.words["about"])

    @cached_property
    def suspended(self) -> re.Pattern[str]:
        return phrases(self.words["suspended"])

    @cached_property
    def cleared(self) -> re.Pattern[str]:
        return phrases(self.words["cleared"])

    @cached_property
    def sync_errors(self) -> re.Pattern[str]:
        return phrases(self.words["sync_errors"])

    @cached_property
    def counted(self) -> re.Pattern[str]:
        """Sync errors with a number other than 0, up to four words before them or two behind, or with a word for
        *new*. Where words are not spaced the number stands up to twelve letters before."""
        errors, new = self.sync_errors.pattern, phrases(self.words["new"]).pattern
        return re.compile(
            rf"(?<= )[1-9][0-9]* (?:\S+ ){{0,4}}(?:{errors})|(?:{errors})(?: \S+){{0,2}} [1-9][0-9]*(?= )"
            rf"|(?<! 0 )(?:{new}) (?:\S+ )?(?:{errors})|[1-9][0-9]*[^0-9 ]{{1,12}}(?:{errors})"
        )

    @cached_property
    def conditional(self) -> re.Pattern[str]:
        return phrases(self.words["conditional"])

    @cached_property
    def modal(self) -> re.Pattern[str]:
        return phrases(self.words["modal"])

    @cached_property
    def negated(self) -> re.Pattern[str]:
        return phrases(self.words["negated"])

    @cached_property
    def newsletter(self) -> re.Pattern[str]:
        return phrases(self.words["newsletter"])


@dataclass(frozen=True)
class Patterns:
    """Everything a verdict goes by."""

    senders: Senders
    accounts: tuple[re.Pattern[str], ...]
    pages: tuple[re.Pattern[str], ...]
    records: tuple[re.Pattern[str], ...]
    categories: tuple[re.Pattern[str], ...]
    languages: tuple[Language, ...]
    titles: Titles

    @cached_property
    def reasons(self) -> re.Pattern[str]:
        return phrases(title.text for title in self.titles.of(REASON))

    @cached_property
    def named(self) -> re.Pattern[str]:
        """Titles of reasons and error types: the longest at a place counts, as one may begin like another."""
        return phrases(title.text for kind in (REASON, ERROR_TYPE) for title in self.titles.of(kind))

    @cached_property
    def filler(self) -> frozenset[str]:
        """Words of every language that may stand beside a category's title."""
        keys = ("filler", "new")
        return frozenset(
            word for one in self.languages for key in keys for text in one.words[key] for word in folded(text).split()
        )

    def from_senders(self, addresses: Sequence[str]) -> Patterns:
        """With these believed instead, if there are any: what the configuration says goes before the file."""
        if not addresses:
            return self
        return replace(self, senders=replace(self.senders, patterns=_addresses(list(addresses), "from")))


def load_patterns(file: Path | None = None) -> Patterns:
    """The defaults, and over them an owner's file. Raises ``ValueError`` with a sentence: what is wrong, and where."""
    if file is None:
        return _defaults()
    try:
        with file.open("rb") as opened:
            text = opened.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise ValueError(f"{file}: cannot be read: {error.strerror or error}") from error
    try:
        if len(text) > _LARGEST_FILE:
            raise ValueError("is larger than a megabyte")  # noqa: TRY301
        return parse_patterns(yaml.safe_load(text))
    except yaml.MarkedYAMLError as error:
        # Its own text shows the line, and whoever names the wrong file may have named that of a password.
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ValueError(f"{file}: line {line} is not YAML: {error.problem}") from None
    except RecursionError as error:
        raise ValueError(f"{file}: is nested too deeply") from error
    except (ValueError, yaml.YAMLError) as error:
        raise ValueError(f"{file}: {' '.join(str(error).split())}") from error


def parse_patterns(raw: object) -> Patterns:
    """An owner's patterns, as YAML gives them, over the defaults; raises ``ValueError``."""
    all_shipped = _shipped()
    given = _mapping(raw if raw is not None else {}, "the file", tuple(all_shipped))
    spoken = _mapping(given.get("languages", {}), "languages")
    own = {_code(code): _language(_code(code), keys) for code, keys in spoken.items()}
    shipped: Mapping[str, Any] = all_shipped["languages"]
    codes = list(dict.fromkeys([*shipped, *own]))
    return Patterns(
        senders=_senders(
            {**all_shipped["sender"], **_mapping(given.get("sender", {}), "sender", tuple(all_shipped["sender"]))}
        ),
        accounts=_expressions(given, "account", groups=1),
        pages=_expressions(given, "page", groups=0),
        records=_expressions(given, "records", groups=0),
        categories=_expressions(given, "category", groups=1),
        languages=tuple(_merged(code, {**shipped.get(code, {}), **own.get(code, {})}) for code in codes),
        titles=TITLES.with_more([*_titles(own), *_titles(shipped)]),
    )


def _code(key: object) -> str:
    """Norwegian's code, bare, is YAML's word for false."""
    return "no" if key is False else str(key)


def _merged(code: str, keys: Mapping[str, Any]) -> Language:
    return Language(code, {key: _texts(keys.get(key, []), f"languages.{code}.{key}") for key in _WORDS})


def _titles(languages: Mapping[str, Any]) -> Iterable[Title]:
    return titles_of({code: keys["titles"] for code, keys in languages.items() if "titles" in keys})


def _language(code: str, keys: object) -> Mapping[str, Any]:
    return _mapping(keys, f"languages.{code}", (*_WORDS, "titles"))


def _senders(keys: Mapping[str, Any]) -> Senders:
    authentication = keys["authentication"]
    # YAML's word "off" is its word for false.
    authentication = "off" if authentication is False else authentication
    if authentication not in AUTHENTICATION:
        raise ValueError(f"sender.authentication: {authentication!r} is none of {', '.join(AUTHENTICATION)}")
    return Senders(
        patterns=_addresses(keys["from"], "sender.from"),
        authentication=authentication,
        servers=tuple(name.lower() for name in _texts(keys["servers"], "sender.servers")),
        forwarders=_addresses(keys["forwarders"], "sender.forwarders"),
    )


def _addresses(value: object, where: str) -> tuple[str, ...]:
    texts = tuple(text.strip().lower() for text in _texts(value, where))
    for text in texts:
        if not re.fullmatch(r"[^@\s]+@[^@\s]*[^@*\s]", text):
            raise ValueError(f"{where}: {text!r} is no address; written as noreply@hubspot.com or *@*.hubspot.com")
    return texts


def _expressions(given: Mapping[str, Any], key: str, *, groups: int) -> tuple[re.Pattern[str], ...]:
    """The regular expressions of a key, each with so many groups."""
    found = []
    for text in _texts(given.get(key, _shipped()[key]), key):
        try:
            pattern = re.compile(text, re.IGNORECASE)
        except (re.error, OverflowError, RecursionError) as error:
            raise ValueError(f"{key}: {text!r} is no regular expression: {error}") from error
        if pattern.groups != groups:
            raise ValueError(f"{key}: {text!r} has {pattern.groups} groups, not {groups}")
        found.append(pattern)
    return tuple(found)


def _texts(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) and text.strip() for text in value):
        raise ValueError(f"{where}: {value!r} is no list of texts")
    return tuple(value)


def _mapping(value: object, where: str, known: Sequence[str] = ()) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        # Not what it is: whoever names the wrong file may have named that of a password.
        raise ValueError(f"{where}: {type(value).__name__}, where a mapping is expected")  # noqa: TRY004
    unknown = [key for key in value if known and key not in known]
    if unknown:
        raise ValueError(f"{where}: {unknown[0]!r} is none of {', '.join(known)}")
    return value


@cache
def _shipped() -> Mapping[str, Any]:
    """As the file has it; read when it is first asked for."""
    shipped: Mapping[str, Any] = shipped_yaml("exporter.mail", "patterns.yaml")
    return shipped


@cache
def _defaults() -> Patterns:
    return parse_patterns(None)
