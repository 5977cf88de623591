"""Whether an e-mail is from whom it says it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exporter.mail.authentication import statements
from exporter.mail.message import Message
from exporter.mail.patterns import load_patterns
from exporter.mail.sender import Sender, check

SENDERS = load_patterns().senders
ME = "noreply@notifications.hubspot.com"


def checked(sender: str = ME, results: str | None = None, **settings: object) -> Sender:
    headers = [] if results is None else [("Authentication-Results", results)]
    senders = replace(SENDERS, **settings)  # type: ignore[arg-type]
    return check(Message(sender, "", "", None, authentication=statements(headers)), senders, senders.patterns)


@pytest.mark.parametrize(
    ("sender", "known"),
    [
        (ME, True),
        ("noreply@hubspot.com", True),
        ("noreply@notify.eu1.hubspot.com", True),
        ("noreply@hubspot.com.evil.example", False),
        ("noreply@evilhubspot.com", False),
        ("noreply@hubspot.co", False),
        ("news@initech.hubspotemail.net", False),
        ("noreply@hubsp\u043et.com", False),  # a Cyrillic letter
        ("noreply@xn--hubspt-tbg.com", False),
        ("", False),
    ],
)
def test_hubspot_writes_from_its_own_domain(sender: str, known: bool) -> None:
    """And its customers do not."""
    assert checked(sender).known is known


@pytest.mark.parametrize(
    ("results", "believed"),
    [
        (None, True),
        ("mx; none", True),
        ("mx; auth=pass", True),
        ("mx; dkim=pass header.d=notifications.hubspot.com", True),
        ("mx; dkim=pass header.d=hubspot.com", True),
        ("mx; dkim=pass header.d=notifybf1.hubspot.com", True),
        ("mx; dkim=fail header.d=hubspotemail.net; dkim=pass header.d=hubspot.com; spf=softfail", True),
        ("mx; dkim=neutral; spf=pass smtp.mailfrom=bounce@notifybf1.hubspot.com", True),
        ("mx; dmarc=pass header.from=notifications.hubspot.com", True),
        ("mx; dkim=pass header.d=hubspot.com; dmarc=fail header.from=notifications.hubspot.com", False),
        ("mx; dkim=fail header.d=hubspot.com", False),
        ("mx; dkim=none; spf=none", False),
        ("mx; dkim=temperror header.d=hubspot.com", False),
        ("mx; dkim=pass header.d=evil.example; spf=pass smtp.mailfrom=x@evil.example", False),
        ("mx; dkim=pass header.d=com", False),
        ("mx; dkim=pass", False),
        ("mx; dmarc=pass header.from=evil.example", False),
        ("mx; spf=pass smtp.mailfrom=x@hubspotemail.net", False),
        ("mx; dkim=pass header.d=evilhubspot.com", False),
    ],
)
def test_one_method_that_passed_for_the_sender_is_enough(results: str | None, believed: bool) -> None:
    """Where the server states nothing of it, the address is all there is."""
    sender = checked(results=results)
    assert (sender.known, sender.believed) == (True, believed)
    assert ("address alone" in sender.why) == (results in (None, "mx; none", "mx; auth=pass"))


def test_an_owner_may_want_more_or_less_of_it() -> None:
    """``required`` takes nothing on trust, ``off`` everything; servers may be named."""
    passed, failed = "mx.acme; dkim=pass header.d=hubspot.com", "mx.acme; dkim=fail header.d=hubspot.com"
    assert not checked(authentication="required").believed
    assert checked(results=passed, authentication="required").believed
    assert not checked(results=passed, authentication="required", servers=("mx.other",)).believed
    assert checked(results=failed, authentication="off").believed


def test_a_domain_that_is_named_alone_is_its_own() -> None:
    """Without ``*`` in it, no other domain speaks for it but one above."""
    own = {"patterns": ("crm@acme.example",)}
    assert checked("crm@acme.example", "mx; dkim=pass header.d=acme.example", **own).believed
    assert not checked("crm@acme.example", "mx; dkim=pass header.d=other.example", **own).believed
