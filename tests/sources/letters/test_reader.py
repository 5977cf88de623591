"""What one e-mail after the other makes of what is known."""

from __future__ import annotations

import json
from dataclasses import replace
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from exporter.catalog.catalog import CATALOG
from exporter.clients.imap.letters import Folder, Letter, Start
from exporter.demo.simulator.mail.letter import letter as hubspots_letter
from exporter.demo.simulator.mail.wording import Wording, clearance, suspension
from exporter.mail.patterns import load_patterns
from exporter.model import MailboxNews, Suspension
from exporter.sources.letters.judge import Judge
from exporter.sources.letters.memory import MOST_MARKS, MOST_UNMATCHED, Memory, memory_of, remembered_memory
from exporter.sources.letters.reader import LONGEST_SUBJECT, LOOKS_BACK, MOST_AT_FIRST, Reader
from exporter.sources.mailbox import parse
from tests.examples import examples

NOW = 1_800_000_000.0
HOUR = 3_600.0
PORTAL = 4711
LOCKED, UNKNOWN = "salesforce_org_locked", "unknown_error"
JUDGE = Judge(load_patterns(), None, False, "as shipped")
OTHER_JUDGE = replace(JUDGE, written="by the owner")


def written(words: Wording, number: int = 1, portal: int = PORTAL) -> bytes:
    return hubspots_letter(words, "acme", portal, number, NOW)


def suspended(uid: int, at: float, reason: str = LOCKED, portal: int = PORTAL) -> Letter:
    return Letter(uid, at, written(suspension(portal, reason), uid, portal))


def cleared(uid: int, at: float) -> Letter:
    return Letter(uid, at, written(clearance(PORTAL), uid))


def ignored(uid: int, at: float) -> Letter:
    return Letter(uid, at, b"From: somebody@acme.example\r\n\r\n")


def unreadable(uid: int, at: float | None, subject: str = "Your Salesforce sync") -> Letter:
    message = EmailMessage()
    message["From"], message["Subject"] = "noreply@hubspot.com", subject
    message.set_content("Whether your Salesforce integration may be suspended one day is written in the stars.")
    return Letter(uid, at, bytes(message))


class Folded:
    """A folder that is read poll after poll; what is remembered goes through the store in between."""

    def __init__(self, judge: Judge = JUDGE) -> None:
        self.judge = judge
        self.memory = Memory("place", "")
        self.now = NOW
        self.validity = 1

    def poll(self, *letters: Letter, ends: bool = True) -> Start:
        stored = json.loads(json.dumps(self.memory.as_json()))
        reader = Reader(remembered_memory(stored, "place", ""), self.judge, self.now)
        start = reader.begin(Folder(self.validity, None, len(letters)))
        next_uid = max((letter.uid for letter in letters), default=self.memory.next_uid - 1) + 1
        reader.take(letters, next_uid)
        if ends:
            reader.end(next_uid)
        self.memory = reader.memory
        assert parse(self.memory.as_json(), self.now) == self.news
        return start

    @property
    def news(self) -> MailboxNews:
        return parse(json.loads(json.dumps(self.memory.as_json())), self.now)


@pytest.fixture
def folder() -> Folded:
    return Folded()


