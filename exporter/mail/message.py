"""An e-mail as far as it matters here, from its bytes: whatever they are it takes a second or two and never raises."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header
from email.message import Message as Parsed
from email.policy import Compat32
from email.utils import parsedate_to_datetime

from exporter.mail.authentication import Statement, statements
from exporter.mail.charset import decoded
from exporter.mail.html_text import text_and_links
from exporter.mail.quotation import own_and_quoted
from exporter.mail.received_spf import ReceivedSpf, received_spf

LONGEST_MESSAGE = 512 * 1024
"""Bytes that are read, from a mailbox as from a file: a notification is some tens of thousands, Gmail shows 102 kB of
one. Header and text stand at its beginning; what lies behind is somebody's attachment."""
_LONGEST_HEADER = 8_192
_MOST_HEADERS = 500
_MOST_PARTS = 100
_TEXTS = ("text/plain", "text/html")
_OF_EMAILS = frozenset({"from", "to", "subject", "date", "received", "message-id", "return-path", "delivered-to"})
_DEEPEST = 20
_MOST_ATTACHED = 3
_LONGEST_OWN = 50_000
"""Characters of the text that are looked at."""

_ADDRESS = r"[^\s<>@,;:\"()\\]+@[^\s<>@,;:\"()\\]+"
_IN_ANGLES = re.compile(rf"[^<>]*<\s*({_ADDRESS})\s*>\s*")
_BARE = re.compile(rf"\s*({_ADDRESS})\s*")
_URL = re.compile(r"https?://[^\s<>\"']{1,2000}", re.IGNORECASE)
# How mail programs begin the subject of a reply, and of something passed on.
_REPLY = re.compile(
    r"\s*(?:re|aw|sv|vs|odp|rif|res|antw?|antwort|r|回复|答复|返信)\s*(?:\[\d+\])?\s*[:：]", re.IGNORECASE
)
_FORWARD = re.compile(r"\s*(?:fwd?|wg|tr|vb|vl|pd|rv|enc|i|doorst|转发|転送)\s*[:：]", re.IGNORECASE)
REPLY, FORWARD = "reply", "forward"


@dataclass(frozen=True, slots=True)
class Message:
    """``sender`` is the one address of ``From``, in lower case and never the name beside it; empty if there is none, or
    more than one. ``body`` is the writer's own text, ``quoted`` what stands beneath it. Times are epoch seconds:
    ``received_at`` by the receiving server, ``sent_at`` by the sender. ``derived`` is ``reply`` or ``forward`` for what
    follows from another e-mail. ``attached``: e-mails that came as attachments. ``defects``: what could not be read, in
    sentences."""

    sender: str
    subject: str
    body: str
    received_at: float | None
    sent_at: float | None = None
    message_id: str = ""
    recipient: str = ""
    authentication: tuple[Statement, ...] = ()
    received_spf: tuple[ReceivedSpf, ...] = ()
    links: tuple[str, ...] = ()
    quoted: str = ""
    derived: str | None = None
    attached: tuple[Message, ...] = ()
    defects: tuple[str, ...] = ()

    @property
    def stated_at(self) -> float | None:
        """When what it says was true: when it was sent, but never later than it was received."""
        if self.sent_at is None or self.received_at is None:
            return self.sent_at if self.received_at is None else self.received_at
        return min(self.sent_at, self.received_at)


