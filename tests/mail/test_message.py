"""What is read out of the bytes of an e-mail."""

from __future__ import annotations

import pytest

from exporter.mail.message import FORWARD, REPLY, parse_message

RECEIVED = 1_795_770_900.0


def message(*headers: str, body: str = "hi", charset: str = "utf-8") -> bytes:
    return ("\r\n".join(headers) + "\r\n\r\n" + body).encode(charset)


@pytest.mark.parametrize(
    ("sender", "address"),
    [
        ("noreply@hubspot.com", "noreply@hubspot.com"),
        ("HubSpot <NoReply@HubSpot.com>", "noreply@hubspot.com"),
        ('"HubSpot, Inc." < noreply@hubspot.com >', "noreply@hubspot.com"),
        ("HubSpot, Inc. <noreply@hubspot.com>", "noreply@hubspot.com"),
        ("=?utf-8?q?H=C3=BCb?=\r\n <noreply@hubspot.com>", "noreply@hubspot.com"),
        ('"noreply@hubspot.com" <a@evil.example>', "a@evil.example"),
        ("noreply@hubspot.com <a@evil.example>", "a@evil.example"),
        ("=?utf-8?q?noreply=40hubspot.com?= <a@evil.example>", "a@evil.example"),
        ("<noreply@hubspot.com> <a@evil.example>", ""),
        ("noreply@hubspot.com, a@evil.example", ""),
        ("a@evil.example (noreply@hubspot.com)", ""),
        ("noreply@hubspot.com@evil.example", ""),
        ("<>", ""),
        ("HubSpot", ""),
        ("", ""),
    ],
)
def test_the_sender_is_the_one_address_and_never_the_name(sender: str, address: str) -> None:
    """Where two could be meant, it is none."""
    assert parse_message(message(f"From: {sender}")).sender == address


def test_two_senders_are_none() -> None:
    """Programs differ in which ``From`` they show."""
    assert parse_message(message("From: noreply@hubspot.com", "From: a@evil.example")).sender == ""


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("=?utf-8?b?U3luYyDigJMgc3VzcGVuZGVk?=", "Sync – suspended"),
        ("=?utf-8?q?Sync_?=\r\n =?utf-8?q?suspended?=", "Sync suspended"),
        ("=?iso-8859-2?q?B=B3=EAdy?= 3", "Błędy 3"),
        ("=?x-unknown?q?Sync?=", "Sync"),
        ("Błędy", "Błędy"),
        ("", ""),
    ],
)
def test_a_subject_is_decoded(subject: str, text: str) -> None:
    """Encoded words, raw bytes, and what is neither."""
    assert parse_message(message(f"Subject: {subject}")).subject == text


@pytest.mark.parametrize(
    ("headers", "derived"),
    [
        (["Subject: Re: suspended"], REPLY),
        (["Subject: AW: suspended"], REPLY),
        (["Subject: RE[2]: suspended"], REPLY),
        (["Subject: WG: suspended"], FORWARD),
        (["Subject: Fwd: Re: suspended"], FORWARD),
        (["Subject: Reason: suspended"], None),
        (["Subject: HubSpot: suspended"], None),
        (["Subject: suspended", "In-Reply-To: <a@b>"], None),
    ],
)
def test_what_follows_from_another_email_is_known_by_its_subject(headers: list[str], derived: str | None) -> None:
    """A notification may stand in a thread of its own."""
    assert parse_message(message(*headers)).derived == derived


def test_what_answers_and_quotes_is_a_reply_whatever_its_subject_is() -> None:
    """As programs do that leave it alone."""
    raw = message("Subject: suspended", "In-Reply-To: <a@b>", body="no\r\n\r\n> suspended\r\n")
    assert parse_message(raw).derived == REPLY