class TestTheNewestStatementHolds:
    @pytest.mark.parametrize("reason", CATALOG.reason_names)
    def test_a_suspension_is_stated_with_its_reason_and_time(self, folder: Folded, reason: str) -> None:
        """The time is that at which the server received it, whatever its Date says."""
        folder.poll(suspended(1, NOW - HOUR, reason))
        assert folder.news.suspension == Suspension(True, reason, NOW - HOUR)
        assert folder.news.stated_at == NOW - HOUR

    def test_a_clearance_ends_it(self, folder: Folded) -> None:
        """A statement like any other."""
        folder.poll(suspended(1, NOW - HOUR))
        folder.poll(cleared(2, NOW - 60))
        assert folder.news.suspension == Suspension(False, None, None)
        assert folder.news.stated_at == NOW - 60

    def test_an_older_message_changes_nothing(self, folder: Folded) -> None:
        """As one that is moved into the folder, or was long on its way; of two in a second the one behind holds."""
        folder.poll(cleared(1, NOW - HOUR))
        folder.poll(suspended(2, NOW - 2 * HOUR))
        assert folder.news.suspension == Suspension(False, None, None)
        folder.poll(suspended(3, NOW - HOUR))
        assert folder.news.suspension == Suspension(True, LOCKED, NOW - HOUR)

    def test_no_server_receives_anything_in_the_future(self, folder: Folded) -> None:
        """Else a clock that is ahead would hold against every later message."""
        folder.poll(suspended(1, NOW + 86_400))
        assert folder.news.stated_at == NOW

    def test_without_a_statement_nothing_is_known(self, folder: Folded) -> None:
        """Neither suspended nor not."""
        folder.poll(ignored(1, NOW - HOUR))
        assert (folder.news.suspension, folder.news.stated_at) == (None, None)

    def test_another_accounts_message_is_nobodys(self) -> None:
        """Told apart by the id in its links; in a folder of several one without any is not understood."""
        folder = Folded(replace(JUDGE, account=str(PORTAL), shared=True))
        folder.poll(suspended(1, NOW - HOUR, portal=PORTAL + 1))
        assert folder.news.suspension is None
        assert dict(folder.news.totals) == {"matched": 0, "unmatched": 0, "ignored": 1}
        message = EmailMessage()
        message["From"], message["Subject"] = "noreply@hubspot.com", "Your Salesforce integration was suspended"
        message.set_content("Reason: Salesforce organization locked")
        folder.poll(Letter(2, NOW, bytes(message)))
        assert folder.news.suspension is None
        assert "account" in folder.news.unmatched[0].why


class TestWhatIsNotUnderstood:
    def test_it_is_counted_and_named(self, folder: Folded) -> None:
        """And states nothing."""
        folder.poll(unreadable(1, NOW - HOUR), ignored(2, NOW), cleared(3, NOW))
        assert dict(folder.news.totals) == {"matched": 1, "unmatched": 1, "ignored": 1}
        (message,) = folder.news.unmatched
        assert (message.uid, message.received_at, message.subject) == (1, NOW - HOUR, "Your Salesforce sync")
        assert message.why

    def test_the_newest_are_kept_and_none_is_long(self, folder: Folded) -> None:
        """The payload stays small, whoever writes what."""
        nasty = "Salesforce sync \u202e\x07" + "x" * 5_000
        folder.poll(*(unreadable(uid, NOW - HOUR + uid, nasty) for uid in range(1, 25)))
        assert [message.uid for message in folder.news.unmatched] == list(range(25 - MOST_UNMATCHED, 25))
        assert all(len(message.subject) <= LONGEST_SUBJECT for message in folder.news.unmatched)
        assert not any("\u202e" in message.subject or "\x07" in message.subject for message in folder.news.unmatched)
        assert len(json.dumps(folder.memory.as_json())) < 32_000

    def test_what_the_server_does_not_hand_out_is_named_too(self, folder: Folded) -> None:
        """It may be anything."""
        folder.poll(Letter(1, None, None), unreadable(2, None))
        assert [message.why for message in folder.news.unmatched] == [
            "the server does not hand this message out",
            "the server does not say when it received this message",
        ]


