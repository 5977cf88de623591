"""What FETCH and SEARCH say of one e-mail."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime

from exporter.demo.simulator.state.outbox import Mail

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ITEM = re.compile(r"BODY(?:\.PEEK)?\[([^\]]*)\](?:<(\d+)\.(\d+)>)?|[A-Z0-9.]+")
_FIELDS = re.compile(r"HEADER\.FIELDS \(([^)]*)\)")


def fetched(mail: Mail, items: str) -> bytes:
    """The items of one FETCH answer, without its parentheses; raises ValueError for one that is not known."""
    return b" ".join([f"UID {mail.number}".encode(), *_items(mail, items.upper())])


def _items(mail: Mail, items: str) -> Iterator[bytes]:
    for match in _ITEM.finditer(items):
        name = match[0]
        if name == "UID":
            continue
        if name == "RFC822.SIZE":
            yield f"RFC822.SIZE {len(mail.raw)}".encode()
        elif name == "INTERNALDATE":
            yield f'INTERNALDATE "{internal_date(mail.sent_at)}"'.encode()
        elif name == "FLAGS":
            yield b"FLAGS ()"
        elif name.startswith("BODY"):
            yield _body(mail, match[1], match[2], match[3])
        else:
            raise ValueError(f"unknown item {name}")


def _body(mail: Mail, section: str, start: str | None, length: str | None) -> bytes:
    content = _section(mail.raw, section)
    origin = ""
    if start is not None and length is not None:
        content, origin = content[int(start) : int(start) + int(length)], f"<{start}>"
    return f"BODY[{section}]{origin} {{{len(content)}}}\r\n".encode() + content


def _section(raw: bytes, section: str) -> bytes:
    header = raw.partition(b"\r\n\r\n")[0] + b"\r\n"
    fields = _FIELDS.fullmatch(section)
    if fields:
        wanted = {name.lower().encode() for name in fields[1].split()}
        lines = re.findall(rb"(?m)^[^\r\n]+\r\n(?:[ \t][^\r\n]*\r\n)*", header)
        return b"".join(line for line in lines if line.partition(b":")[0].lower() in wanted) + b"\r\n"
    if section == "HEADER":
        return header + b"\r\n"
    if section:
        raise ValueError(f"unknown section {section}")
    return raw


def internal_date(moment: float) -> str:
    """As `27-Nov-2026 10:00:00 +0000`, in English whatever the locale."""
    when = datetime.fromtimestamp(moment, UTC)
    return f"{when.day:02d}-{_MONTHS[when.month - 1]}-{when.year} {when:%H:%M:%S} +0000"


def day_of(text: str) -> date:
    """Of `27-Nov-2026`; raises ValueError."""
    day, month, year = text.strip('"').split("-")
    return date(int(year), _MONTHS.index(month.capitalize()) + 1, int(day))


def received_on(mail: Mail) -> date:
    return datetime.fromtimestamp(mail.sent_at, UTC).date()
