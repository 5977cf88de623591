"""Every error the product raises on purpose.

::

    ExporterError
    ├── ConfigError          a configuration that cannot be used; carries every problem found (``config.problem``)
    ├── UsageError           a command was asked for something that is not configured
    ├── ListenError          the address to listen on cannot be had
    ├── StoreError           the store did not take or give what was asked
    ├── NotificationError    a webhook body that is no notification of Alertmanager or Grafana
    ├── ProcessError         a program the demo needs is missing or did not start
    ├── OrderRefused         resyncs that somebody asks for cannot be ordered as things are configured
    ├── KeyUsed              the idempotency key of an order was another's before
    ├── ResyncRefused        the other side will never take this job's requests
    ├── LeaseLost            another process has the job now, or may have it
    ├── BadExport            a file of exported sync errors is not whole, or is no such file
    └── UpstreamError        an outside API did not give what was asked
        ├── AuthError        kind="auth"
        │   └── SessionExpired
        ├── RateLimited      kind="rate_limit"
        ├── UpstreamTimeout  kind="timeout"
        ├── ConnectError     kind="connect"
        ├── ServerError      kind="server"
        ├── InvalidAnswer    kind="invalid"
        │   └── UnknownColumn
        └── BudgetExceeded   kind="budget"

``Again`` says of each when asking the same again can help: a kind has its own answer, and an API's client may know
better (``exporter/clients/salesforce/refusals.py``, ``exporter/clients/hubspot/refusals.py``).

Messages are read by people in logs and on pages: they never hold a secret, a token or a response body.
"""

from __future__ import annotations

from enum import Enum
from typing import ClassVar, Self


class Again(Enum):
    """When asking the same again can help.

    ``AT_ONCE``: the client asks again itself, a few times, and then it is ``SOON``. ``SOON``: it passes by itself, so
    the poller asks again after 1, 2, 4 … minutes, however long the interval. ``HOURLY``: a quota that is used up comes
    back as its window rolls on, a certificate is renewed, nobody knows when, so the next poll comes when it is due and
    after an hour at most.
    ``LATER``: it takes a person, or hours and more, so the next poll comes when it is due.
    """

    AT_ONCE = "at once"
    SOON = "soon"
    HOURLY = "hourly"
    LATER = "later"


class ExporterError(Exception):
    """Base of all errors raised on purpose."""


class UsageError(ExporterError):
    """A command was asked for something that is not configured."""


class ListenError(ExporterError):
    """The address to listen on cannot be had."""


class StoreError(ExporterError):
    """The store could not be opened, read or written."""


class NotificationError(ExporterError):
    """A webhook body that is no notification of Alertmanager or Grafana."""


class ProcessError(ExporterError):
    """A program the demo needs is missing or did not start."""


class OrderRefused(ExporterError):
    """Resyncs that somebody asks for cannot be ordered as things are configured."""


class KeyUsed(ExporterError):
    """The idempotency key of an order was that of another one before."""


class ResyncRefused(ExporterError):
    """Who is asked to resync will not take this job's requests, now or later: it needs a person."""


class LeaseLost(ExporterError):
    """Another process has the job now, or may have it by now: nothing more is sent or written for it here."""


class BadExport(ExporterError):
    """A file of exported sync errors is not whole, or is no such file: a sentence that begins with a verb, and where in
    the file it is so, ``line`` and ``column`` counted from 1, as far as that is known. ``what`` is that without the
    ``change`` that helps where exporting anew does not."""

    def __init__(
        self, message: str, *, line: int | None = None, column: int | None = None, change: str | None = None
    ) -> None:
        where = ", ".join(f"{name} {at}" for name, at in (("line", line), ("column", column)) if at is not None)
        self.what = f"{where}: {message}" if where else message
        super().__init__(f"{self.what}; {change}" if change else self.what)
        self.change = change
        self.line = line
        self.column = column


class UpstreamError(ExporterError):
    """An outside API did not give what was asked.

    ``kind`` is the label value of ``source_errors_total``; ``code`` is the API's own error code where it named one;
    ``again`` says when asking the same again can help, by default what ``usually_again`` says of the kind;
    ``retry_after`` is the pause in seconds that the API asked for.
    """

    kind: ClassVar[str]
    usually_again: ClassVar[Again] = Again.SOON

    def __init__(
        self, message: str, *, code: str | None = None, retry_after: float | None = None, again: Again | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after = retry_after
        self.again = again or self.usually_again

    def retold(self, message: str, *, again: Again | None = None, retry_after: float | None = None) -> Self:
        """The same failure in other words: of the same class, with all that it knows but for what is given here.

        Whoever can say more than the client could has no need to know which classes there are, and what they carry.
        """
        told = type(self).__new__(type(self), message)
        told.__dict__.update(self.__dict__)
        told.again = self.again if again is None else again
        told.retry_after = self.retry_after if retry_after is None else retry_after
        return told


class AuthError(UpstreamError):
    """The credential or a permission was refused."""

    kind = "auth"
    usually_again = Again.LATER


class SessionExpired(AuthError):
    """The access token is no longer good; logging in again may help, once."""


class RateLimited(UpstreamError):
    """A quota or rate limit is used up. Asking again at once would burn what is left of it."""

    kind = "rate_limit"


class UpstreamTimeout(UpstreamError):
    """No complete answer in time."""

    kind = "timeout"


class ConnectError(UpstreamError):
    """No connection, or it broke."""

    kind = "connect"
    usually_again = Again.AT_ONCE


class ServerError(UpstreamError):
    """The API answered 5xx."""

    kind = "server"
    usually_again = Again.AT_ONCE


class InvalidAnswer(UpstreamError):
    """The API answered something that is not what its documentation says."""

    kind = "invalid"


class UnknownColumn(InvalidAnswer):
    """A query named a ``column`` that the object does not have in this org or version of the API."""

    def __init__(self, message: str, *, code: str, column: str) -> None:
        super().__init__(message, code=code)
        self.column = column


class BudgetExceeded(UpstreamError):
    """Not asked at all: what monitoring may cost is spent."""

    kind = "budget"
    usually_again = Again.HOURLY


UPSTREAM_ERROR_KINDS = ("auth", "rate_limit", "timeout", "connect", "server", "invalid", "budget")
"""Label values of ``source_errors_total{kind}``; the contract's list."""
