"""The errors of outside APIs: what each is by itself, that other words leave it what it is, what is told of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from exporter.clients.hubspot.refusals import REFUSALS as HUBSPOT
from exporter.clients.salesforce.login_catalog import CAUSES
from exporter.clients.salesforce.refusals import REFUSALS as SALESFORCE
from exporter.errors import UPSTREAM_ERROR_KINDS, Again, RateLimited, UnknownColumn, UpstreamError

README = (Path(__file__).resolve().parent.parent / "exporter" / "README.md").read_text(encoding="utf-8")
CHAPTER = README.partition("### What a failure means\n")[2].partition("\n#")[0]


def _classes(of: type[UpstreamError]) -> Iterator[type[UpstreamError]]:
    for kind in of.__subclasses__():
        yield kind
        yield from _classes(kind)


CLASSES = tuple(_classes(UpstreamError))
OWN: dict[type[UpstreamError], dict[str, Any]] = {UnknownColumn: {"code": "INVALID_FIELD", "column": "Interval"}}
"""What a class wants to be made of beside its message."""


def test_the_tree_is_known_here() -> None:
    """Every kind has a class of its own, and the deeper ones are among them."""
    assert {kind.kind for kind in CLASSES} == set(UPSTREAM_ERROR_KINDS)
    assert UnknownColumn in CLASSES


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("again", Again)
def test_in_other_words_a_failure_is_the_same(kind: type[UpstreamError], again: Again) -> None:
    """Class, code, pause and what else it carries; only what is given differs, and the first stays as it is."""
    error = kind("the words", **OWN.get(kind, {}))
    error.again, error.retry_after, error.code = again, 600.0, "A_CODE"
    told = error.retold("other words")
    assert (type(told), str(told), vars(told)) == (kind, "other words", vars(error))
    changed = error.retold("other words", again=Again.LATER, retry_after=5.0)
    assert (changed.code, changed.again, changed.retry_after) == ("A_CODE", Again.LATER, 5.0)
    assert (str(error), error.again, error.retry_after) == ("the words", again, 600.0)


def test_it_can_be_raised_in_its_other_words() -> None:
    """As any error can."""
    with pytest.raises(RateLimited, match=r"^wait, and why$"):
        raise RateLimited("wait").retold("wait, and why")


class TestTheReadme:
    """Its tables of failures say what the code does; a failing test shows the cell as it should be."""

    @pytest.mark.parametrize("again", Again)
    def test_when_what_is_tried_again(self, again: Again) -> None:
        """By the tables of both APIs, the catalogue of logins, and what the kinds do where no table knows better."""
        _what, salesforce, hubspot, logins, kinds = row_of(again.value)
        assert salesforce == listed(name_of(row.code or str(row.status), row.words) for row in rows(SALESFORCE, again))
        assert hubspot == listed(name_of(spans(row.statuses), (row.word,)) for row in rows(HUBSPOT, again))
        passing = listed(cause.name for cause in CAUSES if cause.again is again)
        assert logins == ("every other cause" if again is Again.LATER else passing)
        assert kinds == listed(kind for kind in UPSTREAM_ERROR_KINDS if usually(kind) is again)

    @pytest.mark.parametrize("kind", UPSTREAM_ERROR_KINDS)
    def test_what_a_person_reads(self, kind: str) -> None:
        """The sentences are the code's own; numbers in them are an example's."""
        _what, example = row_of(f"`{kind}`")
        pattern = r"\{[^{}]+\}".join(re.escape(part) for part in re.split(r"[0-9]+", example))
        assert re.search(pattern, SENTENCES), example


def _sentences() -> str:
    """Every text of the package, as one: a sentence that is written in several pieces is whole again."""
    package = Path(__file__).resolve().parent.parent / "exporter"
    texts = [(package / folder).rglob("*.py") for folder in ("clients", "polling")]
    return "\n".join(re.sub(r'"\n\s+f?"', "", file.read_text(encoding="utf-8")) for found in texts for file in found)


SENTENCES = _sentences()


def row_of(name: str) -> list[str]:
    """The cells beside this one."""
    (row,) = re.findall(rf"^\| {re.escape(name)} \| (.*) \|$", CHAPTER, re.MULTILINE)
    return [cell.strip() for cell in row.split(" | ")]


def rows(table: Iterable[Any], again: Again) -> list[Any]:
    return [row for row in table if row.again is again]


def usually(kind: str) -> Again:
    (found,) = (error.usually_again for error in UpstreamError.__subclasses__() if error.kind == kind)
    return found


def name_of(code: str, words: tuple[str, ...]) -> str:
    """As the table writes it: a code or status, and the word that tells it from its namesakes."""
    return f"{code} {words[0]}" if any(words) else code


def spans(statuses: Iterable[int]) -> str:
    """Such as ``502-504 530``."""
    runs: list[list[int]] = []
    for status in sorted(statuses):
        if runs and status == runs[-1][-1] + 1:
            runs[-1].append(status)
        else:
            runs.append([status])
    return " ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in dict.fromkeys(names)) or "–"