def test_times_are_the_servers_and_the_senders() -> None:
    """The mailbox knows when it came, else the topmost server's line does; what it says was true when it was sent."""
    raw = message("Received: x; Fri, 27 Nov 2026 09:15:00 +0000", "Received: y; Thu, 1 Jan 1970 00:00:00 +0000")
    assert parse_message(raw).received_at == RECEIVED
    assert parse_message(raw, received_at=5.0).received_at == 5.0
    sent = message("Date: Fri, 27 Nov 2026 10:14:00 +0100")
    assert parse_message(sent, RECEIVED).stated_at == RECEIVED - 60
    assert parse_message(message("Date: Fri, 27 Nov 2036 10:14:00 +0100"), RECEIVED).stated_at == RECEIVED
    assert parse_message(message("Date: yesterday"), RECEIVED).stated_at == RECEIVED
    assert parse_message(message("Date: yesterday")).stated_at is None


def test_both_texts_are_read() -> None:
    """Plain and HTML, whichever says more; an attachment is none of it."""
    raw = message(
        "Content-Type: multipart/mixed; boundary=m",
        body="\r\n".join(
            [
                *("--m", "Content-Type: multipart/alternative; boundary=a", ""),
                *("--a", "Content-Type: text/plain", "", "plain", ""),
                *(
                    "--a",
                    "Content-Type: text/html",
                    "",
                    "<p>rich <a href='https://a.example/?a&amp;b'>link</a></p>",
                    "--a--",
                ),
                *("--m", "Content-Type: text/plain", "Content-Disposition: attachment", "", "attached", "--m--"),
            ]
        ),
    )
    read = parse_message(raw)
    assert read.body == "plain\n\nrich link"
    assert read.links == ("https://a.example/?a&b",)


def test_an_attached_email_is_read_by_itself() -> None:
    """Not as this one's text; those attached to it in turn are left alone."""
    inner = "From: b@b.example\r\nDate: Thu, 26 Nov 2026 09:15:00 +0000\r\n\r\ninner"
    body = f"--m\r\n\r\nouter\r\n--m\r\nContent-Type: message/rfc822\r\n\r\n{inner}\r\n--m--"
    read = parse_message(message("From: a@a.example", "Content-Type: multipart/mixed; boundary=m", body=body), RECEIVED)
    (attached,) = read.attached
    assert (read.sender, read.body) == ("a@a.example", "outer")
    assert (attached.sender, attached.body, attached.stated_at) == ("b@b.example", "inner", RECEIVED - 86_400)


@pytest.mark.parametrize(
    ("charset", "named", "text"),
    [
        ("utf-8", "us-ascii", "größer"),
        ("utf-8", "iso-8859-1", "größer"),
        ("windows-1252", "x-unknown", "größer – „x“"),
        ("windows-1252", None, "größer"),
        ("iso-8859-2", "iso-8859-2", "błędów"),
        ("iso-2022-jp", "ISO-2022-JP", "同期エラー"),
        ("shift_jis", "shift_jis", "同期エラー"),
        ("utf-16", "utf-16", "größer"),
        ("gb18030", "gb2312", "同步错误"),
        ("utf-8", "punycode", "größer"),
        ("utf-8", "utf-8 ", "größer"),
    ],
)
def test_a_charset_is_believed_if_it_can_be_true(charset: str, named: str | None, text: str) -> None:
    """Valid UTF-8 is UTF-8; what is unknown is Windows'."""
    head = b"Content-Type: text/plain" + (f'; charset="{named}"'.encode() if named else b"") + b"\r\n"
    assert parse_message(head + b"Content-Transfer-Encoding: 8bit\r\n\r\n" + text.encode(charset)).body == text


def test_nul_is_no_letter() -> None:
    """Some gateways put it there."""
    assert parse_message(b"Subject: a\x00b\r\n\r\nsus\x00pended").body == "suspended"


def test_nothing_is_an_email_too() -> None:
    """Of nobody."""
    read = parse_message(b"")
    assert (read.sender, read.subject, read.body, read.received_at, read.defects) == ("", "", "", None, ())
