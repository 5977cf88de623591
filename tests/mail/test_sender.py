"""Whether an e-mail is from whom it says it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from exporter.mail.authentication import statements
from exporter.mail.message import Message
from exporter.mail.patterns import load_patterns
from exporter.mail.received_spf import received_spf
from exporter.mail.sender import Sender, check

SENDERS = load_patterns().senders
ME = "noreply@notifications.hubspot.com"


def checked(sender: str = ME, results: str | None = None, **settings: object) -> Sender:
    return headed([] if results is None else [results], sender, **settings)


def headed(values: Sequence[str], sender: str = ME, **settings: object) -> Sender:
    """By these headers in their order; ``-`` is a ``Received``, what begins with ``SPF`` a ``Received-SPF``."""
    headers = [
        ("Received", "x")
        if value == "-"
        else ("Received-SPF", value.removeprefix("SPF "))
        if value.startswith("SPF ")
        else ("Authentication-Results", value)
        for value in values
    ]
    senders = replace(SENDERS, **settings)  # type: ignore[arg-type]
    message = Message(sender, "", "", None, authentication=statements(headers), received_spf=received_spf(headers))
    return check(message, senders, senders.patterns)


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


DKIM = "mx; dkim=pass header.d=hubspot.com"


@pytest.mark.parametrize(
    "headers",
    [
        ("mx; spf=fail smtp.mailfrom=hubspot.com", DKIM),
        ("mx; spf=hardfail", DKIM),
        (DKIM, "mx; spf=fail smtp.mailfrom=x@notifications.hubspot.com"),
        ("mx; spf=fail smtp.mailfrom=hubspot.com; dkim=none", DKIM),
        ("mx; spf=none; dkim=none", DKIM),
        ("mx; dkim=fail header.d=hubspot.com", "mx; spf=pass smtp.mailfrom=hubspot.com"),
        ("mx; dkim=fail", "mx; dmarc=pass header.from=hubspot.com"),
        ("mx; dkim=neutral header.d=hubspot.com", DKIM),
        ("mx; dkim=pass header.d=evil.example; spf=pass smtp.mailfrom=evil.example", DKIM),
        ("mx; dmarc=none", "mx; dmarc=pass header.from=hubspot.com"),
        (DKIM, "mx; dmarc=fail header.from=hubspot.com"),
        ("mx; dkim=none; spf=softfail smtp.mailfrom=evil.example", "mx; dmarc=pass header.from=hubspot.com"),
        ("mx; none", "mx; spf=fail smtp.mailfrom=hubspot.com"),
        ("mailstore; none", "-", "mx; dmarc=fail header.from=hubspot.com", "-", DKIM),
        ("mailstore; none", "-", "mx; spf=softfail smtp.mailfrom=hubspot.com; dkim=none"),
    ],
)
def test_what_one_header_says_against_it_no_other_outweighs(headers: tuple[str, ...]) -> None:
    """Of two in one name a sender may have written the lower one."""
    assert not headed(headers).believed


@pytest.mark.parametrize(
    "headers",
    [
        ("mx; spf=fail smtp.mailfrom=x@hubspot.com; dkim=pass header.d=hubspot.com",),
        (
            "mx; spf=fail smtp.mailfrom=hubspot.com; dkim=pass header.d=hubspot.com",
            "mx; dmarc=pass header.from=hubspot.com",
        ),
        ("mx; dkim=fail header.d=hubspot.com; dkim=pass header.d=hubspot.com",),
        ("mx; spf=fail smtp.mailfrom=bounce@notify.hubspotemail.net", DKIM),
        ("mx; spf=pass smtp.mailfrom=notify.hubspotemail.net", DKIM, "mx; dmarc=pass header.from=hubspot.com"),
        ("mx; dkim=none; spf=pass smtp.mailfrom=hubspot.com", "mx; dmarc=pass header.from=hubspot.com"),
        (DKIM, "mx; dkim=pass header.d=hubspot.com; spf=none smtp.helo=a.example"),
        ("mx; iprev=fail", DKIM),
        ("mailstore; none", "-", DKIM),
        ("mx; dkim=pass header.d=hubspot.com", "-", "mx; spf=fail smtp.mailfrom=hubspot.com"),
        (
            "SPF softfail (mx: domain of x@hubspot.com does not …)",
            "mx; dkim=pass header.d=hubspot.com; spf=softfail smtp.mailfrom=hubspot.com",
        ),
        ("SPF fail (mx: domain of b@notify.hubspotemail.net does not designate 192.0.2.1)", DKIM),
        ("SPF pass (mx: domain of hubspot.com designates 192.0.2.1)",),
        ("SPF neutral", "SPF fail"),
    ],
)
def test_several_headers_that_agree_are_one_servers(headers: tuple[str, ...]) -> None:
    """One for each method, say; and a message that was redirected fails SPF in the header in which DKIM passes."""
    assert headed(headers).believed, headed(headers).why


@pytest.mark.parametrize(
    "headers",
    [
        ("SPF fail (mx.acme: domain of hubspot.com does not designate 192.0.2.1)",),
        ("SPF Fail (mailfrom) identity=mailfrom; helo=a.example; envelope-from=x@hubspot.com; receiver=mx.acme",),
        ("SPF softfail (google.com: domain of transitioning x@hubspot.com does not designate 192.0.2.1)",),
        ('SPF fail (mx: domain of "a domain of b.example"@hubspot.com does not designate 192.0.2.1)',),
        ("SPF fail",),
        ("SPF none", "SPF fail", "SPF pass"),
        ("SPF fail (mx: domain of hubspot.com does not designate 192.0.2.1)", DKIM),
        (DKIM, "SPF fail (mx: domain of hubspot.com does not designate 192.0.2.1)"),
        ("SPF fail", "mx; spf=pass smtp.mailfrom=hubspot.com; dkim=pass header.d=hubspot.com"),
    ],
)
def test_received_spf_speaks_against_a_sender(headers: tuple[str, ...]) -> None:
    """The topmost that is not ``none``; for a sender it does not speak, as HubSpot's envelopes have other domains."""
    assert not headed(headers).believed


