"""What the source keeps between its polls, as JSON: bounded, however many messages there are. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from exporter.model import MailboxNews, Suspension, UnreadableMessage
from exporter.schemas.json_schema import first_problem

SCHEMA = "mailbox"

RESULTS = ("matched", "unmatched", "ignored")

MOST_UNMATCHED = 20
MOST_MARKS = 100


@dataclass(frozen=True, slots=True)
class Statement:
    """That HubSpot has suspended the integration, for this reason if it is known, or that this is over."""

    suspended: bool
    reason: str | None
    received_at: float
    uid: int

    @property
    def order(self) -> tuple[float, int]:
        """The newer statement is the one that the server received later; of two in one second, the one behind."""
        return self.received_at, self.uid

    @property
    def suspension(self) -> Suspension:
        return Suspension(self.suspended, self.reason, self.received_at if self.suspended else None)


@dataclass(frozen=True, slots=True)
class LookBack:
    """The folder is read from ``since`` on, for the first time or anew, and its end was not reached yet. Received up
    to ``counted`` were those that were read before, so they are not counted again. ``replaces``: what was stated by
    messages from then on is forgotten, for they are judged by something else now."""

    since: float
    counted: float | None
    replaces: bool


@dataclass(frozen=True, slots=True)
class Memory:
    """Of which folder (``place``), judged by what (``judged_by``), and how far it was read: below ``next_uid`` of this
    ``validity``. ``stated`` is what holds, ``found`` the newest of what was read, which holds once the end is reached.

    ``newest`` is when the newest was received of those that are counted. ``marks`` tell statements that were read
    before by their bytes, with the time they were received then: some servers forget it when they move a mailbox.
    ``account`` is HubSpot's id as its API told it ``asked_at``.
    """

    place: str
    judged_by: str
    validity: int | None = None
    next_uid: int = 1
    look_back: LookBack | None = None
    newest: float | None = None
    totals: Mapping[str, int] = field(default_factory=lambda: dict.fromkeys(RESULTS, 0))
    stated: Statement | None = None
    found: Statement | None = None
    notices: Mapping[str, float] = field(default_factory=dict)
    unmatched: tuple[UnreadableMessage, ...] = ()
    marks: tuple[tuple[str, float], ...] = ()
    account: str | None = None
    asked_at: float = 0.0

    def as_json(self) -> dict[str, Any]:
        unmatched = [asdict(message) for message in self.unmatched]
        return {**asdict(self), "unmatched": unmatched, "marks": [list(mark) for mark in self.marks]}

    def news(self) -> MailboxNews:
        """What is known by it."""
        stated = self.stated
        return MailboxNews(
            suspension=stated.suspension if stated is not None else None,
            stated_at=stated.received_at if stated is not None else None,
            notices=tuple(sorted(self.notices.items())),
            unmatched=self.unmatched,
            totals=tuple((result, self.totals[result]) for result in RESULTS),
        )

    def remembers(self, mark: str) -> float | None:
        """When the statement with this mark was received, as it was said at first."""
        return next((received_at for known, received_at in self.marks if known == mark), None)

    def with_mark(self, mark: str, received_at: float) -> Memory:
        """The newest marks are kept."""
        kept = [(known, at) for known, at in self.marks if known != mark]
        return replace(self, marks=(*kept, (mark, received_at))[-MOST_MARKS:])

    def with_unmatched(self, message: UnreadableMessage) -> Memory:
        """The newest are kept."""
        ordered = sorted((*self.unmatched, message), key=lambda one: (one.received_at or 0.0, one.uid))
        return replace(self, unmatched=tuple(ordered[-MOST_UNMATCHED:]))


def newer(*statements: Statement | None) -> Statement | None:
    """The newest of them, if there is any."""
    return max((one for one in statements if one is not None), key=lambda one: one.order, default=None)


def remembered_memory(previous: Any, place: str, judged_by: str) -> Memory:
    """What still holds of the last payload: of another folder nothing."""
    new = Memory(place, judged_by)
    if previous is None or first_problem(previous, SCHEMA) is not None:
        return new
    old = memory_of(previous)
    return old if old.place == place else new


def memory_of(told: Mapping[str, Any]) -> Memory:
    """Of a payload that fits the schema."""
    look_back = told["look_back"]
    return Memory(
        place=told["place"],
        judged_by=told["judged_by"],
        validity=told["validity"],
        next_uid=int(told["next_uid"]),
        look_back=look_back and LookBack(look_back["since"], look_back["counted"], look_back["replaces"]),
        newest=told["newest"],
        totals={result: int(told["totals"][result]) for result in RESULTS},
        stated=_statement(told["stated"]),
        found=_statement(told["found"]),
        notices=dict(told["notices"]),
        unmatched=tuple(_unmatched(told["unmatched"])),
        marks=tuple((mark, received_at) for mark, received_at in told["marks"]),
        account=told["account"],
        asked_at=told["asked_at"],
    )


def _statement(told: Mapping[str, Any] | None) -> Statement | None:
    if told is None:
        return None
    return Statement(told["suspended"], told["reason"], told["received_at"], int(told["uid"]))


def _unmatched(told: Iterable[Mapping[str, Any]]) -> Iterable[UnreadableMessage]:
    return (UnreadableMessage(int(one["uid"]), one["received_at"], one["subject"], one["why"]) for one in told)
