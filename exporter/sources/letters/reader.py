"""Takes message after message and remembers what each states. Called from a thread; no I/O of its own."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from exporter.catalog.catalog import CATALOG
from exporter.clients.imap.letters import Folder, Letter, Start
from exporter.clock import is_plausible
from exporter.mail.message import parse_message
from exporter.mail.verdict import MATCHED, SUSPENSION, SYNC_ERRORS, UNMATCHED, Verdict
from exporter.model import UnreadableMessage
from exporter.sources.letters.judge import Judge
from exporter.sources.letters.memory import LookBack, Memory, Statement, newer

LOOKS_BACK = 30 * 86400.0
"""Seconds that are looked back at first. A suspension that nobody has cleared for longer is found in no e-mail."""

MOST_AT_FIRST = 5_000
"""Messages that are read at first, the newest: what came within 30 days into an inbox that is much used."""

LONGEST_SUBJECT, LONGEST_WHY = 120, 400

_NOT_HANDED_OUT = "the server does not hand this message out"
_NO_TIME = "the server does not say when it received this message"
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\s]+")


class Reader:
    """``memory`` is replaced after every portion, never changed: whoever is cut off has what was read until then."""

    def __init__(self, memory: Memory, judge: Judge, now: float) -> None:
        self.memory = memory
        self._judge = judge
        self._now = now

    def begin(self, folder: Folder) -> Start:
        """Goes on where it was, unless UIDs mean something else now, or messages are judged by something else."""
        memory = self.memory
        # A mailbox restored from a backup counts its UIDs from there on.
        fell_back = folder.next_uid is not None and folder.next_uid < memory.next_uid
        other_uids = memory.validity != folder.validity or fell_back
        other_judge = memory.judged_by != self._judge.mark
        if not other_uids and not other_judge and (memory.look_back is None or memory.next_uid > 1):
            return Start(memory.next_uid)
        before = memory.look_back
        look_back = LookBack(
            since=max(0.0, self._now - LOOKS_BACK),
            counted=before.counted if before else memory.newest,
            replaces=other_judge or (before is not None and before.replaces),
        )
        self.memory = replace(
            memory,
            judged_by=self._judge.mark,
            validity=folder.validity,
            next_uid=1,
            look_back=look_back,
            found=None,
            notices={} if look_back.replaces else memory.notices,
            unmatched=(),
        )
        return Start(since=datetime.fromtimestamp(look_back.since, UTC).date(), at_most=MOST_AT_FIRST)

    def wants(self, head: Letter) -> bool:
        """Only of those whom HubSpot writes as, and of those who pass its e-mails on, more is read."""
        return head.raw is None or self._judge.wants(parse_message(head.raw, head.received_at))

    def take(self, letters: Sequence[Letter], next_uid: int) -> None:
        memory = self.memory
        for letter in letters:
            memory = self._with(memory, letter)
        self.memory = self._settled(replace(memory, next_uid=max(memory.next_uid, next_uid)))

    def end(self, next_uid: int) -> None:
        memory = self.memory
        look_back = memory.look_back
        stated = memory.stated
        if look_back is not None and look_back.replaces and stated and stated.received_at >= look_back.since:
            stated = None
        self.memory = replace(
            memory,
            next_uid=max(memory.next_uid, next_uid),
            look_back=None,
            stated=newer(stated, memory.found),
            found=None,
        )

    def _settled(self, memory: Memory) -> Memory:
        """In the course of things what was read holds at once; while looking back a later message may take it back."""
        if memory.look_back is not None:
            return memory
        return replace(memory, stated=newer(memory.stated, memory.found), found=None)

    def _with(self, memory: Memory, letter: Letter) -> Memory:
        received_at = letter.received_at
        if letter.raw is None or received_at is None or not is_plausible(received_at):
            why = _NOT_HANDED_OUT if letter.raw is None else _NO_TIME
            return self._counted(memory, UNMATCHED).with_unmatched(UnreadableMessage(letter.uid, None, "", why))
        # No server receives anything in the future.
        received_at = min(received_at, self._now)
        message = parse_message(letter.raw, received_at)
        verdict = self._judge.verdict(message)
        memory = self._counted(memory, verdict.result, received_at)
        if verdict.result == UNMATCHED:
            why = shortened("; ".join(verdict.why), LONGEST_WHY)
            subject = shortened(message.subject, LONGEST_SUBJECT)
            return memory.with_unmatched(UnreadableMessage(letter.uid, received_at, subject, why))
        if verdict.result == MATCHED:
            return _stated(memory, verdict, letter, received_at)
        return memory

    def _counted(self, memory: Memory, result: str, received_at: float = 0.0) -> Memory:
        """0 is for what may have come at any time: it is counted where it was not read before."""
        look_back = memory.look_back
        if look_back is not None and look_back.counted is not None and received_at <= look_back.counted:
            return memory
        totals = {**memory.totals, result: memory.totals[result] + 1}
        return replace(memory, totals=totals, newest=max(memory.newest or 0.0, received_at))


def _stated(memory: Memory, verdict: Verdict, letter: Letter, received_at: float) -> Memory:
    if verdict.kind == SYNC_ERRORS:
        newest = {name: max(memory.notices.get(name, 0.0), received_at) for name in verdict.categories}
        known = {name: at for name, at in newest.items() if name in CATALOG.category_names}
        return replace(memory, notices={**memory.notices, **known})
    mark = hashlib.sha256(letter.raw or b"").hexdigest()[:16]
    received_at = memory.remembers(mark) or received_at
    suspended = verdict.kind == SUSPENSION
    statement = Statement(suspended, verdict.reason if suspended else None, received_at, letter.uid)
    return replace(memory.with_mark(mark, received_at), found=newer(memory.found, statement))


def shortened(text: str, longest: int) -> str:
    """On one line, without what nobody sees, and so long at most."""
    line = _UNSEEN.sub(" ", text).strip()
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"
