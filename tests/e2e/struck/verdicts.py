"""What must not have happened: found in the simulator's log, with what the database noted beside it. Pure."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from exporter.polling.poller import POLL_DEADLINE
from exporter.remediation.lease import LEASE
from tests.e2e.struck.books import Books, PollBegun, Sending
from tests.e2e.struck.faults import CUT_APIS, KILL, STOP, Blow
from tests.e2e.struck.stage import NAMES
from tests.e2e.struck.traffic import Request

HELD_UP = 2.0
"""Seconds in which arrives what a cut line has kept back: when it was sent only the network knows."""

AFTER_WAKING = 5.0

_Target = tuple[str, str]


@dataclass(frozen=True)
class Run:
    """All that is known of it. ``errors`` were there by integration, ``accepted`` were taken by the simulator."""

    requests: Sequence[Request]
    books: Books
    blows: Sequence[Blow]
    errors: Mapping[str, int]
    accepted: Mapping[str, Mapping[str, int]]
    seconds: float

    def prompt(self) -> list[Request]:
        """Requests that no cut line has kept back."""
        ends = [(NAMES[blow.fault.replica], blow.over_at) for blow in self.blows if blow.fault.kind == CUT_APIS]
        return [
            request
            for request in self.requests
            if not any(who == request.who and over_at <= request.began <= over_at + HELD_UP for who, over_at in ends)
        ]

    # --- resyncs

    def not_resynced(self) -> list[str]:
        """Errors that nobody took, or that were taken twice, by the simulator's own count."""
        wrong = []
        for integration, count in self.errors.items():
            taken = self.accepted[integration]
            if len(taken) != count or set(taken.values()) - {1}:
                wrong.append(f"{integration}: {len(taken)} of {count}, {dict(Counter(taken.values()))}")
        return wrong

    def sent_times(self) -> Counter[int]:
        """How many errors were named by so many requests."""
        return Counter(self._named().values())

    def sent_too_often(self) -> list[str]:
        """Errors that were asked for more often than once and once for every fault that hit their batch."""
        hits = self._hits()
        return [
            f"{integration} {error_id}: {times} times, {hits[integration, error_id]} faults"
            for (integration, error_id), times in self._named().items()
            if times > 1 + hits[integration, error_id]
        ]

    def _named(self) -> Counter[tuple[str, str]]:
        return Counter((request.integration, each) for request in self.requests for each in request.error_ids)

    def _hits(self) -> Counter[tuple[str, str]]:
        hit = {
            (number, sending.integration, sending.error_id)
            for number, blow in enumerate(self.blows)
            for sending in self.books.sendings
            if _hit(blow, sending)
        }
        return Counter((integration, error_id) for _blow, integration, error_id in hit)

    def sent_without_lease(self) -> list[str]:
        """Requests to resync that were not marked by their sender within a lease before: nobody sends what it was about
        to send before it stood still."""
        return [_told(request) for request in self._unleased()]

    def _unleased(self) -> list[Request]:
        marked: dict[tuple[str, str, str], list[float]] = defaultdict(list)
        for sending in self.books.sendings:
            marked[sending.who, sending.integration, sending.error_id].append(sending.at)
        wrong = []
        for request in self.prompt():
            for error_id in request.error_ids[:1]:
                at = _newest(marked[request.who, request.integration, error_id], request.began)
                if at is None or request.began - at > LEASE:
                    wrong.append(request)
        return wrong

    # --- polls

    def polled_by_two(self) -> list[str]:
        """Requests of one source by two replicas at the same moment, by the simulator's log alone."""
        wrong = []
        for (integration, source), requests in _by_target(self.prompt()).items():
            last: dict[str, Request] = {}
            for request in requests:
                for who, other in last.items():
                    if who != request.who and other.ended > request.began:
                        wrong.append(f"{integration} {source} at {request.began:.3f}")
                last[request.who] = request
        return wrong

    def interleaved_polls(self) -> list[str]:
        """Polls of one source, from their first request to their last, that one replica began before the other's was
        over."""
        wrong = []
        for target, polls in self._polls().items():
            for (begun, requests), (then, later) in itertools.pairwise(polls):
                if begun.who != then.who and max(each.ended for each in requests) > later[0].began:
                    wrong.append(f"{target[0]} {target[1]} at {later[0].began:.3f}")
        return wrong

    def polled_without_claim(self) -> list[str]:
        """Requests of a source by a replica whose poll it is not, or not any more."""
        return [_told(request) for request in self._unclaimed()]

    def _unclaimed(self) -> list[Request]:
        claims = self._claims()
        wrong = []
        for target, requests in _by_target(self.prompt()).items():
            times = [claim.at for claim in claims[target]]
            for request in requests:
                newest = bisect_right(times, request.began) - 1
                claim = claims[target][newest] if newest >= 0 else None
                if claim is None or claim.who != request.who or request.began - claim.at > POLL_DEADLINE + 1:
                    wrong.append(request)
        return wrong

    def _claims(self) -> Mapping[_Target, list[PollBegun]]:
        claims: dict[_Target, list[PollBegun]] = defaultdict(list)
        for begun in self.books.polls:
            claims[begun.integration, begun.source].append(begun)
        return claims

    def _polls(self) -> Mapping[_Target, list[tuple[PollBegun, list[Request]]]]:
        """Of every source its polls that sent something."""
        claims = self._claims()
        polls: dict[_Target, list[tuple[PollBegun, list[Request]]]] = {}
        for target, requests in _by_target(self.prompt()).items():
            times = [claim.at for claim in claims[target]]
            sent: dict[int, list[Request]] = defaultdict(list)
            for request in requests:
                sent[bisect_right(times, request.began) - 1].append(request)
            polls[target] = [(claims[target][number], sent[number]) for number in sorted(sent) if number >= 0]
        return polls

    # --- rates

    def over_the_rate(self) -> list[str]:
        """Who was told by the simulator that it is too much."""
        return [f"{request.who} {request.path}" for request in self.requests if request.status == 429]

    def most_at_once(self, end_of_path: str, seconds: float) -> int:
        """Requests of one integration within so many seconds, at most."""
        times: dict[str, list[float]] = defaultdict(list)
        for request in self.requests:
            if request.path.endswith(end_of_path):
                times[request.integration].append(request.began)
        return max(
            (
                number + 1 - bisect_right(came, at - seconds)
                for came in times.values()
                for number, at in enumerate(came)
            ),
            default=0,
        )

    def most_of_salesforce(self) -> int:
        """Calls of one org's API, at most."""
        counts = Counter(
            request.integration for request in self.requests if "/salesforce/services/data/" in request.path
        )
        return max(counts.values(), default=0)

    # --- the way of the faults

    def takeovers(self, kind: str) -> list[float]:
        """Seconds from a blow to the next claim of each job that was the struck replica's, and had not ended when the
        lease was over."""
        seconds = []
        for blow in self.blows:
            if blow.fault.kind != kind or (kind != KILL and blow.fault.seconds < LEASE):
                continue
            who, held = NAMES[blow.fault.replica], {}
            for step in self.books.steps:
                if step.at <= blow.struck_at:
                    held[step.job] = step
            for job, step in held.items():
                if step.state == "running" and step.who == who:
                    next_ = next(later for later in self.books.steps if later.job == job and later.at > blow.struck_at)
                    seconds.append(next_.at - blow.struck_at)
        return seconds

    def woken(self) -> list[tuple[float, int, int]]:
        """Of every stop its seconds, the requests soon after it, and those of them that belong to what had been begun
        longer ago than it is leased."""
        seen = []
        late = [*self._unclaimed(), *self._unleased()]
        for blow in self.blows:
            if blow.fault.kind == STOP:
                who = NAMES[blow.fault.replica]
                after, begun_before = (
                    sum(each.who == who and 0 <= each.began - blow.over_at <= AFTER_WAKING for each in requests)
                    for requests in (self.requests, late)
                )
                seen.append((blow.over_at - blow.struck_at, after, begun_before))
        return seen

    def sent_while_stopped(self) -> int:
        """Requests that came from a replica while it stood still, but for those that were on their way."""
        return sum(
            blow.struck_at + 1 < request.began < blow.over_at
            for blow in self.blows
            if blow.fault.kind == STOP
            for request in self.requests
            if request.who == NAMES[blow.fault.replica]
        )

    def longest_gap(self, source: str) -> float:
        """Seconds in which nobody polled some integration's source."""
        return max(
            (
                later.began - earlier.ended
                for (_name, its), requests in _by_target(self.requests).items()
                if its == source
                for earlier, later in itertools.pairwise(requests)
            ),
            default=0.0,
        )


def _hit(blow: Blow, sending: Sending) -> bool:
    """Whether the fault came between the mark and the record of the answer."""
    if sending.who != NAMES[blow.fault.replica] or sending.at > blow.over_at:
        return False
    return sending.recorded_at is None or sending.recorded_at >= blow.struck_at


def _told(request: Request) -> str:
    return f"{request.path} by {request.who} at {request.began:.3f}"


def _newest(times: Sequence[float], before: float) -> float | None:
    return max((at for at in times if at <= before), default=None)


def _by_target(requests: Iterable[Request]) -> Mapping[_Target, list[Request]]:
    found: dict[_Target, list[Request]] = defaultdict(list)
    for request in requests:
        if request.source:
            found[request.integration, request.source].append(request)
    return found
