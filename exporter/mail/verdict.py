"""What an e-mail is taken for. Nothing is guessed: what looks relevant and cannot be read is said to be so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote

from exporter.catalog.catalog import CATALOG, label_value
from exporter.mail.message import FORWARD, Message, when
from exporter.mail.patterns import Patterns
from exporter.mail.phrases import plain
from exporter.mail.sender import Sender, check
from exporter.mail.statement import (
    CLEARED,
    ERRORS,
    SUSPENDED,
    Statement,
    categories_in,
    reasons_in,
    statements_in,
)

MATCHED, UNMATCHED, IGNORED = "matched", "unmatched", "ignored"
SUSPENSION, CLEARANCE, SYNC_ERRORS = "suspension", "clearance", "sync_errors"


@dataclass(frozen=True, slots=True)
class Verdict:
    """``result`` is ``matched``, ``unmatched`` (looks relevant, cannot be read) or ``ignored``.

    Of a matched one: ``kind`` is ``suspension``, ``clearance`` or ``sync_errors``; ``reason`` a name of the catalogue,
    ``None`` where none is named; ``categories`` those that have errors, perhaps none; ``account`` which of those asked
    for it is about, ``None`` where it does not say; ``stated_at`` when it was true (epoch seconds). ``why`` is for
    people: sentences, in the order things were found out.
    """

    result: str
    kind: str | None = None
    reason: str | None = None
    categories: tuple[str, ...] = ()
    account: str | None = None
    language: str | None = None
    why: tuple[str, ...] = ()
    stated_at: float | None = None


@dataclass(frozen=True, slots=True)
class _Reading:
    """What a message states, and what it only speaks of. ``in_subject``: its subject names Salesforce, or states
    something itself. ``accounts`` are the ids it names; ``page`` is a link to the integration's page, ``record`` one to
    what other people write into."""

    statements: tuple[Statement, ...] = ()
    reasons: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    newsletter: str | None = None
    accounts: tuple[str, ...] = ()
    page: str | None = None
    record: str | None = None
    in_subject: bool = False

    @property
    def stated(self) -> tuple[Statement, ...]:
        return tuple(one for one in self.statements if one.stated)

    def of(self, kind: str, in_subject: bool | None = None) -> Statement | None:
        """The first of what is stated."""
        return next((one for one in self.stated if one.kind == kind and in_subject in (None, one.in_subject)), None)


def judge(message: Message, patterns: Patterns, accounts: Sequence[str] = ()) -> Verdict:
    """``accounts`` are the integrations that share the mailbox: each an account id of HubSpot's, or a regular
    expression that is looked for in recipient, subject, text and links. Empty: whichever account it is about."""
    sender = check(message, patterns.senders, patterns.senders.patterns)
    if sender.known:
        return _judge_own(message, sender, patterns, accounts)
    forwarder = check(message, patterns.senders, patterns.senders.forwarders)
    if forwarder.known:
        return _judge_forwarded(message, forwarder, patterns, accounts)
    return Verdict(IGNORED, why=(sender.why,))


def _judge_own(message: Message, sender: Sender, patterns: Patterns, accounts: Sequence[str]) -> Verdict:
    """One whose address is HubSpot's."""
    reading = _read(message.subject, message.body, message.links, patterns)
    if not reading.statements and not (reading.page and reading.in_subject):
        return Verdict(IGNORED, why=(sender.why, "nothing in it speaks of the Salesforce integration's state"))
    spoken_of = tuple(dict.fromkeys(map(str, reading.stated or reading.statements)))[:4]
    if reading.newsletter and all(one.kind == ERRORS for one in reading.stated):
        return Verdict(IGNORED, why=(sender.why, *spoken_of, f"it is a newsletter: {reading.newsletter!r}"))
    obstacle = _obstacle(message, sender, reading)
    if obstacle is not None:
        return Verdict(UNMATCHED, why=(sender.why, *spoken_of, *message.defects, obstacle))
    verdict = _decide(message, reading)
    verdict = replace(verdict, why=(sender.why, *spoken_of, *message.defects, *verdict.why))
    return verdict if verdict.result != MATCHED else _of_account(verdict, message, reading.accounts, accounts)