def test_above_a_gateway_that_is_named_spf_is_of_the_gateway() -> None:
    """The mailbox's own server sees the gateway's address."""
    failed = "SPF fail (office: domain of hubspot.com does not designate 192.0.2.1)"
    own = "gateway; dkim=pass header.d=hubspot.com"
    assert headed((failed, "-", own), servers=("gateway",)).believed
    assert not headed((own, failed), servers=("gateway",)).believed
    assert not headed((failed, "-", own)).believed


def test_an_owner_may_want_more_or_less_of_it() -> None:
    """``required`` takes nothing on trust, ``off`` everything; servers may be named."""
    passed, failed = "mx.acme; dkim=pass header.d=hubspot.com", "mx.acme; dkim=fail header.d=hubspot.com"
    assert not checked(authentication="required").believed
    assert checked(results=passed, authentication="required").believed
    assert not checked(results=passed, authentication="required", servers=("mx.other",)).believed
    assert checked(results=failed, authentication="off").believed
    assert headed([passed, "mx.acme; iprev=pass"], authentication="required").believed
    assert not headed(["mailstore; none", "-", passed], authentication="required").believed
    assert headed(["mailstore; none", "-", passed], authentication="required", servers=("mx.acme",)).believed


def test_a_domain_that_is_named_alone_is_its_own() -> None:
    """Without ``*`` in it, no other domain speaks for it but one above."""
    own = {"patterns": ("crm@acme.example",)}
    assert checked("crm@acme.example", "mx; dkim=pass header.d=acme.example", **own).believed
    assert not checked("crm@acme.example", "mx; dkim=pass header.d=other.example", **own).believed
