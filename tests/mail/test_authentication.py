"""``Authentication-Results``, as servers write it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.mail.authentication import Result, read, statements, trusted

DKIM = Result("dkim", "pass", "hubspot.com")

# The forms are those of real servers (RFC 8601, MimeKit issues 490 and 527, OpenDKIM issue 73, go-msgauth issue 64).
FORMS = {
    "google": (
        "mx.google.com; dkim=pass header.i=@hubspot.com header.s=hs1 header.b=Zm9v; spf=pass (google.com: domain of "
        "x@notify.hubspotemail.net designates 192.0.2.1 as permitted sender) smtp.mailfrom=x@notify.hubspotemail.net; "
        "dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=hubspot.com",
        "mx.google.com",
        ["dkim=pass for hubspot.com", "spf=pass for notify.hubspotemail.net", "dmarc=pass for hubspot.com"],
    ),
    "microsoft 365": (
        "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=notify.hubspotemail.net; dkim=pass (signature was verified) "
        "header.d=hubspot.com;dmarc=pass action=none header.from=hubspot.com;compauth=pass reason=100",
        None,
        ["spf=pass for notify.hubspotemail.net", "dkim=pass for hubspot.com", "dmarc=pass for hubspot.com"],
    ),
    "microsoft 365 with the receiver's domain between": (
        "spf=temperror (sender IP is 192.0.2.1) smtp.helo=mx.example; acme.example; dkim=none (message not signed) "
        "header.d=none;acme.example; dmarc=none action=none header.from=;",
        None,
        ["spf=temperror for mx.example", "dkim=none for none", "dmarc=none"],
    ),
    "microsoft 365 as other programs print it": (
        "spf=pass (sender IP is 192.0.2.1); smtp.mailfrom=a.example; dkim=pass (signature was verified); "
        "header.d=hubspot.com;dmarc=pass action=none; header.from=hubspot.com;compauth=pass reason=100",
        None,
        ["spf=pass for a.example", "dkim=pass for hubspot.com", "dmarc=pass for hubspot.com"],
    ),
    "rspamd": (
        'mail.acme.example;\tdkim=pass header.d=hubspot.com header.s=hs1 header.b="AbC;d";\tdmarc=pass (policy=none) '
        'header.from=hubspot.com;\tspf=pass (mail.acme.example: domain of "x y"@a.example designates) '
        "smtp.mailfrom=x@a.example",
        "mail.acme.example",
        ["dkim=pass for hubspot.com", "dmarc=pass for hubspot.com", "spf=pass for a.example"],
    ),
    "a version, capitals and nested comments": (
        "MX.Example 1 (a (b) c); DKIM = Pass (ok; (really; dkim=fail)) Header.D = HubSpot.COM",
        "mx.example",
        ["dkim=pass for hubspot.com"],
    ),
    "no result": ("mx.example; none", "mx.example", []),
    "methods that say nothing of the sender": (
        "mx.example; auth=pass smtp.auth=me; iprev=pass; arc=pass",
        "mx.example",
        [],
    ),
    "nothing": ("", None, []),
}


@pytest.mark.parametrize(("value", "server", "results"), FORMS.values(), ids=FORMS)
def test_each_form_is_read(value: str, server: str | None, results: list[str]) -> None:
    """Whose it is, and what was found out; comments are none of it."""
    stated = read(value)
    assert (stated.server, list(map(str, stated.results))) == (server, results)


def found(*headers: str, servers: tuple[str, ...] = ()) -> list[str]:
    """What is trusted of headers in their order; ``-`` is a ``Received``."""
    named = [("Received", "x") if value == "-" else ("Authentication-Results", value) for value in headers]
    return list(map(str, trusted(statements(named), servers).results))


def test_the_topmost_is_the_receiving_servers() -> None:
    """What stands below was there when the message came."""
    assert found("-", "mx.acme; dkim=fail", "-", "mx.other; dkim=pass header.d=hubspot.com") == ["dkim=fail"]
    assert found("dkim=fail", "dkim=pass header.d=hubspot.com") == ["dkim=fail"]
    assert found() == []


def test_a_server_may_write_several() -> None:
    """One for each of its filters, side by side; those of its name further down are forged."""
    assert found("mx; spf=fail", "mx; dkim=pass header.d=a.b", "-", "mx; dmarc=pass") == [
        "spf=fail",
        "dkim=pass for a.b",
    ]


def test_only_named_servers_are_trusted_where_some_are() -> None:
    """A gateway's result counts although the mailbox's own server stands above it."""
    headers = ("mx.office; dkim=fail", "-", "gateway.acme; dkim=pass header.d=a.b")
    assert found(*headers, servers=("gateway.acme",)) == ["dkim=pass for a.b"]
    assert found(*headers, servers=("elsewhere",)) == []


def test_a_header_that_states_nothing_hides_no_verdict() -> None:
    """Whoever is asked for more than an address does not take what stands below it for a server's."""
    headers = ("mailstore; none", "-", "mx; dmarc=fail", "-", "mx; dmarc=pass header.from=a.b")
    assert found(*headers) == ["dmarc=fail"]
    assert found("mailstore; auth=pass", "-", "mx; dmarc=fail") == ["dmarc=fail"]
    assert found("mailstore; none", "-", "other; none") == []


@pytest.mark.parametrize(
    ("headers", "is_topmost"),
    [
        (["mx; dkim=pass"], True),
        (["mx; iprev=pass", "mx; dkim=pass"], True),
        (["mx; none", "mx; dkim=pass"], False),
        (["mailstore; none", "-", "mx; dkim=pass"], False),
        (["mailstore; auth=pass", "-", "mx; dkim=pass"], False),
        ([], False),
    ],
)
def test_only_what_stands_on_top_is_a_servers_for_sure(headers: list[str], is_topmost: bool) -> None:
    """Below one that states nothing anybody may have written."""
    named = [("Received", "x") if value == "-" else ("Authentication-Results", value) for value in headers]
    assert trusted(statements(named), ()).is_topmost is is_topmost


@given(st.text(max_size=400))
def test_anything_can_stand_there(value: str) -> None:
    """It never raises; no result without its method."""
    assert {result.method for result in read(value).results} <= {"dkim", "spf", "dmarc"}