def _obstacle(message: Message, sender: Sender, reading: _Reading) -> str | None:
    """Why a message that speaks of the integration cannot be read as a notification."""
    if not sender.believed:
        return "it may be forged, so nothing of it is taken for true"
    if not reading.statements:
        return f"it leads to the integration's page ({reading.page}), in words that are not known"
    if not reading.stated:
        return "it speaks of the integration and states nothing that is known"
    if reading.newsletter:
        return f"it is a newsletter ({reading.newsletter!r}) that sounds like a notification"
    if message.derived:
        return "it is a reply, or was passed on: only HubSpot's own notifications are read"
    return _somebody_elses(reading)


def _somebody_elses(reading: _Reading) -> str | None:
    """Why what is stated may be the word of somebody whom HubSpot quotes: notifications of a form, a ticket or a chat
    have the visitor's own words in them."""
    if not reading.in_subject:
        return "its subject does not name Salesforce: what it states may be somebody else's words"
    if reading.record and not (reading.page and all(one.kind == ERRORS for one in reading.stated)):
        return f"it leads to a record or conversation ({reading.record}): what it states may be somebody else's words"
    if not reading.page and not reading.accounts:
        return "it names no account and does not lead to the integration's page"
    return None


def _decide(message: Message, reading: _Reading) -> Verdict:
    """Which kind it is; two that exclude each other, or two reasons, are none."""
    suspended, cleared, errors = (reading.of(kind) for kind in (SUSPENDED, CLEARED, ERRORS))
    if suspended and cleared and (reading.of(SUSPENDED, True) or not reading.of(CLEARED, True)):
        return Verdict(UNMATCHED, why=("it says suspended and not suspended",))
    decisive = cleared or suspended or errors
    if decisive is None:
        return Verdict(UNMATCHED, why=("it states nothing that is known",))
    kind = {CLEARED: CLEARANCE, SUSPENDED: SUSPENSION, ERRORS: SYNC_ERRORS}[decisive.kind]
    if kind == SUSPENSION and len(reading.reasons) > 1:
        return Verdict(UNMATCHED, why=(f"it names more than one reason: {', '.join(reading.reasons)}",))
    if kind == SUSPENSION and not reading.reasons and message.defects:
        return Verdict(UNMATCHED, why=("no reason was found in what could be read of it",))
    return Verdict(
        MATCHED,
        kind=kind,
        reason=reading.reasons[0] if kind != SYNC_ERRORS and len(reading.reasons) == 1 else None,
        categories=reading.categories if errors else (),
        language=decisive.language,
        why=_explained(kind, reading),
        stated_at=message.stated_at,
    )


def _explained(kind: str, reading: _Reading) -> tuple[str, ...]:
    if kind == SUSPENSION:
        named = reading.reasons[0] if reading.reasons else "none: no title of the catalogue stands in it"
        return (f"reason: {named}",)
    if kind == SYNC_ERRORS:
        return (f"categories: {', '.join(reading.categories) or 'none: no title of the catalogue stands in it'}",)
    return ()


def _read(subject: str, body: str, links: Sequence[str], patterns: Patterns) -> _Reading:
    """What stands in the writer's own words, as far as Salesforce is mentioned at all. An e-mail that names an account
    is no newsletter: its footer may lead to one."""
    whole = f"{subject}\n\n{body}"
    words = plain(whole)
    if "salesforce" not in words:
        return _Reading()
    decoded = [unquote(link) for link in links]
    accounts = _accounts("\n".join([whole, *decoded]), patterns)
    newsletter = next((match[0] for one in patterns.languages if (match := one.newsletter.search(words))), None)
    found = statements_in(subject, body, patterns)
    return _Reading(
        statements=found,
        reasons=reasons_in(whole, patterns),
        categories=categories_in(body, patterns) or _categories_of(decoded, patterns),
        newsletter=None if accounts else newsletter,
        accounts=accounts,
        page=_first_link(decoded, patterns.pages),
        record=_first_link(decoded, patterns.records),
        in_subject="salesforce" in plain(subject) or any(one.in_subject and one.stated for one in found),
    )


