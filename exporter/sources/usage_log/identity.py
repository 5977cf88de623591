"""Whose a call is: the integration's, another app's, or nobody can say. Pure.

Facts: ``CONNECTED_APP_NAME`` is often empty (in one audited org of 88,614 counting calls 79,658 had none and 8,559 said
HubSpot); ``CONNECTED_APP_ID`` comes with 15 or 18 characters, which is the same id; API versions before about 60 have
no name. A call is the integration's if its name is one of the configured ones, its id is a configured one or was seen
beside such a name, or, where neither says whose it is, its user is the integration user. A call of another *named* app
by that user is the other app's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from exporter.sources.usage_log.app_calls import MINE, OTHER, THEIRS, UNKNOWN, UNNAMED, AppCalls, Key, app_id, app_name

MOST_IDS = 50


@dataclass(frozen=True, slots=True)
class Owner:
    """An app by its name, ``UNNAMED`` where a call has none; ``doubtful``: it may be the integration's as well."""

    app: str
    integration: bool = False
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """How the integration is told by its ``apps``, names or ids as configured, and by ``ids`` known to be its own."""

    apps: tuple[str, ...]
    ids: frozenset[str] = frozenset()
    names: dict[str, str] = field(default_factory=dict)
    """Names of other apps by their ids."""
    user_seen: bool = True
    """Whether the log knows the integration user: if not, HubSpot may log in as another, and no nameless call is
    certainly another app's."""

    def learned(self, apps: Collection[AppCalls]) -> Identity:
        """The same, with what rows say that have a name and an id."""
        mine = {app.id for app in apps if app.id and self._named(app.name)}
        ids = frozenset(sorted(self.ids | mine)[:MOST_IDS])
        largest = sorted((app for app in apps if app.id and app.name), key=lambda app: app.total)
        return Identity(self.apps, ids, {app.id: app.name for app in largest}, any(app.user == MINE for app in apps))

    def owner(self, app: AppCalls) -> Owner:
        if self._named(app.name) or app.id in self.ids or app.id in self._configured_ids:
            return Owner(self._label(app), integration=True)
        if app.name:
            return Owner(app.name)
        if app.id in self.names:
            return Owner(self.names[app.id])
        if app.user == MINE:
            return Owner(self._label(app), integration=True)
        return Owner(UNNAMED, doubtful=app.user == UNKNOWN or not self.user_seen)

    def owns_any(self, apps: Iterable[AppCalls]) -> bool:
        return any(self.owner(app).integration for app in apps)

    def merged(self, key: Key) -> Key:
        """What an app is counted as where there are too many: as much of it as tells whose it is."""
        name, app, user = key
        if app in self._configured_ids:
            return "", app, user
        if self._named(name):
            return name, "", user
        return (OTHER, "", THEIRS) if name else ("", "", user)

    @property
    def _configured_ids(self) -> frozenset[str]:
        return frozenset(app_id(app) for app in self.apps) - {""}

    def _named(self, name: str) -> bool:
        return bool(name) and name.casefold() in {app_name(app).casefold() for app in self.apps}

    def _label(self, app: AppCalls) -> str:
        """Its name as configured; for what has none the first name that is, or the name beside the configured id."""
        spelled = {app_name(known).casefold(): app_name(known) for known in self.apps}
        names = [app_name(known) for known in self.apps if not app_id(known)]
        if app.name.casefold() in spelled:
            return spelled[app.name.casefold()]
        return names[0] if names else app.name or self.names.get(app.id) or next(iter(spelled.values()))


def largest(totals: Counter[str], most: int, shown: Collection[str]) -> tuple[tuple[str, int], ...]:
    """The ``most`` largest apps by name, then ``OTHER`` and ``UNNAMED``, which are always there.

    One that was ``shown`` last time stays while it is within a tenth of who would take its place: two apps of like size
    must not change places at every poll, for each change ends one series and begins another.
    """
    totals = Counter(totals)
    unnamed, other = totals.pop(UNNAMED, 0), totals.pop(OTHER, 0)
    ranked = sorted(totals, key=lambda app: (-totals[app] * (11 if app in shown else 10), app))
    rest = sum(totals[app] for app in ranked[most:])
    named = [(app, totals[app]) for app in ranked[:most]]
    return (*named, (OTHER, other + rest), (UNNAMED, unnamed))
