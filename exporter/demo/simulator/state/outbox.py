"""The e-mails HubSpot has written for an org: numbered from 1, the newest of them kept, and what they have told."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Mail:
    """`sent_at` is what its Date says. It is put into form when somebody reads it: most are read by nobody."""

    number: int
    sent_at: float
    subject: str
    form: Callable[[], bytes]

    @property
    def raw(self) -> bytes:
        """The message in the form of RFC 5322, with CRLF."""
        return self.form()


class Outbox:
    """E-mails in the order they were written. `told_…` is what was true when the last one of its kind was."""

    def __init__(self, now: float) -> None:
        self._mails: deque[Mail] = deque(maxlen=KEPT)
        self._last = 0
        self.told_suspension: tuple[str, float] | None = None  # reason, since
        self.told_error = 0  # number of the newest error a notification has covered
        self.told_errors_at = now

    def __len__(self) -> int:
        return len(self._mails)

    def __iter__(self) -> Iterator[Mail]:
        return iter(self._mails)

    @property
    def last(self) -> int:
        """The number of the newest, 0 before the first."""
        return self._last

    def put(self, subject: str, form: Callable[[], bytes], now: float) -> None:
        """One more."""
        self._last += 1
        self._mails.append(Mail(self._last, now, subject, form))

    def after(self, number: int) -> list[Mail]:
        """Those of a greater number that are kept, oldest first."""
        return [mail for mail in self._mails if mail.number > number]

    def get(self, number: int) -> Mail | None:
        """The one of this number, if it is kept."""
        return next((mail for mail in self._mails if mail.number == number), None)
