"""E-mails of strangers: whatever they are made of, they are read soon, and suspend nobody."""

from __future__ import annotations

import time
from base64 import encodebytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.mail.message import LONGEST_MESSAGE, parse_message
from exporter.mail.patterns import load_patterns
from exporter.mail.verdict import judge

PATTERNS = load_patterns()
FROM = b"From: HubSpot <noreply@notifications.hubspot.com>\r\nSubject: Salesforce integration suspended\r\n"
TEXT = FROM + b"Content-Type: text/plain; charset=utf-8\r\n\r\nSalesforce "
HTML = FROM + b"Content-Type: text/html; charset=utf-8\r\n\r\nSalesforce "
SECONDS = 30.0
"""Far more than it takes, as tests share their machine; by the square it would be minutes."""


def fill(piece: bytes) -> bytes:
    return (piece * (LONGEST_MESSAGE // len(piece) + 1))[:LONGEST_MESSAGE]


HEADER_LIKE = st.sampled_from(
    [
        *(b"From: ", b"Subject: ", b"Date: ", b"Received: ", b"Authentication-Results: ", b"Content-Type: "),
        b"Received-SPF: fail ",
        *(
            b"multipart/mixed; boundary=b",
            b"text/html; charset=",
            b"message/rfc822",
            b"=?utf-8?b?",
            b"?=",
            b"\r\n",
            b"\n",
        ),
        *(
            b"--b",
            b"--b--",
            b"\r\n\r\n",
            b"<a href=",
            b"<!--",
            b"<blockquote>",
            b"Content-Transfer-Encoding: base64",
            b";",
        ),
        *(b"dkim=pass header.d=hubspot.com", b"noreply@hubspot.com", b"<", b">", b'"', b"(", b"\x00", b"\xff", b" "),
        *(b"integration suspended", b"Salesforce", b"punycode", b"utf-16", b"idna"),
    ]
)


@given(st.binary(max_size=2_000))
def test_arbitrary_bytes_are_no_match(raw: bytes) -> None:
    """They never raise either."""
    assert judge(parse_message(raw), PATTERNS).result != "matched"


@given(st.lists(HEADER_LIKE | st.binary(max_size=20), max_size=60).map(b"".join))
def test_what_looks_like_an_email_is_read(raw: bytes) -> None:
    """Pieces of e-mails in any order never raise; text, times and sender are what they are said to be."""
    message = parse_message(raw, received_at=1_000.0)
    judge(message, PATTERNS)
    assert message.received_at == 1_000.0
    assert message.sender == "" or message.sender.count("@") == 1
    assert "\x00" not in message.body
    message.body.encode()


@given(st.binary(max_size=300), st.text(max_size=40))
def test_any_text_in_any_charset_is_read(text: bytes, charset: str) -> None:
    """Known, unknown and senseless ones."""
    head = FROM + b'Content-Type: text/plain; charset="' + charset.encode("utf-8", "replace") + b'"\r\n\r\n'
    judge(parse_message(head + text), PATTERNS)


HOSTILE = {
    "one word": TEXT + fill(b"a"),
    "sentences": TEXT + fill(b"Salesforce integration suspended. "),
    "conditions": TEXT + fill(b"if your Salesforce integration "),
    "numbers of errors": TEXT + fill(b"1 a b c d sync errors new "),
    "half a phrase": TEXT + fill(b"suspension a b c "),
    "half a title": TEXT + fill(b"Salesforce organization API limit "),
    "lines": TEXT + fill(b"Picklists 3\n"),
    "headers of quotations": TEXT + fill(b"From: a@b\n"),
    "quotations": TEXT + fill(b"> a\n"),
    "one long link": TEXT + fill(b"https://app.hubspot.com/a/"),
    "links": TEXT + fill(b"https://app.hubspot.com/a/?portalId= "),
    "tags": HTML + fill(b"<"),
    "comments": HTML + fill(b"<!--"),
    "declarations": HTML + fill(b"<!a"),
    "scripts": HTML + fill(b"<script>"),
    "heads": HTML + fill(b"<head>a"),
    "open quotes": HTML + fill(b"<a href='"),
    "paragraphs": HTML + fill(b"<p>a"),
    "block quotations": HTML + fill(b"<blockquote>"),
    "headers": FROM + fill(b"X-A: b\r\n"),
    "a long header": FROM + b"X-A: " + fill(b"=?utf-8?q?a?= "),
    "a long subject": b"From: noreply@hubspot.com\r\nSubject: " + fill(b"=?utf-8?b?a?= Salesforce"),
    "a long sender": b"From: " + fill(b"<a@b>"),
    "parameters": FROM + b"Content-Type: text/plain; " + fill(b"a*0*=b; "),
    "results": FROM + b"Authentication-Results: " + fill(b"dkim=pass a.b=c; ("),
    "a long result of SPF": FROM + b"Received-SPF: fail domain of " + fill(b"a."),
    "many results of SPF": FROM + fill(b"Received-SPF: fail domain of a.b\r\n"),
    "many results": FROM + fill(b"Authentication-Results: dkim=pass header.d=a\r\n"),
    "results that agree but for the last": FROM
    + (b"Authentication-Results: mx; " + b"dkim=pass header.d=hubspot.com; " * 48 + b"\r\n") * 49
    + b"Authentication-Results: mx; dkim=none\r\n\r\nSalesforce integration suspended",
    "parts": FROM + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + fill(b"--b\r\n\r\na\r\n"),
    "nested parts": FROM
    + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(9_000)),
    "nested e-mails": FROM + fill(b"Content-Type: message/rfc822\r\n\r\n"),
    "base64 of nothing": FROM + b"Content-Transfer-Encoding: base64\r\n\r\n" + fill(b"===="),
    "uuencoded": FROM + b"Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 a\n" + fill(b"M\n"),
    "punycode": FROM + b"Content-Type: text/plain; charset=punycode\r\n\r\n" + fill(b"a"),
    "punycode of bytes": FROM + b"Content-Type: text/plain; charset=punycode\r\n\r\n" + fill(b"\xff"),
    "nothing but NUL": fill(b"\x00"),
}


@pytest.mark.faults
@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_half_a_megabyte_is_read_soon_whatever_it_is(raw: bytes) -> None:
    """Nothing takes time by the square of its length."""
    begin = time.perf_counter()
    judge(parse_message(raw), PATTERNS)
    assert time.perf_counter() - begin < SECONDS


def test_twenty_megabytes_of_attachment_hide_no_text() -> None:
    """The text stands before what is attached; it says what was not read."""
    raw = (
        FROM
        + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
        + b"Your Salesforce integration was suspended. Reason: Unknown error. Hub ID: 7654321\r\n--b\r\n"
        + b"Content-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + encodebytes(bytes(15_000_000))
        + b"--b--\r\n"
    )
    message = parse_message(raw)
    assert message.defects == ("only its first 524,288 bytes were read",)
    assert judge(message, PATTERNS).reason == "unknown_error"


def test_what_is_nested_too_deeply_has_still_a_sender_and_a_subject() -> None:
    """It is not read further, and so no reason is made up for it: somebody has to look."""
    message = parse_message(HOSTILE["nested parts"])
    assert message.sender == "noreply@notifications.hubspot.com"
    assert message.defects == ("its parts could not be read (RecursionError)",)
    assert judge(message, PATTERNS).result == "unmatched"
