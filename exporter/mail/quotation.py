"""What the writer of an e-mail says, apart from what is quoted beneath it."""

from __future__ import annotations

import re

# How mail programs begin the header of a message they quote or forward, in the languages HubSpot has.
_FROM = r"From|Von|De|Da|Van|Från|Fra|Od|Lähettäjä|Desde|Expéditeur|Mittente|Afzender|差出人|送信者|发件人|寄件者"
_HEADER = re.compile(rf"[*_\s]*(?:{_FROM})[*_]*\s*[:：].*@", re.IGNORECASE)
_LABELLED = re.compile(r"[*_\s]*\S[^:：@]{0,30}[:：]")
_RULE = re.compile(r"\s*[-_]{4,}.*")
_ATTRIBUTION = re.compile(r".{6,200}[:：]\s*$")
_SIGNATURE = re.compile(r"-- $")


def own_and_quoted(text: str) -> tuple[str, str]:
    """The writer's own text, and the rest: lines behind ``>``, the line above them, and everything from the header of
    a quoted message on. Below the sign of a signature nothing is the writer's."""
    own: list[str] = []
    quoted: list[str] = []
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if _begins_message(lines, number):
            _take_back_rule(own, quoted)
            quoted.extend(lines[number:])
            break
        if _SIGNATURE.match(line):
            break
        if line.lstrip().startswith(">"):
            _take_back_attribution(own, quoted)
            quoted.append(line.lstrip().lstrip("> "))
        else:
            own.append(line)
    return "\n".join(own).strip(), "\n".join(quoted).strip()


def _begins_message(lines: list[str], number: int) -> bool:
    """A line that names a sender, and two more with a label soon after it."""
    if not _HEADER.match(lines[number]):
        return False
    following = [line for line in lines[number + 1 : number + 8] if line.strip()][:4]
    return sum(1 for line in following if _LABELLED.match(line)) >= 2  # noqa: PLR2004 - date and subject, at least


def _take_back_rule(own: list[str], quoted: list[str]) -> None:
    """``----- Original Message -----`` above the header."""
    while own and (not own[-1].strip() or _RULE.match(own[-1])):
        quoted.append(own.pop())


def _take_back_attribution(own: list[str], quoted: list[str]) -> None:
    """``On Friday … wrote:`` above the first line that is quoted; it may be folded once."""
    if quoted:
        return
    kept = [line for line in own if line.strip()]
    if not kept or not _ATTRIBUTION.match(kept[-1]):
        return
    while own and not own[-1].strip():
        own.pop()
    quoted.append(own.pop())
