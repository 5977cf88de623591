"""Which words of Salesforce Trust mean that an org cannot be used. Pure.

Facts: public reports of people who watch that page. A maintenance or a notice lasts for hours while every call works, a
minor incident is degradation, and what is not core (a help page, a sandbox's setup) does not touch the API.
"""

from __future__ import annotations

import re

from exporter.model import TrustStatus

OUTAGE = "MAJOR_INCIDENT_CORE"

_WORD = re.compile(r"[A-Z]+")
_SERIOUS = frozenset({"MAJOR", "CORE"})
_FAILS = frozenset({"INCIDENT", "OUTAGE", "DISRUPTION"})
_HARMLESS = frozenset({"NO", "NON", "NONCORE", "MAINTENANCE", "INFORMATIONAL", "MITIGATED", "PLANNED", "RESOLVED"})


def is_outage(trust: TrustStatus) -> bool | None:
    """``None`` where the page does not say: a word this version does not know speaks neither for nor against an
    outage, unless it tells of something major on core that is no announced work."""
    if trust.status is not None:
        return trust.status == OUTAGE
    words = set(_WORD.findall((trust.words or "").upper()))
    serious = words >= _SERIOUS and not words.isdisjoint(_FAILS)
    return True if serious and words.isdisjoint(_HARMLESS) else None