class _Bounded(Compat32):
    """Headers are cut off while they are read: the library takes time by the square of a header's length."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:_LONGEST_HEADER]


_POLICY = _Bounded()


def parse_message(raw: bytes, received_at: float | None = None) -> Message:
    """Whatever the bytes are; ``received_at`` (epoch seconds) as the mailbox says, left out: as the topmost
    ``Received`` does. A byte order mark in front, as Windows programs write it, is none of its own."""
    raw = raw.removeprefix(BOM_UTF8)
    defects = []
    if len(raw) > LONGEST_MESSAGE:
        defects.append(f"only its first {LONGEST_MESSAGE:,} bytes were read")
    try:
        return _message(message_from_bytes(raw[:LONGEST_MESSAGE], policy=_POLICY), received_at, defects)
    except Exception as error:  # noqa: BLE001 - the library raises a dozen kinds of errors for what strangers write
        return _headers_alone(raw, received_at, [*defects, f"its parts could not be read ({type(error).__name__})"])


def is_email(raw: bytes) -> bool:
    """Whether it begins with headers, one of which every e-mail has (RFC 5322) or gets on its way."""
    try:
        parsed = message_from_bytes(raw.removeprefix(BOM_UTF8)[:LONGEST_MESSAGE], policy=_POLICY)
        return any(name.lower() in _OF_EMAILS for name, _value in parsed.raw_items())
    except Exception:  # noqa: BLE001 - as below: what cannot be read as a whole is looked at by its headers
        return bool(_headers_alone(raw, None, []).sender)


def _headers_alone(raw: bytes, received_at: float | None, defects: list[str]) -> Message:
    """Who wrote it and the subject, of a message that cannot be read as a whole."""
    head = re.split(rb"\r?\n\r?\n", raw[:LONGEST_MESSAGE], maxsplit=1)[0]
    try:
        parsed = message_from_bytes(head[: 64 * 1024] + b"\r\n\r\n", policy=_POLICY)
        return _message(parsed, received_at, defects)
    except Exception:  # noqa: BLE001 - as above
        return Message("", "", "", received_at, defects=tuple(defects))


def _message(parsed: Parsed, received_at: float | None, defects: list[str], depth: int = 0) -> Message:
    headers = _headers(parsed)
    body, quoted, links = _texts(parsed)
    subject = _decoded_header(_first(headers, "subject"))
    if received_at is None:
        received_at = _date(_first(headers, "received").rpartition(";")[2])
    attached = [] if depth else [_message(inner, received_at, defects, depth + 1) for inner in _attached(parsed)]
    return Message(
        sender=_sender(headers),
        subject=subject,
        body=body,
        received_at=received_at,
        sent_at=_date(_first(headers, "date")),
        message_id=_first(headers, "message-id").strip(),
        recipient=_decoded_header(_first(headers, "to")),
        authentication=statements(headers),
        received_spf=received_spf(headers),
        links=links,
        quoted=quoted,
        derived=_derived(subject, bool(quoted) and bool(_first(headers, "in-reply-to"))),
        attached=tuple(attached),
        defects=tuple(dict.fromkeys(defects)),
    )


def _headers(parsed: Parsed) -> list[tuple[str, str]]:
    """In their order, unfolded; 8-bit ones are read as a text would be."""
    raw = [(str(name), str(value)) for name, value in list(parsed.raw_items())[:_MOST_HEADERS]]
    return [(name, _unfolded(value[:_LONGEST_HEADER])) for name, value in raw]


def _unfolded(value: str) -> str:
    if not value.isascii():
        value = decoded(value.encode("ascii", "surrogateescape" if _escaped(value) else "replace"), None)
    return re.sub(r"[\r\n]+\s*", " ", value.replace("\x00", ""))


def _escaped(value: str) -> bool:
    return all(letter.isascii() or "\udc80" <= letter <= "\udcff" for letter in value)


def _first(headers: Sequence[tuple[str, str]], wanted: str) -> str:
    return next((value for name, value in headers if name.lower() == wanted), "")


def _sender(headers: Sequence[tuple[str, str]]) -> str:
    """Read before encoded words are: an address never has any, and a name may pretend to be one."""
    stated = [value for name, value in headers if name.lower() == "from"]
    if len(stated) != 1:
        return ""
    found = _IN_ANGLES.fullmatch(stated[0]) or _BARE.fullmatch(stated[0])
    return found[1].lower() if found else ""


def _derived(subject: str, answers: bool) -> str | None:
    """What answers another e-mail without quoting it has a subject of its own: a thread of notifications, say."""
    if _FORWARD.match(subject):
        return FORWARD
    return REPLY if answers or _REPLY.match(subject) else None


def _decoded_header(value: str) -> str:
    """Encoded words (RFC 2047) as text; one that is broken stays as it is."""
    try:
        pieces = decode_header(value)
    except Exception:  # noqa: BLE001 - documented is one error, seen are several
        return value
    return "".join(piece if isinstance(piece, str) else decoded(piece, charset) for piece, charset in pieces).strip()


def _date(text: str) -> float | None:
    """Epoch seconds; ``None`` for what is no date. One without a zone is UTC."""
    try:
        when = parsedate_to_datetime(text.strip())
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC).timestamp()
    except (TypeError, ValueError, OverflowError, IndexError):
        return None


def _texts(parsed: Parsed) -> tuple[str, str, tuple[str, ...]]:
    """Own text, quoted text and links of every text that is no attachment, plain and HTML alike: some senders put
    nothing but a greeting into one of the two."""
    owns: list[str] = []
    quotes: list[str] = []
    links: list[str] = []
    for part in _parts(parsed):
        if (
            part.get_content_type() not in _TEXTS
            or part.get_content_disposition() == "attachment"
            or part.get_filename()
        ):
            continue
        text = _text(part)
        if part.get_content_subtype() == "html":
            text, found = text_and_links(text)
            links.extend(found)
        links.extend(_URL.findall(text[:_LONGEST_OWN]))
        own, quoted = own_and_quoted(text[:_LONGEST_OWN])
        owns.append(own)
        quotes.append(quoted)
    both = "\n\n".join(own for own in owns if own), "\n\n".join(quoted for quoted in quotes if quoted)
    return both[0][:_LONGEST_OWN], both[1][:_LONGEST_OWN], tuple(dict.fromkeys(links))[:_MOST_HEADERS]


def _text(part: Parsed) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    charset = part.get_param("charset")
    text = decoded(payload, charset if isinstance(charset, str) else None)
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ")


def _parts(parsed: Parsed) -> Iterator[Parsed]:
    """The parts of this message and not of those attached to it; the first hundred, to a depth of twenty."""
    left = _MOST_PARTS
    stack = [(parsed, 0)]
    while stack and left:
        part, depth = stack.pop()
        left -= 1
        yield part
        if part.get_content_maintype() == "multipart" and depth < _DEEPEST:
            stack.extend((one, depth + 1) for one in reversed(_inner(part)[:_MOST_PARTS]))


def _attached(parsed: Parsed) -> list[Parsed]:
    """E-mails that are attachments."""
    found: list[Parsed] = []
    for part in _parts(parsed):
        if part.get_content_type() == "message/rfc822":
            found.extend(_inner(part)[:1])
    return found[:_MOST_ATTACHED]


def _inner(part: Parsed) -> list[Parsed]:
    """What it consists of. Of a text the library must not be asked: it would decode it by whatever charset is named."""
    inner = part.get_payload() if part.is_multipart() else ()
    return [one for one in inner if isinstance(one, Parsed)]


def when(seconds: float) -> str:
    """``2026-11-21T10:00:00Z``."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
