"""When HubSpot writes: on a suspension, on its end, and on new errors as the owner has set it."""

from collections import Counter
from collections.abc import Mapping
from functools import partial

from exporter.demo.simulator.mail import wording
from exporter.demo.simulator.mail.letter import letter
from exporter.demo.simulator.settings import SECONDS_PER_DAY
from exporter.demo.simulator.state.org_state import OrgState

_EVERY: Mapping[str, float] = {"daily": SECONDS_PER_DAY, "weekly": 7 * SECONDS_PER_DAY}


def write_mails(org: OrgState, now: float) -> None:
    """Whatever is not told yet is; twice in a row does nothing."""
    _tell_suspension(org, now)
    if org.errors.newest > org.outbox.told_error:
        _tell_errors(org, now)


def _tell_suspension(org: OrgState, now: float) -> None:
    suspension = (org.suspension.reason, org.suspension.since) if org.suspension else None
    if suspension == org.outbox.told_suspension:
        return
    org.outbox.told_suspension = suspension
    if suspension is None:
        _send(org, wording.clearance(org.portal_id), now)
    else:
        _send(org, wording.suspension(org.portal_id, suspension[0]), now)


def _tell_errors(org: OrgState, now: float) -> None:
    outbox = org.outbox
    if now - outbox.told_errors_at < _EVERY.get(org.notify, 0.0):
        return
    new = org.errors.since(outbox.told_error)
    outbox.told_error, outbox.told_errors_at = org.errors.newest, now
    if org.notify in _EVERY:
        counts = {(category, name): errors for category, name, errors, _ in org.errors.counts()}
        if counts:
            _send(org, wording.digest(org.portal_id, org.notify, counts), now)
    elif org.notify != "off" and new:
        counts = Counter((error.category, error.error_type) for error in new)
        _send(org, wording.new_errors(org.portal_id, counts), now)


def _send(org: OrgState, words: wording.Wording, now: float) -> None:
    form = partial(letter, words, org.name, org.portal_id, org.outbox.last + 1, now)
    org.outbox.put(words.subject, form, now)