def _first_link(links: Sequence[str], patterns: Sequence[re.Pattern[str]]) -> str | None:
    return next((match[0] for link in links for one in patterns if (match := one.search(link))), None)


def _categories_of(links: Sequence[str], patterns: Patterns) -> tuple[str, ...]:
    """Those whose errors are linked to, whatever the language is."""
    named = {label_value(name) for one in patterns.categories for link in links for name in one.findall(link)}
    return tuple(name for name in CATALOG.category_names if name in named)


def _accounts(text: str, patterns: Patterns) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found for one in patterns.accounts for found in one.findall(text)))


def _judge_forwarded(message: Message, forwarder: Sender, patterns: Patterns, accounts: Sequence[str]) -> Verdict:
    """One that somebody passed on who may: only what is attached as an e-mail of its own has a sender and a time that
    can be read. What its own receiving server said stands in it."""
    verdicts = [judge(inner, _without_forwarders(patterns), accounts) for inner in message.attached]
    relevant = [verdict for verdict in verdicts if verdict.result != IGNORED]
    passed_on = f"passed on by {forwarder.why}"
    if relevant and not forwarder.believed:
        return Verdict(UNMATCHED, why=(passed_on, "it may be forged, so nothing of it is taken for true"))
    if len(relevant) > 1:
        return Verdict(UNMATCHED, why=(passed_on, "more than one e-mail is attached: pass on each by itself"))
    if relevant:
        return replace(relevant[0], why=(passed_on, *relevant[0].why))
    inline = _read("", message.quoted, (), patterns)
    if inline.stated and message.derived == FORWARD:
        advice = "it quotes a notification, whose sender and time cannot be trusted: pass it on as an attachment"
        return Verdict(UNMATCHED, why=(passed_on, str(inline.stated[0]), advice))
    return Verdict(IGNORED, why=(passed_on, "no notification is attached to it"))


def _without_forwarders(patterns: Patterns) -> Patterns:
    senders = replace(patterns.senders, forwarders=(), servers=(), authentication="if_stated")
    return replace(patterns, senders=senders)


def _of_account(verdict: Verdict, message: Message, named: Sequence[str], accounts: Sequence[str]) -> Verdict:
    """With the account it is about; ignored if that is somebody else's, unmatched if it may be several."""
    haystack = "\n".join([message.recipient, message.subject, message.body, *map(unquote, message.links)])
    ours = tuple(account for account in accounts if _is(account, named, haystack)) if accounts else tuple(named)
    if len(ours) > 1 or (not ours and not named and len(accounts) > 1):
        which = f"more than one: {', '.join(ours)}" if ours else "none, and several integrations share the mailbox"
        return Verdict(UNMATCHED, why=(*verdict.why, f"account: {which}"))
    if not ours and named:
        return Verdict(IGNORED, why=(*verdict.why, f"account: {', '.join(named)}, which is not asked for"))
    if not ours:
        return replace(verdict, why=(*verdict.why, "account: it does not say which"))
    return replace(verdict, account=ours[0], why=(*verdict.why, f"account: {ours[0]}"))


def _is(account: str, named: Sequence[str], haystack: str) -> bool:
    """An id is compared with those that are named; anything else is a regular expression."""
    return account in named if account.isdecimal() else re.search(account, haystack, re.IGNORECASE) is not None


def since(verdict: Verdict) -> str | None:
    """When it was true, for people."""
    return None if verdict.stated_at is None else when(verdict.stated_at)
