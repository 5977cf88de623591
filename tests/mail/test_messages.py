"""Sixty-eight e-mails, and what each of them is read as."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from exporter.catalog.catalog import CATALOG
from exporter.mail.message import parse_message
from exporter.mail.patterns import load_patterns, parse_patterns
from exporter.mail.verdict import Verdict, judge
from tests.mail.expected import ACCOUNT, EXPECTED, MESSAGES, PATTERNS, Expected
from tests.markdown import BLOCK

README = Path(__file__).resolve().parent.parent.parent / "exporter" / "README.md"
FILES = sorted(MESSAGES.glob("*.eml"))


def verdict_of(file: Path, patterns: str | None) -> Verdict:
    return judge(parse_message(file.read_bytes()), load_patterns(PATTERNS / patterns if patterns else None))


def read_as(verdict: Verdict) -> tuple[object, ...]:
    return verdict.result, verdict.kind, verdict.reason, verdict.categories, verdict.account


def wanted(expected: Expected) -> tuple[object, ...]:
    return expected.result, expected.kind, expected.reason, expected.categories, expected.account


def test_each_has_its_line_in_the_table() -> None:
    """Forty are the least; each says that it was written for the tests."""
    assert [file.stem for file in FILES] == sorted(EXPECTED)
    assert len(FILES) >= 40
    assert all(b"\nX-Synthetic:" in file.read_bytes().replace(b"\r\n", b"\n") for file in FILES)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_is_read_as_what_it_is(file: Path) -> None:
    """And says why, in sentences."""
    expected = EXPECTED[file.stem]
    verdict = verdict_of(file, expected.patterns)
    assert read_as(verdict) == wanted(expected), verdict.why
    assert verdict.why


def test_nothing_is_taken_for_what_it_is_not_and_nothing_is_missed() -> None:
    """Precision and recall, counted over all of them as an owner's patterns have them: both 1.0."""
    verdicts = {file.stem: verdict_of(file, EXPECTED[file.stem].patterns) for file in FILES}
    matched = {name for name, verdict in verdicts.items() if verdict.result == "matched"}
    right = {name for name in matched if read_as(verdicts[name]) == wanted(EXPECTED[name])}
    relevant = {name for name, expected in EXPECTED.items() if expected.relevant}
    assert len(right) / len(matched) == 1.0
    assert len(right & relevant) / len(relevant) == 1.0


def test_all_that_hubspot_can_say_is_among_them() -> None:
    """Eleven reasons, eight categories."""
    assert {expected.reason for expected in EXPECTED.values()} >= set(CATALOG.reason_names)
    assert {name for expected in EXPECTED.values() for name in expected.categories} == set(CATALOG.category_names)


@pytest.mark.parametrize("name", [name for name, expected in EXPECTED.items() if expected.patterns])
def test_without_its_patterns_it_is_no_match(name: str) -> None:
    """Unknown words of HubSpot's are unmatched, unknown senders ignored."""
    result = verdict_of(MESSAGES / f"{name}.eml", None).result
    assert result == ("unmatched" if name.startswith("language") else "ignored")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_line_ends_make_no_difference(file: Path) -> None:
    """Servers send CRLF, editors write LF."""
    raw = file.read_bytes().replace(b"\r\n", b"\n")
    patterns = load_patterns()
    results = [judge(parse_message(one), patterns) for one in (raw, raw.replace(b"\n", b"\r\n"))]
    assert results[0] == results[1]


def test_cut_off_anywhere_it_is_never_taken_for_more() -> None:
    """A message that is lost in the middle is read as what it is, as one without reason, or not at all."""
    for name in ("suspended-01-org-api-limit-plain", "suspended-03-unknown-error-multipart", "forged-01-failing-dkim"):
        raw, expected = (MESSAGES / f"{name}.eml").read_bytes(), EXPECTED[name]
        for end in range(0, len(raw), 7):
            verdict = judge(parse_message(raw[:end]), load_patterns())
            assert verdict.kind in (None, expected.kind)
            assert verdict.reason in (None, expected.reason)


@pytest.mark.parametrize("field", ["Authentication-Results", "From"])
def test_without_a_header_no_forgery_becomes_a_match(field: str) -> None:
    """Of those that are forged by what they claim in it, none is believed if the claim is missing."""
    for file in FILES:
        if not file.stem.startswith(("forged-02", "forged-03", "customer", "newsletter")):
            continue
        lines = file.read_bytes().split(b"\n")
        raw = b"\n".join(line for line in lines if not line.startswith(field.encode()))
        assert judge(parse_message(raw), load_patterns()).result != "matched"


def test_the_patterns_of_the_readme_are_an_owners() -> None:
    """They stand there for the Portuguese e-mail."""
    (example,) = (block for language, block in BLOCK.findall(README.read_text("utf-8")) if "pt:  " in block)
    message = parse_message((MESSAGES / "language-06-portuguese-suspension.eml").read_bytes())
    verdict = judge(message, parse_patterns(yaml.safe_load(example)))
    assert read_as(verdict) == wanted(EXPECTED["language-06-portuguese-suspension"])


def test_an_account_is_only_taken_for_ones_own() -> None:
    """Of a mailbox that integrations share: by id, by what is looked for, and never for another's."""
    message = parse_message((MESSAGES / "suspended-01-org-api-limit-plain.eml").read_bytes())
    patterns = load_patterns()
    assert judge(message, patterns, [ACCOUNT, "999"]).account == ACCOUNT
    assert judge(message, patterns, ["acme gmbh", "initech"]).account == "acme gmbh"
    assert judge(message, patterns, [r"crm-alerts@acme\.example"]).account == r"crm-alerts@acme\.example"
    assert judge(message, patterns, ["999"]).result == "ignored"
    assert judge(message, patterns, ["999", "998"]).result == "ignored"
    assert judge(message, patterns, [ACCOUNT, "acme"]).result == "unmatched"


def test_without_an_account_it_is_that_of_the_only_integration() -> None:
    """Of several it is none's."""
    raw = (MESSAGES / "suspended-01-org-api-limit-plain.eml").read_bytes()
    raw = raw.replace(f"/{ACCOUNT}".encode(), b"").replace(ACCOUNT.encode(), b"7")
    message, patterns = parse_message(raw), load_patterns()
    assert judge(message, patterns).result == "matched"
    assert judge(message, patterns, [ACCOUNT]).account is None
    assert judge(message, patterns, [ACCOUNT]).result == "matched"
    assert judge(message, patterns, [ACCOUNT, "999"]).result == "unmatched"
