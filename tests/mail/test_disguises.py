"""Every e-mail that is understood, once more from somebody else, or told by somebody else: none of them is."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from exporter.mail.message import parse_message
from exporter.mail.patterns import load_patterns
from exporter.mail.verdict import Verdict, judge
from tests.mail.expected import EXPECTED, MESSAGES

PATTERNS = load_patterns()
UNDERSTOOD = [name for name, expected in EXPECTED.items() if expected.result == "matched" and not expected.patterns]


def from_(sender: str) -> Callable[[bytes], bytes]:
    return lambda raw: re.sub(rb"\nFrom: [^\n]*", b"\nFrom: " + sender.encode(), raw, count=1)


def on_top(*headers: str) -> Callable[[bytes], bytes]:
    return lambda raw: "".join(f"{header}\n" for header in headers).encode() + raw


def subject_begins(prefix: str) -> Callable[[bytes], bytes]:
    return lambda raw: raw.replace(b"\nSubject: ", b"\nSubject: " + prefix.encode(), 1)


def attached(raw: bytes) -> bytes:
    """To an e-mail of HubSpot's that says nothing itself."""
    head = b"From: noreply@hubspot.com\nSubject: A file\nContent-Type: multipart/mixed; boundary=outer\n\n"
    return head + b"--outer\n\nHello\n--outer\nContent-Type: message/rfc822\n\n" + raw + b"\n--outer--\n"


DISGUISES: dict[str, Callable[[bytes], bytes]] = {
    "another domain": from_("HubSpot <noreply@notifications.hubspot.com.example>"),
    "a name like an address": from_('"noreply@notifications.hubspot.com" <a@b.example>'),
    "a customer's address": from_("noreply@customer.hubspotemail.net"),
    "no sender": from_(""),
    "a colleague's reply": from_("Operations <ops@acme.example>"),
    "DKIM that fails": on_top("Authentication-Results: mx.acme; dkim=fail header.d=hubspot.com"),
    "DMARC that fails": on_top("Authentication-Results: mx.acme; dkim=pass header.d=hubspot.com; dmarc=fail"),
    "DKIM of somebody else": on_top("Authentication-Results: mx.acme; dkim=pass header.d=a.example"),
    "nothing signed, as Microsoft says it": on_top(
        "Authentication-Results: spf=none; dkim=none; dmarc=none action=none"
    ),
    "results under another name": on_top("Authentication-Results: mx.acme; spf=fail", "Received: from a by b; x"),
    "a verdict below one that states nothing": on_top(
        "Authentication-Results: mailstore; none", "Received: from a by b; x", "Authentication-Results: mx; dmarc=fail"
    ),
    "a reply": subject_begins("Re: "),
    "a forward": subject_begins("WG: "),
    "an attachment": attached,
}


def verdict(raw: bytes) -> Verdict:
    return judge(parse_message(raw), PATTERNS)


@pytest.mark.parametrize("disguise", DISGUISES.values(), ids=DISGUISES)
def test_it_is_not_taken_for_hubspots_word(disguise: Callable[[bytes], bytes]) -> None:
    """Not one of them."""
    for name in UNDERSTOOD:
        raw = (MESSAGES / f"{name}.eml").read_bytes().replace(b"\r\n", b"\n")
        assert verdict(disguise(raw)).result != "matched", name


def test_what_is_quoted_states_nothing() -> None:
    """Of those that are plain text, each line behind ``>``."""
    plain = [name for name in UNDERSTOOD if name.endswith(("-plain", "-associations", "-by-button"))]
    assert plain
    for name in plain:
        head, _, body = (MESSAGES / f"{name}.eml").read_bytes().partition(b"\n\n")
        quoted = b"\n".join(b"> " + line for line in body.split(b"\n"))
        neutral = re.sub(rb"\nSubject: [^\n]*", b"\nSubject: About Salesforce", head)
        assert verdict(neutral + b"\n\nLook at this:\n\n" + quoted).result != "matched", name