class TestReadingAnew:
    def test_the_first_look_is_bounded(self, folder: Folded) -> None:
        """By days and by number."""
        start = folder.poll(suspended(7, NOW - HOUR))
        assert start.since is not None
        assert (start.uid, start.at_most) == (1, MOST_AT_FIRST)
        assert folder.poll() == Start(8)

    def test_nothing_of_it_holds_before_its_end(self, folder: Folded) -> None:
        """An old suspension, cleared long ago, is not seen again for a moment. The next poll goes on where it was."""
        folder.poll(suspended(1, NOW - 9 * HOUR), ends=False)
        assert folder.news.suspension is None
        assert folder.poll(cleared(2, NOW - 8 * HOUR)) == Start(2)
        assert folder.news.suspension == Suspension(False, None, None)

    def test_a_first_look_that_saw_nothing_is_begun_again(self, folder: Folded) -> None:
        """With its bounds, not from the first message that ever came."""
        assert folder.poll(ends=False).at_most == MOST_AT_FIRST
        assert folder.poll(ends=False).at_most == MOST_AT_FIRST

    def test_other_uids_count_no_message_twice(self, folder: Folded) -> None:
        """The folder was made anew: the same messages have other UIDs, and one came meanwhile."""
        old = [suspended(1, NOW - 9 * HOUR), ignored(2, NOW - 8 * HOUR), cleared(3, NOW - 7 * HOUR)]
        folder.poll(*old)
        folder.validity = 2
        folder.now += HOUR
        start = folder.poll(*(replace(one, uid=one.uid + 10) for one in old), unreadable(14, folder.now))
        assert start.since is not None
        assert dict(folder.news.totals) == {"matched": 2, "unmatched": 1, "ignored": 1}
        assert folder.news.suspension == Suspension(False, None, None)

    def test_no_old_suspension_is_revived_by_a_time_that_is_new(self, folder: Folded) -> None:
        """Some servers forget when they received a message as they move it: its bytes are known."""
        folder.poll(suspended(1, NOW - 9 * HOUR), cleared(2, NOW - 7 * HOUR))
        folder.validity = 2
        folder.poll(cleared(1, NOW), replace(suspended(1, NOW + 1), uid=2), ends=False)
        assert folder.news.suspension == Suspension(False, None, None)
        folder.poll()
        assert folder.news.suspension == Suspension(False, None, None)

    def test_what_was_stated_stays_when_its_message_is_gone(self, folder: Folded) -> None:
        """Somebody has tidied up."""
        folder.poll(suspended(1, NOW - HOUR))
        folder.validity = 2
        folder.poll()
        assert folder.news.suspension == Suspension(True, LOCKED, NOW - HOUR)

    def test_other_patterns_judge_anew_what_was_not_understood(self, folder: Folded) -> None:
        """Statements of the last 30 days are those of the new ones; an older one stays what it was."""
        folder.poll(suspended(1, NOW - HOUR), unreadable(2, NOW - 60))
        folder.judge = OTHER_JUDGE
        assert folder.poll(cleared(1, NOW - HOUR)).since is not None
        assert folder.news.suspension == Suspension(False, None, None)
        assert folder.news.unmatched == ()
        assert dict(folder.news.totals) == {"matched": 1, "unmatched": 1, "ignored": 0}
        folder.now += LOOKS_BACK + HOUR
        folder.judge = JUDGE
        folder.poll()
        assert folder.news.suspension == Suspension(False, None, None)
        folder.judge, folder.now = OTHER_JUDGE, NOW
        folder.poll()
        assert folder.news.suspension is None

    def test_a_folder_from_a_backup_is_read_anew(self, folder: Folded) -> None:
        """Its next UID is below one that was seen already."""
        folder.poll(cleared(9, NOW - HOUR))
        reader = Reader(folder.memory, JUDGE, NOW)
        assert reader.begin(Folder(1, 5, 4)).since is not None


def test_notices_are_kept_by_category(folder: Folded) -> None:
    """When the newest came that tells of errors of it."""
    message = EmailMessage()
    message["From"], message["Subject"] = "noreply@hubspot.com", "12 new Salesforce sync errors"
    message.set_content("There are 12 new Salesforce sync errors.\n\nPicklists: 12\nPermissions: 0\n\nHub ID: 4711\n")
    folder.poll(Letter(1, NOW - HOUR, bytes(message)))
    assert folder.news.notices == (("picklists", NOW - HOUR),)


@given(st.lists(st.sampled_from([suspended, cleared, ignored, unreadable]), max_size=6), st.randoms())
@hypothesis_settings(max_examples=examples(40))
def test_the_order_in_which_messages_are_read_does_not_matter(makers: list[object], chance: object) -> None:
    """Nor in how many polls: what holds is what came last."""
    letters = [make(uid, NOW - HOUR + uid) for uid, make in enumerate(makers, start=1)]  # type: ignore[operator]
    at_once, one_by_one = Folded(), Folded()
    at_once.poll(*letters)
    shuffled = list(letters)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    one_by_one.poll(ends=False)
    for letter in shuffled:
        one_by_one.poll(letter)
    assert one_by_one.news.suspension == at_once.news.suspension
    assert one_by_one.news.totals == at_once.news.totals


def test_what_is_remembered_is_bounded(folder: Folded) -> None:
    """However often the sync is suspended."""
    folder.poll(suspended(1, NOW - HOUR))
    for number in range(MOST_MARKS + 50):
        folder.memory = folder.memory.with_mark(f"{number:016x}", NOW)
    assert len(folder.memory.marks) == MOST_MARKS
    assert memory_of(json.loads(json.dumps(folder.memory.as_json()))) == folder.memory
