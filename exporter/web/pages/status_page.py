"""``GET /``: the state of every integration for a person, worst first. Plain HTML, escaped by the template engine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from exporter.catalog.catalog import CATALOG
from exporter.clock import Clock
from exporter.model import Unsynced
from exporter.polling.poller import Poller
from exporter.state.conditions import Condition, conditions_of
from exporter.state.directions import TO_HUBSPOT, TO_SALESFORCE, Course, Direction, directions_of
from exporter.state.facts import Facts, facts_of
from exporter.state.snapshot import Snapshot
from exporter.state.snapshots import Snapshots
from exporter.state.statement import sources_of
from exporter.state.upkeep import Upkeep
from exporter.web.pages.canary_lines import CanaryLines, arrives, canary_lines
from exporter.web.pages.cause_lines import ConditionLine, before_suspension, condition_line, not_judged
from exporter.web.pages.fact_lines import FactLine, fact_lines
from exporter.web.pages.html_page import answered, rendered
from exporter.web.pages.numbers import number, total
from exporter.web.pages.source_lines import SourceLine, age, source_lines
from exporter.web.pages.unreadable_mail import MailLine, unreadable_mail
from exporter.web.pages.upkeep_lines import upkeep_lines
from exporter.web.pages.verdict import LATELY, since_when, verdict_of, what_to_do

_LEVELS = ("suspended", "trouble", "unknown", "good")
_MARKS = {"suspended": "■", "trouble": "▲", "unknown": "?", "good": "●"}


@dataclass(frozen=True, slots=True)
class Use:
    """API calls against a limit; ``share`` is a ratio, ``None`` if it is not known."""

    title: str
    text: str
    share: float | None


@dataclass(frozen=True, slots=True)
class ErrorLine:
    """One category with errors."""

    title: str
    errors: str
    records: str


@dataclass(frozen=True, slots=True)
class BacklogLine:
    """Records of one object that have not reached Salesforce."""

    title: str
    stale: str
    never_synced: str


@dataclass(frozen=True, slots=True)
class DirectionLine:
    """One direction of the sync of which something is known."""

    title: str
    good: bool
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """Everything the page says of one integration."""

    name: str
    level: str
    state: str
    why: tuple[str, ...]
    uses: tuple[Use, ...]
    directions: tuple[DirectionLine, ...]
    errors: tuple[ErrorLine, ...] | None
    errors_not_known_of: str
    backlog: tuple[BacklogLine, ...] | None
    sources: tuple[SourceLine, ...]
    conditions: tuple[ConditionLine, ...]
    not_judged: str
    facts: tuple[FactLine, ...]
    unreadable: tuple[MailLine, ...] = ()
    canary: CanaryLines | None = None

    @property
    def mark(self) -> str:
        return _MARKS[self.level]


def status_endpoint(
    snapshots: Snapshots, poller: Poller, upkeep: Upkeep, clock: Clock
) -> Callable[[Request], Awaitable[Response]]:
    """The page as an endpoint."""

    async def status(_request: Request) -> Response:
        now = clock.time()
        polled: defaultdict[str, list[str]] = defaultdict(list)
        for target in poller.targets:
            polled[target.integration].append(target.source.name)
        rows = [status_row(snapshot, now, polled[snapshot.integration]) for snapshot in snapshots]
        return answered(render(rows, now, upkeep_lines(upkeep)))

    return status


def render(rows: list[Row], now: float, upkeep: Sequence[str] = ()) -> str:
    """The page for these rows, above them what the exporter itself lacks."""
    ordered = sorted(rows, key=lambda row: (_LEVELS.index(row.level), row.name))
    troubled = sum(row.level in ("suspended", "trouble") for row in rows)
    return rendered("status.html", now, rows=ordered, troubled=troubled, upkeep=upkeep)


def status_row(snapshot: Snapshot, now: float, polled: Collection[str] = ()) -> Row:
    """What the page says of a snapshot; ``polled`` are the names of its sources, read already or not. Pure."""
    facts, conditions = facts_of(snapshot, now), conditions_of(snapshot, now)
    verdict = verdict_of(facts, conditions, snapshot, now)
    level, state = verdict.level, verdict.words
    sources = source_lines(snapshot, now, polled)
    if not sources and facts.suspension is None:
        state = "Nothing is known: everything is switched off"
    return Row(
        name=snapshot.integration,
        level=level,
        state=state,
        why=(*since_when(facts, now), *_why(facts, conditions)),
        uses=(
            _use("HubSpot", facts.calls_used, facts.calls_allocated, "allocated"),
            _use("Whole org", facts.org_calls_used, facts.org_calls_limit, "allowed by Salesforce"),
        ),
        directions=_directions(snapshot, facts, now),
        errors=_errors(facts),
        errors_not_known_of=_not_known(facts),
        backlog=_backlog(snapshot, now),
        sources=sources,
        conditions=tuple(condition_line(condition, facts, now) for condition in conditions),
        not_judged=not_judged(snapshot, conditions, now),
        facts=fact_lines(facts, now),
        unreadable=unreadable_mail(snapshot, now),
        canary=canary_lines(snapshot, now),
    )


def _why(facts: Facts, conditions: tuple[Condition, ...]) -> tuple[str, ...]:
    """What has ended a suspension, and what to do first, for each reason that is reported or seen."""
    reported = facts.suspension.reason if facts.suspension and facts.suspension.suspended else None
    over = (f"The suspension is over: {facts.recovery.detail}.",) if facts.recovery else ()
    return over + what_to_do(reported, conditions)


def _use(title: str, used: int | None, limit: int | None, of_what: str) -> Use:
    if used is None:
        return Use(title, f"not known; {limit:,} {of_what}" if limit is not None else "not known", None)
    if not limit:
        return Use(title, f"{used:,} used, limit not known" if limit is None else f"{used:,} of 0 {of_what}", None)
    return Use(title, f"{used:,} of {limit:,} {of_what} ({used / limit:.0%})", min(used / limit, 1.0))


def _directions(snapshot: Snapshot, facts: Facts, now: float) -> tuple[DirectionLine, ...]:
    both = directions_of(snapshot, now)
    named = ((TO_SALESFORCE, both.to_salesforce), (TO_HUBSPOT, both.to_hubspot))
    return tuple(
        _unmapped(name, one, now)
        if one.course is Course.STANDS and arrives(snapshot, now, LATELY, name)
        else DirectionLine(name, one.course is not Course.STANDS, _course(one, facts, now))
        for name, one in named
        if one.course is not Course.UNKNOWN
    )


def _unmapped(name: str, direction: Direction, now: float) -> DirectionLine:
    """It looks as if it stood, and the canary gets through."""
    since = "" if direction.since is None else f" since {age(now - direction.since)}"
    return DirectionLine(name, True, f"goes on by the canary; what waits{since} is probably not mapped")


def _course(direction: Direction, facts: Facts, now: float) -> str:
    last = "" if direction.last is None else f", last seen {age(now - direction.last)}"
    if _is_suspended(facts) and direction.last is not None and direction.course is not Course.STANDS:
        # What has moved within the hour need not move now.
        return f"last seen {age(now - direction.last)}{before_suspension(facts, direction.last)}"
    if direction.course is Course.STANDS and direction.since is not None:
        return f"stands still, with what changed since {age(now - direction.since)}{last}"
    return ("goes on" if direction.course is Course.GOES_ON else "is quiet") + last


def _is_suspended(facts: Facts) -> bool:
    return facts.suspension is not None and facts.suspension.suspended


def _errors(facts: Facts) -> tuple[ErrorLine, ...] | None:
    if facts.errors is None:
        return None
    lines = []
    for category in CATALOG.categories:
        # A type without errors keeps no record, which says nothing of the others'.
        counts = [count for count in facts.errors if count.category == category.name and count.errors != 0]
        if counts:
            errors, records = total(count.errors for count in counts), total(count.affected_records for count in counts)
            lines.append(ErrorLine(category.title, number(errors), f"{number(records)} records"))
    return tuple(lines)


def _not_known(facts: Facts) -> str:
    """The categories that nobody has said anything of, where somebody has of others."""
    known = facts.error_categories
    if facts.errors is None or known is None:
        return ""
    return ", ".join(category.title for category in CATALOG.categories if category.name not in known)


def _backlog(snapshot: Snapshot, now: float) -> tuple[BacklogLine, ...] | None:
    """The objects of which some wait, or are not known; ``None`` where nobody looks."""
    found = [one for unsynced, _source in sources_of(snapshot, now, Unsynced) for one in unsynced.objects]
    if not found:
        return None
    return tuple(
        BacklogLine(one.object.capitalize(), number(one.stale), number(one.never_synced))
        for one in found
        if (one.stale, one.never_synced) != (0, 0)
    )
